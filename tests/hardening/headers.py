"""The headers that every response must have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# A customer's image may be embedded anywhere, and may run nothing when opened itself.
FILE_POLICY = "default-src 'none'; sandbox"
TELLTALES = {"Server", "X-Powered-By", "X-Runtime", "X-Django-Version"}


def policy_of(answer: Any) -> dict[str, set[str]]:
    """Return the directives of an answer's Content-Security-Policy."""
    parts = (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: set(values) for name, *values in parts}


def is_file(answer: Any) -> bool:
    """Return whether an answer is a customer's image, which has a policy of its own."""
    return str(answer.headers["Content-Type"]).startswith("image/")


def faults_of(answer: Any) -> Iterator[str]:
    """Yield each fault in the headers of a response."""
    for name, value in ALWAYS.items():
        if answer.headers.get(name) != value:
            yield f"{name} is {answer.headers.get(name)}"
    for name in TELLTALES & set(answer.headers):
        yield f"{name} tells {answer.headers[name]}"
    if is_file(answer):
        if answer.headers["Content-Security-Policy"] != FILE_POLICY:
            yield "a file without its sandbox"
        return
    policy = policy_of(answer)
    for name in ("default-src", "frame-ancestors", "base-uri"):
        if policy.get(name) != {"'none'"}:
            yield f"{name} is {policy.get(name)}"
    for name in ("script-src", "style-src"):
        if policy.get(name) != {"'self'"}:
            yield f"{name} is {policy.get(name)}"
    if "object-src" in policy or "unsafe" in answer.headers["Content-Security-Policy"]:
        yield "the policy is wider than it was"


def privacy_faults_of(answer: Any, *, is_signed_in: bool) -> Iterator[str]:
    """Yield each header that would let others cache a private response."""
    kept = answer.headers.get("Cache-Control", "")
    depends = "Cookie" in answer.headers.get("Vary", "")
    if "public" in kept and (answer.cookies or depends):
        yield "for everybody, and yet it depends on who asks"
    # A browser may cache the user's own images, but not pages.
    wanted = {"private"} if is_file(answer) else {"private", "no-store"}
    if is_signed_in and depends and not wanted <= set(re.split(r",\s*", kept)):
        yield f"made for somebody, and kept: {kept or 'no Cache-Control'}"
