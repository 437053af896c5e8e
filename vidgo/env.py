"""Typed readers of environment variables, which raise on bad values and record each name.

`vidgo/settings.py` reads every value through this module, so `READ` is the complete list of
settings; a test compares it with `.env.example` and `docs/settings.md`.
"""

import os
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

READ: set[str] = set()
# Former names, which still work if the new one is not set.
ALIASES = {"FAILPOINT": "CRASH_AT", "WORK_CYCLE_SECONDS": "SLICE_SECONDS"}


def _read(name: str, default: T, parse: Callable[[str], T]) -> T:
    READ.add(name)
    raw = os.environ.get(name, "").strip()
    if raw == "" and name in ALIASES:
        raw = os.environ.get(ALIASES[name], "").strip()
    if raw == "":
        return default
    try:
        return parse(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={raw!r} is not valid: {error}") from None


def text(name: str, default: str = "", *, choices: tuple[str, ...] = ()) -> str:
    """Return the variable as a string; an empty one counts as unset."""

    def parse(raw: str) -> str:
        if choices and raw not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return raw

    return _read(name, default, parse)


def secret(name: str, default: str = "") -> str:
    """Return the variable as a string; no error ever contains its value."""
    return _read(name, default, str)


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    """Return the variable as a whole number of at least `minimum`."""

    def parse(raw: str) -> int:
        value = int(raw)
        if value < minimum:
            raise ValueError(f"must be at least {minimum}")
        return value

    return _read(name, default, parse)


def seconds(name: str, default: float, *, minimum: float = 0.0) -> float:
    """Return the variable as seconds, fractions allowed."""

    def parse(raw: str) -> float:
        value = float(raw)
        if not minimum <= value < float("inf"):
            raise ValueError(f"must be at least {minimum:g} seconds")
        return value

    return _read(name, default, parse)


def boolean(name: str, default: bool) -> bool:
    """Return the variable as true or false."""
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

    def parse(raw: str) -> bool:
        if raw.lower() not in words:
            raise ValueError("must be true or false")
        return words[raw.lower()]

    return _read(name, default, parse)


def names(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the variable, a comma-separated list, as a tuple of strings."""
    return _read(
        name, default, lambda raw: tuple(part.strip() for part in raw.split(",") if part.strip())
    )


def url(name: str, default: str) -> str:
    """Return the variable as an absolute http(s) URL without a trailing slash."""

    def parse(raw: str) -> str:
        parts = urlsplit(raw)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an absolute http(s) URL")
        return raw.rstrip("/")

    return _read(name, default, parse)
