"""Every setting of Vidgo, in one flat file; configurable values are read through env.py.

Without DATABASE_URL this is a development copy, with an embedded PostgreSQL and generated secrets
in VIDGO_DATA. With DATABASE_URL it is production, unless VIDGO_ENVIRONMENT says otherwise, and does
not start without its secrets. `docs/settings.md` explains each setting.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from vidgo import __version__, env
from vidgo.dev import embedded_postgres

BASE_DIR = Path(__file__).resolve().parent.parent

# Where this copy lives ---------------------------------------------------------------------------

VIDGO_DATA = Path(env.text("VIDGO_DATA", str(BASE_DIR / ".vidgo"))).expanduser().resolve()
DATABASE_URL = env.secret("DATABASE_URL")
VIDGO_ENVIRONMENT = env.text(
    "VIDGO_ENVIRONMENT",
    "production" if DATABASE_URL else "development",
    choices=("development", "production"),
)
PRODUCTION = VIDGO_ENVIRONMENT == "production"
DEBUG = env.boolean("DEBUG", False)
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, minimum=1)
VIDGO_PUBLIC_URL = env.url("VIDGO_PUBLIC_URL", "" if PRODUCTION else f"http://127.0.0.1:{PORT}")
if not VIDGO_PUBLIC_URL:
    raise ImproperlyConfigured("VIDGO_PUBLIC_URL is required in production")
VIDGO_NAME = env.text("VIDGO_NAME", "Vidgo")
VIDGO_SUPPORT_EMAIL = env.text("VIDGO_SUPPORT_EMAIL")
# The operator's own terms; without them, our pages have placeholders and say so.
VIDGO_TERMS_URL = env.url("VIDGO_TERMS_URL", "")
VIDGO_PRIVACY_URL = env.url("VIDGO_PRIVACY_URL", "")
# A folder with the operator's own templates, which override ours.
VIDGO_TEMPLATES = env.text("VIDGO_TEMPLATES")
VIDGO_VERSION = __version__

# Secrets -----------------------------------------------------------------------------------------


def _secret(name: str) -> str:
    value = env.secret(name)
    if value or not PRODUCTION:
        return value or embedded_postgres.kept_secret(data=VIDGO_DATA, name=name)
    raise ImproperlyConfigured(f"{name} is required in production: use a long random string")


SECRET_KEY = _secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = list(env.names("SECRET_KEY_FALLBACKS"))
# "version:pepper" entries, the newest first: API keys are hashed with the first, checked with all.
API_KEY_PEPPERS = env.names("API_KEY_PEPPERS") or (
    ()
    if PRODUCTION
    else (f"1:{embedded_postgres.kept_secret(data=VIDGO_DATA, name='API_KEY_PEPPER')}",)
)
if not API_KEY_PEPPERS:
    raise ImproperlyConfigured(
        "API_KEY_PEPPERS is required in production: '1:' and a long random string"
    )

# Applications ------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "generation",
    "billing",
    "accounts",
    "vidgo",
    "vidgo.admin.apps.OperatorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_q",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]

MIDDLEWARE = [
    "vidgo.kernel.ops.metrics.MetricsMiddleware",
    "vidgo.kernel.ops.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "vidgo.kernel.web.response_headers.PrivateAnswersMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SessionSeenMiddleware",
    "accounts.middleware.CurrentOrganizationMiddleware",
    "accounts.middleware.ViewAsMiddleware",
    "vidgo.kernel.web.error_pages.DomainErrorMiddleware",
]

ROOT_URLCONF = "vidgo.urls"
WSGI_APPLICATION = "vidgo.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [*([VIDGO_TEMPLATES] if VIDGO_TEMPLATES else []), BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "vidgo.kernel.web.error_pages.site",
            ],
            "builtins": ["vidgo.kernel.web.templatetags.ui"],
            "libraries": {
                "admin_tags": "vidgo.admin.templatetags",
                "mail_tags": "vidgo.kernel.web.templatetags.mail_tags",
            },
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]
if DEBUG:
    TEMPLATES[0]["OPTIONS"]["loaders"] = TEMPLATES[0]["OPTIONS"]["loaders"][0][1]  # type: ignore[index]

# Database, cache, queue --------------------------------------------------------------------------

# A second isolation of tenants, besides the organization in each query.
ROW_LEVEL_SECURITY = env.boolean("ROW_LEVEL_SECURITY", True)
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **embedded_postgres.django_database(
            url=DATABASE_URL or embedded_postgres.database_url(data=VIDGO_DATA)
        ),
        "CONN_MAX_AGE": env.integer("DATABASE_CONN_MAX_AGE_SECONDS", 300),
        "CONN_HEALTH_CHECKS": True,
    }
}
# Notice within seconds when the server's host vanishes, unless DATABASE_URL sets its own bounds.
DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    **DATABASES["default"]["OPTIONS"],
}
# How long web processes and workers wait for a lock, idle in a transaction, and (web only) run a
# query. Beyond that a request gets 503 with Retry-After, and a claim is tried again.
DATABASE_LOCK_TIMEOUT_SECONDS = env.seconds("DATABASE_LOCK_TIMEOUT_SECONDS", 3)
DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_SECONDS = env.seconds(
    "DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_SECONDS", 10
)
DATABASE_STATEMENT_TIMEOUT_SECONDS = env.seconds("DATABASE_STATEMENT_TIMEOUT_SECONDS", 30)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHE_TABLE = "vidgo_cache"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": CACHE_TABLE,
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    # The queue writes its own state here twice a second; no other process reads it.
    "queue": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

WORKER_PROCESSES = env.integer("WORKER_PROCESSES", 2, minimum=1)
QUEUE_TIMEOUT_SECONDS = 240
# Times in seconds; docs/engine.md explains the values.
Q_CLUSTER: dict[str, Any] = {
    "name": "vidgo",
    "orm": "default",
    "broker_class": "vidgo.kernel.queue.broker.Broker",
    "cache": "queue",
    "workers": WORKER_PROCESSES,
    "timeout": QUEUE_TIMEOUT_SECONDS,
    # A row pulled into memory may wait for every task before it, so this must be above
    # timeout × ceil((queue_limit + bulk + workers) / workers) + 15.
    "retry": QUEUE_TIMEOUT_SECONDS
    * (-(-(WORKER_PROCESSES + 1 + WORKER_PROCESSES) // WORKER_PROCESSES))
    + 60,
    "queue_limit": WORKER_PROCESSES,
    "bulk": 1,
    "poll": env.seconds("QUEUE_POLL_SECONDS", 0.1, minimum=0.01),
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 0,
    "guard_cycle": 0.5,
}

# Accounts ----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "accounts.sign_in.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# A new address takes effect once it is confirmed; until then the old one is used to sign in.
ACCOUNT_CHANGE_EMAIL = True
# Security changes ask for the password or a second factor first.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
MFA_ADAPTER = "accounts.sign_in.second_factors.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "accounts.sign_in.passkeys.AddForm",
    "authenticate_webauthn": "accounts.sign_in.passkeys.AuthenticateForm",
    "login_webauthn": "accounts.sign_in.passkeys.LoginForm",
    "reauthenticate_webauthn": "accounts.sign_in.passkeys.ReauthenticateForm",
}
# `accounts.dashboard.profile` requires a confirmed address before a second factor is added. The
# library's own rule would also forbid changing the address while there is a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Allows a clock to be half a minute off.
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(VIDGO_PUBLIC_URL).scheme
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "home"

# HTTP --------------------------------------------------------------------------------------------

ALLOWED_HOSTS = [str(urlsplit(VIDGO_PUBLIC_URL).hostname), *env.names("VIDGO_ALLOWED_HOSTS")]
if not PRODUCTION:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
HTTPS = VIDGO_PUBLIC_URL.startswith("https://")
SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", HTTPS)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
if env.boolean("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else f"vidgo_session_{PORT}"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else f"vidgo_csrf_{PORT}"
MESSAGES_COOKIE_NAME = "__Host-messages" if HTTPS else f"vidgo_messages_{PORT}"
MESSAGE_STORAGE = "vidgo.kernel.web.messages.Messages"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Some of our forms redirect to Stripe, and browsers check redirects too.
        "form-action": [SELF, "https://checkout.stripe.com", "https://billing.stripe.com"],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
# For JSON; file uploads have their own limit in generation/storage/uploads.py.
API_BODY_MAX_BYTES = 1_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api_keys.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api_keys.authentication.HasApiKey"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.rate_limits.throttles.RateLimit"],
    "DEFAULT_PARSER_CLASSES": ["vidgo.kernel.api.envelope.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "accounts.api_keys.openapi.KeyedSchema",
    "EXCEPTION_HANDLER": "vidgo.kernel.api.envelope.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
# Token buckets: each holds the requests of RATE_LIMIT_BURST_SECONDS.
RATE_LIMIT_KEY_PER_MINUTE = env.integer("RATE_LIMIT_KEY_PER_MINUTE", 3000, minimum=1)
RATE_LIMIT_ORGANIZATION_PER_MINUTE = env.integer(
    "RATE_LIMIT_ORGANIZATION_PER_MINUTE", 6000, minimum=1
)
RATE_LIMIT_BURST_SECONDS = env.seconds("RATE_LIMIT_BURST_SECONDS", 60, minimum=1)
# From the published contract; all of them may come at once.
RATE_LIMIT_UPLOADS_PER_MINUTE = env.integer("RATE_LIMIT_UPLOADS_PER_MINUTE", 5, minimum=1)
RATE_LIMIT_BAD_KEYS_PER_MINUTE = env.integer("RATE_LIMIT_BAD_KEYS_PER_MINUTE", 60, minimum=1)
SPECTACULAR_SETTINGS = {
    "TITLE": f"{VIDGO_NAME} API",
    "DESCRIPTION": "AI image generation and editing through one endpoint, paid by credits.",
    "VERSION": VIDGO_VERSION,
    "SERVERS": [{"url": VIDGO_PUBLIC_URL}],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "persistAuthorization": False,
        "displayRequestDuration": True,
        # Collapse the list of schemas: each call has its own.
        "defaultModelsExpandDepth": 0,
    },
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"TaskStatusEnum": "generation.api.schemas.STATUS_WORDS"},
}

# Files -------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# A development copy serves static files from their source; production serves collectstatic's.
_static_root = env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles"))
STATIC_ROOT = _static_root if PRODUCTION else None
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(VIDGO_DATA / "media")))
# With a bucket, files are stored there instead of in MEDIA_ROOT.
S3_BUCKET = env.text("S3_BUCKET")
S3_ENDPOINT_URL = env.url("S3_ENDPOINT_URL", "")
S3_REGION = env.text("S3_REGION", "us-east-1")
S3_ACCESS_KEY_ID = env.text("S3_ACCESS_KEY_ID")
S3_SECRET_ACCESS_KEY = env.secret("S3_SECRET_ACCESS_KEY")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if PRODUCTION
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
if S3_BUCKET:
    STORAGES["default"] = {
        "BACKEND": "generation.storage.s3.S3Storage",
        "OPTIONS": {
            "bucket": S3_BUCKET,
            "region": S3_REGION,
            "endpoint_url": S3_ENDPOINT_URL,
            "access_key_id": S3_ACCESS_KEY_ID,
            "secret_access_key": S3_SECRET_ACCESS_KEY,
        },
    }
FILE_UPLOAD_PERMISSIONS = 0o640
# The origin of customers' files, such as a CDN; by default that of the pages.
FILES_PUBLIC_URL = env.url("FILES_PUBLIC_URL", "")
if FILES_PUBLIC_URL:
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"].append(FILES_PUBLIC_URL)
RESULT_RETENTION_DAYS = env.integer("RESULT_RETENTION_DAYS", 30, minimum=1)
UPLOAD_RETENTION_HOURS = env.integer("UPLOAD_RETENTION_HOURS", 72, minimum=1)
# For processed Stripe events, failed tasks and ended invitations.
RECORD_RETENTION_DAYS = env.integer("RECORD_RETENTION_DAYS", 90, minimum=30)

# Money -------------------------------------------------------------------------------------------

STRIPE_SECRET_KEY = env.secret("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = env.secret("STRIPE_WEBHOOK_SECRET")
# Without a key, a development copy uses its own Stripe simulator, through the same SDK.
STRIPE_SIMULATOR = env.boolean("STRIPE_SIMULATOR", not PRODUCTION and not STRIPE_SECRET_KEY)
# A simulator elsewhere (`python -m sandbox.stripe`); production always talks to Stripe.
STRIPE_API_BASE = "" if PRODUCTION else env.url("STRIPE_API_BASE", "")
if STRIPE_API_BASE:
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(STRIPE_API_BASE)
if STRIPE_SIMULATOR:
    INSTALLED_APPS.append("sandbox.stripe.apps.SimulatorConfig")
    STRIPE_API_BASE = f"http://127.0.0.1:{PORT}/stripe-simulator"
    STRIPE_SECRET_KEY = STRIPE_SECRET_KEY or "sk_test_simulator"
    STRIPE_WEBHOOK_SECRET = STRIPE_WEBHOOK_SECRET or embedded_postgres.kept_secret(
        data=VIDGO_DATA, name="STRIPE_WEBHOOK_SECRET"
    )
    STRIPE_SIMULATOR_WEBHOOK_URL = f"http://127.0.0.1:{PORT}/webhooks/stripe"
    STRIPE_SIMULATOR_PUBLIC_URL = VIDGO_PUBLIC_URL
    STRIPE_SIMULATOR_MERCHANT = VIDGO_NAME
    # How many times faster than Stripe it retries, so that a demo need not wait for long.
    STRIPE_SIMULATOR_SPEED = 60
    # Its payment page has this origin, whatever host name the visitor uses.
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(f"http://127.0.0.1:{PORT}")
STRIPE_AUTOMATIC_TAX = env.boolean("STRIPE_AUTOMATIC_TAX", False)
# "cents:credits" entries; any other amount buys two credits per cent.
BILLING_PACKS = env.names("BILLING_PACKS", ("500:1000", "2000:4000", "5000:10000", "10000:20000"))

# Providers ---------------------------------------------------------------------------------------

# A provider without a key is not used. "Concurrency" is the account's limit, across all workers.
BFL_API_KEY = env.secret("BFL_API_KEY")
BFL_BASE_URL = env.url("BFL_BASE_URL", "https://api.bfl.ai")
BFL_CONCURRENCY = env.integer("BFL_CONCURRENCY", 24, minimum=1)
FAL_KEY = env.secret("FAL_KEY")
FAL_BASE_URL = env.url("FAL_BASE_URL", "https://queue.fal.run")
FAL_JWKS_URL = env.url("FAL_JWKS_URL", "https://rest.fal.ai/.well-known/jwks.json")
FAL_CONCURRENCY = env.integer("FAL_CONCURRENCY", 10, minimum=1)
REPLICATE_API_TOKEN = env.secret("REPLICATE_API_TOKEN")
REPLICATE_BASE_URL = env.url("REPLICATE_BASE_URL", "https://api.replicate.com")
REPLICATE_CONCURRENCY = env.integer("REPLICATE_CONCURRENCY", 50, minimum=1)
# Without any vendor's key, a development copy draws its own images.
SANDBOX_ENABLED = env.boolean(
    "SANDBOX_ENABLED",
    not PRODUCTION and not (BFL_API_KEY or FAL_KEY or REPLICATE_API_TOKEN),
)
SANDBOX_SECONDS = env.seconds("SANDBOX_SECONDS", 1.0)
SANDBOX_CONCURRENCY = env.integer("SANDBOX_CONCURRENCY", 500, minimum=1)
PROVIDER_LOW_BALANCE = env.integer("PROVIDER_LOW_BALANCE", 1000)

# Engine ------------------------------------------------------------------------------------------

WORK_CYCLE_SECONDS = env.seconds("WORK_CYCLE_SECONDS", 60, minimum=0.1)
LEASE_SECONDS = env.seconds("LEASE_SECONDS", 30, minimum=1)
JOBS_IN_FLIGHT_PER_PROCESS = env.integer("JOBS_IN_FLIGHT_PER_PROCESS", 500, minimum=1)
ORGANIZATION_CONCURRENCY = env.integer("ORGANIZATION_CONCURRENCY", 100, minimum=1)
JOB_DEADLINE_SECONDS = env.seconds("JOB_DEADLINE_SECONDS", 900, minimum=1)
# For tests: a process dies at this step. Ignored in production.
FAILPOINT: str = "" if PRODUCTION else env.text("FAILPOINT")
# Allow customers' URLs to point at this machine, to develop receivers; rejected in production.
VIDGO_ALLOW_LOOPBACK_URLS = env.boolean("VIDGO_ALLOW_LOOPBACK_URLS", False)

# Webhooks ----------------------------------------------------------------------------------------

CALLBACKS_IN_FLIGHT_PER_PROCESS = env.integer("CALLBACKS_IN_FLIGHT_PER_PROCESS", 200, minimum=1)
CALLBACKS_IN_FLIGHT_PER_ORGANIZATION = env.integer(
    "CALLBACKS_IN_FLIGHT_PER_ORGANIZATION", 50, minimum=1
)
CALLBACKS_IN_FLIGHT_PER_ENDPOINT = env.integer("CALLBACKS_IN_FLIGHT_PER_ENDPOINT", 10, minimum=1)
CALLBACK_PAUSE_AFTER_HOURS = env.integer("CALLBACK_PAUSE_AFTER_HOURS", 24, minimum=1)
CALLBACK_RETENTION_DAYS = env.integer("CALLBACK_RETENTION_DAYS", 30, minimum=1)
CALLBACK_SECRET_OVERLAP_HOURS = env.integer("CALLBACK_SECRET_OVERLAP_HOURS", 24, minimum=1)

# Web server --------------------------------------------------------------------------------------

WEB_PROCESSES = env.integer("WEB_PROCESSES", 2, minimum=1)
# Threads that serve requests, each with a database connection, and threads that wait for a job.
WEB_THREADS = env.integer("WEB_THREADS", 16, minimum=1)
WEB_WAITS = env.integer("WEB_WAITS", 128)
# How long a server still serves after SIGTERM, while /readyz reports that it is ending.
WEB_DRAIN_SECONDS = env.seconds("WEB_DRAIN_SECONDS", 0)

# Mail --------------------------------------------------------------------------------------------

EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.integer("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 10
EMAIL_FILE_PATH = VIDGO_DATA / "mail"
# Without a mail server, each message is printed and saved as a file in VIDGO_DATA/mail.
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if EMAIL_HOST
    else "vidgo.kernel.web.mail.KeptBackend"
)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Vidgo <no-reply@localhost>")

# Language, time, logs, metrics -------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "vidgo.formats"
LOG_LEVEL = env.text("LOG_LEVEL", "INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.text(
    "LOG_FORMAT", "json" if PRODUCTION else "console", choices=("json", "console")
)
LOGGING_CONFIG = "vidgo.kernel.ops.logs.configure"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}
# The token for /metrics, which is closed in production without one.
METRICS_TOKEN = env.secret("METRICS_TOKEN")
# Without it, no error reports are sent.
SENTRY_DSN = env.secret("SENTRY_DSN")
