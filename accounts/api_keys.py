"""API keys: `vg_<id>_<secret><checksum>`, shown once, stored as a keyed hash.

The checksum lets the API and secret scanners refuse a mistyped key without a query. The secret
has about 190 bits of its own, so a fast keyed hash is the right one: a password hasher would
cost 200 ms a request and protect nothing more.
"""

import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.models import ApiKey, Organization
from vidgo.kernel import errors, ids

PREFIX = "vg"
ID_LENGTH = 12
SECRET_LENGTH = 32
CHECKSUM_LENGTH = 6
SHAPE = re.compile(
    rf"{PREFIX}_(?P<id>[0-9A-Za-z]{{{ID_LENGTH}}})_"
    rf"(?P<secret>[0-9A-Za-z]{{{SECRET_LENGTH}}})(?P<checksum>[0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)
LAST_USED_RESOLUTION = timedelta(minutes=1)


class InvalidKey(errors.Unauthenticated):
    """No such key; the answer never says which part was wrong."""

    sentence = "This API key is not valid."


class MistypedKey(errors.Unauthenticated):
    sentence = "This API key is mistyped: its checksum does not match."


class RevokedKey(errors.Unauthenticated):
    sentence = "This API key has been revoked."


class ExpiredKey(errors.Unauthenticated):
    sentence = "This API key has expired."


class BadExpiry(errors.Invalid):
    sentence = "The expiry must lie in the future."


class UnknownKey(errors.NotFound):
    sentence = "There is no such API key."


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key and, this once, the whole text of it."""

    api_key: ApiKey
    plaintext: str


def issue(
    *,
    organization: Organization,
    name: str,
    actor: Actor,
    expires_at: datetime | None = None,
) -> Issued:
    """Create a key and return it with its plaintext, which is not stored.

    Raises `BadExpiry` when `expires_at` has passed.
    """
    if expires_at is not None and expires_at <= timezone.now():
        raise BadExpiry(param="expires_at")
    key_id, secret = ids.random_base62(ID_LENGTH), ids.random_base62(SECRET_LENGTH)
    version, pepper = _peppers()[0]
    plaintext = f"{PREFIX}_{key_id}_{secret}{checksum(f'{PREFIX}_{key_id}_{secret}')}"
    with transaction.atomic():
        api_key = ApiKey.objects.create(
            organization=organization,
            name=name.strip()[:80] or "API key",
            key_id=key_id,
            last_four=plaintext[-4:],
            secret_hash=_hash(plaintext, pepper=pepper),
            pepper_version=version,
            created_by=actor.user,
            expires_at=expires_at,
        )
        audit.record(
            organization=organization, actor=actor, action="api_key.issued", target=api_key.display
        )
    return Issued(api_key=api_key, plaintext=plaintext)


def authenticate(*, plaintext: str) -> ApiKey:
    """Return the active key that this text is, with its organization loaded.

    Raises `InvalidKey`, `MistypedKey`, `RevokedKey` or `ExpiredKey`. A revocation counts from
    its commit on, because the row is read at every call.
    """
    shape = SHAPE.fullmatch(plaintext)
    if shape is None:
        raise InvalidKey
    if not hmac.compare_digest(checksum(plaintext[:-CHECKSUM_LENGTH]), shape["checksum"]):
        raise MistypedKey
    api_key = ApiKey.objects.select_related("organization").filter(key_id=shape["id"]).first()
    if api_key is None or not _matches(api_key, plaintext=plaintext):
        raise InvalidKey
    if api_key.revoked_at is not None:
        raise RevokedKey
    now = timezone.now()
    if api_key.expires_at is not None and api_key.expires_at <= now:
        raise ExpiredKey
    if api_key.last_used_at is None or api_key.last_used_at < now - LAST_USED_RESOLUTION:
        ApiKey.objects.filter(pk=api_key.pk).update(last_used_at=now)
    return api_key


def revoke(*, organization: Organization, key_id: str, actor: Actor) -> ApiKey:
    """Revoke a key of the organization for good; a revoked one stays as it was.

    Raises `UnknownKey`.
    """
    with transaction.atomic():
        revoked = ApiKey.objects.for_organization(organization).filter(
            key_id=key_id, revoked_at=None
        )
        if revoked.update(revoked_at=timezone.now()):
            audit.record(
                organization=organization, actor=actor, action="api_key.revoked", target=key_id
            )
    return get_key(organization=organization, key_id=key_id)


def get_key(*, organization: Organization, key_id: str) -> ApiKey:
    """Return a key of the organization; raises `UnknownKey`, also for a foreign one."""
    api_key = ApiKey.objects.for_organization(organization).filter(key_id=key_id).first()
    if api_key is None:
        raise UnknownKey
    return api_key


def list_keys(*, organization: Organization) -> QuerySet[ApiKey]:
    """Return the organization's keys, the newest first, with who made them."""
    keys = ApiKey.objects.for_organization(organization)
    return keys.select_related("created_by").order_by("-id")


def checksum(text: str) -> str:
    """Return the CRC-32 of the text as six base-62 characters."""
    number = zlib.crc32(text.encode())
    out = ""
    for _ in range(CHECKSUM_LENGTH):
        number, remainder = divmod(number, 62)
        out = ids.BASE62[remainder] + out
    return out


def _peppers() -> list[tuple[str, str]]:
    pairs = (entry.partition(":") for entry in settings.API_KEY_PEPPERS)
    return [(version, pepper) for version, _, pepper in pairs]


def _hash(plaintext: str, *, pepper: str) -> str:
    return hmac.new(pepper.encode(), plaintext.encode(), hashlib.sha256).hexdigest()


def _matches(api_key: ApiKey, *, plaintext: str) -> bool:
    pepper = dict(_peppers()).get(api_key.pepper_version)
    return pepper is not None and hmac.compare_digest(
        _hash(plaintext, pepper=pepper), api_key.secret_hash
    )
