"""What an API key may be used for: scopes, models, and the addresses it may come from.

All of it stands in the key's own row, which authentication has read, so no check adds a query.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts.models import ApiKey, Scope
from vidgo.kernel import errors

# Enough for the machines of a company, and little to walk through on every call.
RANGES_MAX = 50

SCOPES: dict[str, str] = {
    Scope.SUBMIT: "Submit and cancel tasks",
    Scope.READ: "Read tasks and their results",
    Scope.UPLOAD: "Upload images",
    Scope.BILLING: "Read the balance, the ledger and the purchases",
}


class MissingScope(errors.Forbidden):
    """The key is valid and may not be used for this."""


class ModelNotAllowed(errors.Forbidden):
    """The key may not be used for this model."""


class AddressNotAllowed(errors.Forbidden):
    """The key is valid and came from an address it may not come from."""


class BadScopes(errors.Invalid):
    default_message = "Choose at least one thing that the key may do."


class BadRange(errors.Invalid):
    """No address, and no range of addresses."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a key may be used for; no models and no ranges mean any."""

    scopes: Sequence[str] = tuple(Scope.values)
    models: Sequence[str] = ()
    ranges: Sequence[str] = ()


UNLIMITED = Limits()


def check(limits: Limits) -> Limits:
    """Return the limits in their one written form; raises `BadScopes` or `BadRange`."""
    if not limits.scopes or not set(limits.scopes) <= set(Scope.values):
        raise BadScopes(param="scopes")
    return Limits(
        scopes=[scope for scope in Scope.values if scope in limits.scopes],
        models=sorted(set(limits.models)),
        ranges=parse_ranges(limits.ranges),
    )


def parse_ranges(texts: Iterable[str]) -> list[str]:
    """Return addresses and ranges (CIDR, IPv4 or IPv6) as they are kept; raises `BadRange`."""
    found: list[str] = []
    for text in texts:
        try:
            # Host bits are kept out, so that 10.0.0.7/8 says what it means.
            network = str(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            raise BadRange(
                f"“{text.strip()[:60]}” is no IP address and no range such as 203.0.113.0/24.",
                param="ranges",
            ) from None
        if network not in found:
            found.append(network)
    if len(found) > RANGES_MAX:
        raise BadRange(f"At most {RANGES_MAX} addresses and ranges, please.", param="ranges")
    return found


def require_scope(*, api_key: ApiKey, scope: str) -> None:
    """Raise `MissingScope` unless the key may be used for this."""
    if scope not in api_key.scopes:
        raise MissingScope(
            f"This API key lacks the scope '{scope}'; it has: {', '.join(api_key.scopes)}.",
            scope=scope,
        )


def require_model(*, api_key: ApiKey, model: str) -> None:
    """Raise `ModelNotAllowed` unless the key may be used for this model."""
    if api_key.allowed_models and model not in api_key.allowed_models:
        raise ModelNotAllowed(
            f"This API key may not use '{model}'; it may use: {', '.join(api_key.allowed_models)}.",
            param="model",
        )


def require_address(*, api_key: ApiKey, ip_address: str | None) -> None:
    """Raise `AddressNotAllowed` unless the key may be used from this address.

    An IPv4 address that came in as IPv6 (`::ffff:203.0.113.7`) counts as what it is.
    """
    if not api_key.allowed_ranges:
        return
    if ip_address is not None:
        address = ipaddress.ip_address(ip_address)
        address = getattr(address, "ipv4_mapped", None) or address
        # A range of the other version does not contain it.
        if any(address in ipaddress.ip_network(text) for text in api_key.allowed_ranges):
            return
    raise AddressNotAllowed(f"This API key may not be used from {ip_address or 'your address'}.")
