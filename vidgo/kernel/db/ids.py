"""Public ids: a prefix for the kind of object and a time-ordered random part, `task_01kaw9r3…`."""

import secrets
import time

# Crockford's base 32 in lower case, without i, l, o and u, which are easily misread.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
TIME_LENGTH = 10
RANDOM_LENGTH = 16
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def new_id(prefix: str) -> str:
    """Return a new id: 48 bits of milliseconds, then 80 random bits, like a ULID."""
    milliseconds = time.time_ns() // 1_000_000
    return (
        f"{prefix}_{_digits(milliseconds, TIME_LENGTH)}"
        f"{_digits(secrets.randbits(80), RANDOM_LENGTH)}"
    )


def _digits(number: int, length: int) -> str:
    out = []
    for _ in range(length):
        number, remainder = divmod(number, 32)
        out.append(ALPHABET[remainder])
    return "".join(reversed(out))


def random_base62(length: int) -> str:
    """Return `length` unguessable base-62 characters, about 5.95 bits each."""
    return "".join(secrets.choice(BASE62) for _ in range(length))
