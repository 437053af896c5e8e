"""The doctor: checks everything that a copy of Vidgo needs, and says how to fix what is wrong.

Each app registers its checks in `ops/doctor.py`. A check yields findings; if it breaks or hangs,
that is a finding too, and the other checks still run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db import connections
from django.utils.module_loading import autodiscover_modules

DATABASE = "database"


class State(StrEnum):
    OK = "ok"
    FAULT = "fault"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result for one thing that was checked, and what to do if it is a fault."""

    state: State
    message: str
    to_do: str = ""
    # Which of several things of the same kind, such as a provider.
    about: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    name: str
    place: int
    # How long it may take.
    seconds: float
    needs_database: bool
    find: Callable[[], Iterable[Finding]]


_checks: dict[str, Check] = {}


def ok(message: str, *, about: str = "") -> Finding:
    """Return a finding that all is well."""
    return Finding(State.OK, message, about=about)


def fault(message: str, *, to_do: str, about: str = "") -> Finding:
    """Return a finding that something is wrong, and what to do about it."""
    return Finding(State.FAULT, message, to_do=to_do, about=about)


def skipped(message: str) -> Finding:
    """Return a finding that there was nothing to check, and why."""
    return Finding(State.SKIPPED, message)


def check(
    *, name: str, place: int, seconds: float = 10, needs_database: bool = True
) -> Callable[[Callable[[], Iterable[Finding]]], Callable[[], Iterable[Finding]]]:
    """Register the decorated function as a check; lower places run first."""

    def register(find: Callable[[], Iterable[Finding]]) -> Callable[[], Iterable[Finding]]:
        _checks[name] = Check(
            name=name, place=place, seconds=seconds, needs_database=needs_database, find=find
        )
        return find

    return register


def list_checks() -> list[Check]:
    """Return every check of every app in order."""
    autodiscover_modules("ops.doctor")
    return sorted(_checks.values(), key=lambda each: (each.place, each.name))


def run_checks() -> Iterator[Finding]:
    """Run every check in turn and yield its findings.

    Without a database, the checks that need it are skipped: the outage is one fault, not ten.
    """
    has_database = True
    for each in list_checks():
        if each.needs_database and not has_database:
            yield replace(skipped("not checked, as the database does not answer"), name=each.name)
            continue
        for finding in _run(each):
            yield replace(finding, name=each.name)
            if each.name == DATABASE and finding.state is State.FAULT:
                has_database = False


def _run(each: Check) -> list[Finding]:
    """Run one check in a thread of its own, which is abandoned if it hangs."""
    found: list[Finding] = []

    def run() -> None:
        try:
            for finding in each.find():
                found.append(finding)
        except Exception as error:
            # Any exception is a fault to report; the other checks go on.
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            found.append(fault(reason, to_do="fix this first; the check could not finish"))
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, name=f"check {each.name}", daemon=True)
    thread.start()
    thread.join(each.seconds)
    if thread.is_alive():
        late = f"no answer within {each.seconds:g} s"
        return [*found, fault(late, to_do="find what it waits for: network, disk or a lock")]
    return found
