"""What an API key may be used for: scopes, models and IP addresses.

All of it is in the key's row, which authentication has loaded, so no check adds a query.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts.models import ApiKey, Scope
from vidgo.kernel import errors

# Enough for a company's servers, and quick to check on every call.
RANGES_MAX = 50

SCOPES: dict[str, str] = {
    Scope.SUBMIT: "Submit and cancel tasks",
    Scope.READ: "Read tasks and their results",
    Scope.UPLOAD: "Upload images",
    Scope.BILLING: "Read the balance, the ledger and purchases",
}


class MissingScope(errors.Forbidden):
    """The key is valid but lacks the scope."""


class ModelNotAllowed(errors.Forbidden):
    """The key is valid but not for this model."""


class AddressNotAllowed(errors.Forbidden):
    """The key is valid but not from this address."""


class BadScopes(errors.Invalid):
    default_message = "Select at least one scope."


class BadRange(errors.Invalid):
    """Neither an IP address nor a range of addresses."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a key may be used for; empty models or ranges mean any."""

    scopes: Sequence[str] = tuple(Scope.values)
    models: Sequence[str] = ()
    ranges: Sequence[str] = ()


UNLIMITED = Limits()


def check(limits: Limits) -> Limits:
    """Return the limits in canonical form; raises `BadScopes` or `BadRange`."""
    if not limits.scopes or not set(limits.scopes) <= set(Scope.values):
        raise BadScopes(param="scopes")
    return Limits(
        scopes=[scope for scope in Scope.values if scope in limits.scopes],
        models=sorted(set(limits.models)),
        ranges=parse_ranges(limits.ranges),
    )


def parse_ranges(texts: Iterable[str]) -> list[str]:
    """Return IPv4 and IPv6 addresses and ranges in canonical CIDR form; raises `BadRange`."""
    found: list[str] = []
    for text in texts:
        try:
            # `strict=False` clears the host bits: 10.0.0.7/8 becomes 10.0.0.0/8.
            network = str(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            raise BadRange(
                f"“{text.strip()[:60]}” is not an IP address or a range such as 203.0.113.0/24.",
                param="ranges",
            ) from None
        if network not in found:
            found.append(network)
    if len(found) > RANGES_MAX:
        raise BadRange(f"List at most {RANGES_MAX} addresses and ranges.", param="ranges")
    return found


def require_scope(*, api_key: ApiKey, scope: str) -> None:
    """Raise `MissingScope` unless the key has the scope."""
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

    An IPv4 address mapped to IPv6 (`::ffff:203.0.113.7`) counts as IPv4.
    """
    if not api_key.allowed_ranges:
        return
    if ip_address is not None:
        address = ipaddress.ip_address(ip_address)
        address = getattr(address, "ipv4_mapped", None) or address
        # A range of the other IP version never contains the address.
        if any(address in ipaddress.ip_network(text) for text in api_key.allowed_ranges):
            return
    raise AddressNotAllowed(f"This API key may not be used from {ip_address or 'your address'}.")
