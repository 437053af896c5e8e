"""Second factors: authenticator apps, passkeys and recovery codes, which django-allauth keeps.

What they are made of is sealed at rest with a key made from SECRET_KEY, so that a copy of the
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

# Where django-allauth keeps what is secret, by the type of the factor.
SEALED = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


class MFAAdapter(DefaultMFAAdapter):
    """What django-allauth asks of us: names, sentences and seals."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is not right, or it has been used already.",
        "unverified_email": "Confirm your e-mail address first, so that you cannot be locked out.",
    }

    def encrypt(self, text: str) -> str:
        """Return the text sealed."""
        return SEALER.seal(text.encode())

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was sealed, also with a former SECRET_KEY; raises `sealing.Unreadable`."""
        return SEALER.unseal(encrypted_text).decode()

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        """Return the name that a new passkey has until one gives it another."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return f"Passkey {count + 1}"

    def _get_site_name(self) -> str:
        # What authenticator apps and browsers show the entry under.
        return str(settings.VIDGO_NAME)


@dataclass(frozen=True, slots=True)
class Factors:
    """A person's second factors."""

    totp: Authenticator | None = None
    recovery_codes: Authenticator | None = None
    codes_left: int = 0
    passkeys: list[Authenticator] = field(default_factory=list)

    @property
    def is_on(self) -> bool:
        """Return whether signing in with the password asks for more."""
        return self.totp is not None or bool(self.passkeys)


def factors_of(*, user: User) -> Factors:
    """Return a person's second factors, the passkeys in the order they were added."""
    found = list(Authenticator.objects.filter(user=user).order_by("pk"))
    one = {each.type: each for each in found}
    codes = one.get(Authenticator.Type.RECOVERY_CODES)
    return Factors(
        totp=one.get(Authenticator.Type.TOTP),
        recovery_codes=codes,
        codes_left=len(codes.wrap().get_unused_codes()) if codes else 0,
        passkeys=[each for each in found if each.type == Authenticator.Type.WEBAUTHN],
    )


def reseal() -> int:
    """Seal with the present SECRET_KEY what a former one sealed; return how many there were.

    After that the former one may leave SECRET_KEY_FALLBACKS. What no key opens is logged.
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
        # Read again under a lock: meanwhile a recovery code may have been used.
        row = Authenticator.objects.select_for_update().get(pk=pk)
        row.data[name] = SEALER.reseal(row.data[name])
        row.save(update_fields=["data"])
