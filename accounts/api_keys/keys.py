"""API keys: `vg_<id>_<secret><checksum>`, displayed once, stored as a keyed hash.

The checksum lets the API and secret scanners reject a mistyped key without a query. The secret has
about 190 random bits, so a fast keyed hash is enough: a password hasher would cost 200 ms a request
and add no protection.
"""

import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.api_keys import restrictions
from accounts.api_keys.restrictions import Limits
from accounts.audit import Actor
from accounts.models import ApiKey, Organization
from vidgo.kernel import errors
from vidgo.kernel.db import ids, raw_models, row_level_security

PREFIX = "vg"
ID_LENGTH = 12
SECRET_LENGTH = 32
CHECKSUM_LENGTH = 6
PATTERN = re.compile(
    rf"{PREFIX}_(?P<id>[0-9A-Za-z]{{{ID_LENGTH}}})_"
    rf"(?P<secret>[0-9A-Za-z]{{{SECRET_LENGTH}}})(?P<checksum>[0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)
LAST_USED_RESOLUTION = timedelta(minutes=1)
OVERLAP_MAX = timedelta(days=30)

# SQL by hand, because every API call begins with this query.
FIND = f"""
SELECT {raw_models.columns(ApiKey, alias="k")}, {raw_models.columns(Organization, alias="o")}
  FROM accounts_apikey k JOIN accounts_organization o ON o.id = k.organization_id
 WHERE k.key_id = %(key_id)s
"""  # noqa: S608  only column names are inserted
FIND_AND_SET_TENANT = FIND.replace(
    "\n  FROM", f", {row_level_security.SET_TENANT_COLUMNS.format('o.id')}\n  FROM", 1
)


class InvalidKey(errors.Unauthenticated):
    """No such key; the message never says which part is wrong."""

    default_message = "This API key is not valid."


class MistypedKey(errors.Unauthenticated):
    default_message = "This API key is mistyped: its checksum does not match."


class RevokedKey(errors.Unauthenticated):
    default_message = "This API key has been revoked."


class ExpiredKey(errors.Unauthenticated):
    default_message = "This API key has expired."


class ReplacedKey(errors.Unauthenticated):
    """The secret from before the last rotation, after its overlap."""

    default_message = "This API key has been replaced by a newer one."


class BadExpiry(errors.Invalid):
    default_message = "The expiry must be in the future."


class BadOverlap(errors.Invalid):
    default_message = f"The old secret can keep working for at most {OVERLAP_MAX.days} days."


class NotActive(errors.Conflict):
    default_message = "This API key is revoked or expired and can't be rotated. Create a new one."


class UnknownKey(errors.NotFound):
    default_message = "There is no such API key."


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key or secret, with its plaintext, which exists only here."""

    api_key: ApiKey
    plaintext: str


def issue(
    *,
    organization: Organization,
    name: str,
    actor: Actor,
    expires_at: datetime | None = None,
    limits: Limits = restrictions.UNLIMITED,
) -> Issued:
    """Create a key and return it with its plaintext, which is not stored.

    Raises `BadExpiry` when `expires_at` has passed, and what `restrictions.check` does.
    """
    if expires_at is not None and expires_at <= timezone.now():
        raise BadExpiry(param="expires_at")
    checked = restrictions.check(limits)
    key_id = ids.random_base62(ID_LENGTH)
    plaintext, secret = _new_secret(key_id)
    with transaction.atomic():
        api_key = ApiKey.objects.create(
            organization=organization,
            name=_name(name),
            key_id=key_id,
            created_by=actor.user,
            expires_at=expires_at,
            scopes=checked.scopes,
            allowed_models=checked.models,
            allowed_ranges=checked.ranges,
            **secret,
        )
        audit.record(
            organization=organization, actor=actor, action="api_key.issued", target=api_key.display
        )
    return Issued(api_key=api_key, plaintext=plaintext)


def change(
    *, organization: Organization, key_id: str, name: str, limits: Limits, actor: Actor
) -> ApiKey:
    """Change a key's name and limits, from the next call on.

    Raises `UnknownKey` and what `restrictions.check` does.
    """
    checked = restrictions.check(limits)
    with transaction.atomic():
        api_key = _locked(organization=organization, key_id=key_id)
        api_key.name = _name(name)
        api_key.scopes = list(checked.scopes)
        api_key.allowed_models = list(checked.models)
        api_key.allowed_ranges = list(checked.ranges)
        api_key.save(update_fields=["name", "scopes", "allowed_models", "allowed_ranges"])
        audit.record(
            organization=organization,
            actor=actor,
            action="api_key.changed",
            target=f"{api_key.display}: {', '.join(checked.scopes)}"
            f" · {', '.join(checked.models) or 'any model'}"
            f" · {', '.join(checked.ranges) or 'any address'}",
        )
    return api_key


def rotate(*, organization: Organization, key_id: str, overlap: timedelta, actor: Actor) -> Issued:
    """Give a key a new secret; the old secret works until the overlap ends.

    Name, limits, caps and spending stay, because it is the same key. A secret still in the overlap
    of an earlier rotation ends at once. Raises `UnknownKey`, `NotActive` or `BadOverlap`.
    """
    if not timedelta(0) <= overlap <= OVERLAP_MAX:
        raise BadOverlap(param="overlap")
    plaintext, secret = _new_secret(key_id)
    with transaction.atomic():
        api_key = _locked(organization=organization, key_id=key_id)
        if api_key.status != "active":
            raise NotActive
        api_key.previous_hash = api_key.secret_hash
        api_key.previous_pepper_version = api_key.pepper_version
        api_key.previous_last_four = api_key.last_four
        api_key.previous_ends_at = timezone.now() + overlap
        api_key.previous_used_at = None
        for field, value in secret.items():
            setattr(api_key, field, value)
        api_key.save()
        audit.record(
            organization=organization,
            actor=actor,
            action="api_key.rotated",
            target=f"{api_key.display}: the old secret ends "
            f"{api_key.previous_ends_at:%Y-%m-%d %H:%M} UTC",
        )
    return Issued(api_key=api_key, plaintext=plaintext)


def end_overlap(*, organization: Organization, key_id: str, actor: Actor) -> ApiKey:
    """End the old secret of a rotated key now, if it still works; raises `UnknownKey`."""
    with transaction.atomic():
        api_key = _locked(organization=organization, key_id=key_id)
        if api_key.overlap_ends_at is not None:
            api_key.previous_ends_at = timezone.now()
            api_key.save(update_fields=["previous_ends_at"])
            audit.record(
                organization=organization,
                actor=actor,
                action="api_key.overlap_ended",
                target=api_key.display,
            )
    return api_key


def authenticate(
    *, plaintext: str, ip_address: str | None = None, set_tenant: bool = False
) -> ApiKey:
    """Return the active key with this plaintext, with its organization loaded.

    `set_tenant` limits the rest of the request to rows of that organization, even if the key is
    refused. A revocation takes effect as it commits, because every call reads the row.

    Raises `InvalidKey`, `MistypedKey`, `RevokedKey`, `ExpiredKey`, `ReplacedKey` or
    `restrictions.AddressNotAllowed`.
    """
    match = PATTERN.fullmatch(plaintext)
    if match is None:
        raise InvalidKey
    if not hmac.compare_digest(checksum(plaintext[:-CHECKSUM_LENGTH]), match["checksum"]):
        raise MistypedKey
    api_key = _find(match["id"], set_tenant=set_tenant and settings.ROW_LEVEL_SECURITY)
    if api_key is None:
        raise InvalidKey
    is_current = _matches(plaintext, api_key.secret_hash, version=api_key.pepper_version)
    if not is_current and not _matches(
        plaintext, api_key.previous_hash, version=api_key.previous_pepper_version
    ):
        raise InvalidKey
    if api_key.revoked_at is not None:
        raise RevokedKey
    now = timezone.now()
    if api_key.expires_at is not None and api_key.expires_at <= now:
        raise ExpiredKey
    if not is_current and api_key.overlap_ends_at is None:
        raise ReplacedKey
    restrictions.require_address(api_key=api_key, ip_address=ip_address)
    _note_use(api_key, ip_address=ip_address, now=now, is_current=is_current)
    return api_key


def _find(key_id: str, *, set_tenant: bool) -> ApiKey | None:
    """Return a key of any organization, with its organization loaded."""
    query = FIND_AND_SET_TENANT if set_tenant else FIND
    row = raw_models.fetch_one(query, {"key_id": key_id})
    if row is None:
        return None
    if set_tenant:
        row_level_security.tenant_was_set(organization_id=int(row[-1]))
    end = len(raw_models.names(ApiKey))
    api_key = raw_models.instance(ApiKey, row[:end])
    api_key.organization = raw_models.instance(
        Organization, row[end : end + len(raw_models.names(Organization))]
    )
    return api_key


def _note_use(api_key: ApiKey, *, ip_address: str | None, now: datetime, is_current: bool) -> None:
    """Record when and from which address a key was used, at most once a minute per secret."""
    noted = api_key.last_used_at if is_current else api_key.previous_used_at
    if noted is not None and noted >= now - LAST_USED_RESOLUTION:
        return
    seen = {"last_used_at": now, "last_used_ip": ip_address}
    if not is_current:
        seen["previous_used_at"] = now
    ApiKey.objects.filter(pk=api_key.pk).update(**seen)


def revoke(*, organization: Organization, key_id: str, actor: Actor) -> ApiKey:
    """Revoke a key for good; a revoked key stays as it is. Raises `UnknownKey`."""
    with transaction.atomic():
        api_key = _locked(organization=organization, key_id=key_id)
        if api_key.revoked_at is None:
            api_key.revoked_at = timezone.now()
            api_key.save(update_fields=["revoked_at"])
            audit.record(
                organization=organization, actor=actor, action="api_key.revoked", target=key_id
            )
    return api_key


def get_key(*, organization: Organization, key_id: str) -> ApiKey:
    """Return a key; raises `UnknownKey`, also for one of another organization."""
    api_key = ApiKey.objects.for_organization(organization).filter(key_id=key_id).first()
    if api_key is None:
        raise UnknownKey
    return api_key


def list_keys(*, organization: Organization, search: str = "") -> QuerySet[ApiKey]:
    """Return the organization's keys with who created them, newest first.

    `search` keeps those whose name or id contains it, ignoring case.
    """
    keys = ApiKey.objects.for_organization(organization)
    if search:
        keys = keys.filter(Q(name__icontains=search) | Q(key_id__icontains=search))
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


def _matches(plaintext: str, stored_hash: str, *, version: str) -> bool:
    pepper = dict(_peppers()).get(version)
    return pepper is not None and hmac.compare_digest(_hash(plaintext, pepper=pepper), stored_hash)


def _new_secret(key_id: str) -> tuple[str, dict[str, str]]:
    """Return the plaintext of a key with a new secret, and the fields its row stores."""
    body = f"{PREFIX}_{key_id}_{ids.random_base62(SECRET_LENGTH)}"
    plaintext = body + checksum(body)
    version, pepper = _peppers()[0]
    return plaintext, {
        "last_four": plaintext[-4:],
        "secret_hash": _hash(plaintext, pepper=pepper),
        "pepper_version": version,
    }


def _name(text: str) -> str:
    return text.strip()[:80] or "API key"


def _locked(*, organization: Organization, key_id: str) -> ApiKey:
    keys = ApiKey.objects.for_organization(organization).select_for_update()
    api_key = keys.filter(key_id=key_id).first()
    if api_key is None:
        raise UnknownKey
    return api_key
