"""Second factors: authenticator apps, passkeys and recovery codes, stored by django-allauth.

Their secrets are encrypted at rest with a key derived from SECRET_KEY, so that a copy of the
database alone opens no account.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from accounts.models import User
from vidgo.kernel.db import sealing

log = structlog.get_logger(__name__)

SEALER = sealing.Sealer("vidgo second factors")

# The field of each factor's data that holds its secret.
SEALED = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


class MFAAdapter(DefaultMFAAdapter):
    """The django-allauth adapter for second factors: names, error messages, encryption."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is wrong or has already been used.",
        "unverified_email": "Confirm your e-mail address first, so that you stay able to sign in.",
    }

    def encrypt(self, text: str) -> str:
        """Return the text encrypted."""
        return SEALER.seal(text.encode())

    def decrypt(self, encrypted_text: str) -> str:
        """Return the plaintext, also of a former SECRET_KEY; raises `sealing.Unreadable`."""
        return SEALER.unseal(encrypted_text).decode()

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        """Return the default name of a new passkey."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return f"Passkey {count + 1}"

    def _get_site_name(self) -> str:
        # The name of the entry in authenticator apps and browsers.
        return str(settings.VIDGO_NAME)


@dataclass(frozen=True, slots=True)
class Factors:
    """A user's second factors."""

    totp: Authenticator | None = None
    recovery_codes: Authenticator | None = None
    codes_left: int = 0
    passkeys: list[Authenticator] = field(default_factory=list)

    @property
    def is_on(self) -> bool:
        """Return whether signing in with the password requires a second factor."""
        return self.totp is not None or bool(self.passkeys)


def factors_of(*, user: User) -> Factors:
    """Return a user's second factors; passkeys come oldest first."""
    found = list(Authenticator.objects.filter(user=user).order_by("pk"))
    by_type = {each.type: each for each in found}
    codes = by_type.get(Authenticator.Type.RECOVERY_CODES)
    return Factors(
        totp=by_type.get(Authenticator.Type.TOTP),
        recovery_codes=codes,
        codes_left=len(codes.wrap().get_unused_codes()) if codes else 0,
        passkeys=[each for each in found if each.type == Authenticator.Type.WEBAUTHN],
    )


def reseal() -> int:
    """Re-encrypt secrets of a former SECRET_KEY with the current one; return how many there were.

    Afterwards the former key may leave SECRET_KEY_FALLBACKS. Secrets that no key decrypts are
    logged.
    """
    resealed = 0
    for type, name in SEALED.items():
        rows = Authenticator.objects.filter(type=type)
        for row in rows.exclude(**{f"data__{name}__startswith": SEALER.prefix}):
            try:
                _reseal(row.pk, name)
                resealed += 1
            except sealing.Unreadable:
                log.error("second_factor_unreadable", authenticator=row.pk)
    return resealed


def _reseal(pk: int, name: str) -> None:
    with transaction.atomic():
        # Read it again under a lock: a recovery code may have been used in the meantime.
        row = Authenticator.objects.select_for_update().get(pk=pk)
        row.data[name] = SEALER.reseal(row.data[name])
        row.save(update_fields=["data"])
