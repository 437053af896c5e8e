"""The doctor: looks at all that a copy needs, and says what to do about what is wrong.

Each app registers looks at its own things in a module `doctor`. A look yields findings; one that
breaks or hangs is itself a finding, and the others go on.
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
    """What came of a look."""

    OK = "ok"
    FAULT = "fault"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is, and what to do if that is not well."""

    state: State
    says: str
    to_do: str = ""
    # Which of several things of the same kind it is about.
    about: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Look:
    """A look at one kind of thing, and how many seconds it may take."""

    name: str
    place: int
    seconds: float
    needs_database: bool
    find: Callable[[], Iterable[Finding]]


_looks: dict[str, Look] = {}


def ok(says: str, *, about: str = "") -> Finding:
    """Return a finding that all is well."""
    return Finding(State.OK, says, about=about)


def fault(says: str, *, to_do: str, about: str = "") -> Finding:
    """Return a finding that something is wrong, with what to do about it."""
    return Finding(State.FAULT, says, to_do=to_do, about=about)


def skipped(says: str) -> Finding:
    """Return a finding that there was nothing to look at, and why."""
    return Finding(State.SKIPPED, says)


def look(
    *, name: str, place: int, seconds: float = 10, needs_database: bool = True
) -> Callable[[Callable[[], Iterable[Finding]]], Callable[[], Iterable[Finding]]]:
    """Register the decorated function as the look of that name; lower places come first."""

    def register(find: Callable[[], Iterable[Finding]]) -> Callable[[], Iterable[Finding]]:
        _looks[name] = Look(
            name=name, place=place, seconds=seconds, needs_database=needs_database, find=find
        )
        return find

    return register


def list_looks() -> list[Look]:
    """Return every look of every app in order."""
    autodiscover_modules("ops.doctor")
    return sorted(_looks.values(), key=lambda each: (each.place, each.name))


def examine() -> Iterator[Finding]:
    """Take every look in turn and yield what each finds, as it is found.

    Without a database the looks that need it are skipped: its absence is one fault, not ten.
    """
    has_database = True
    for each in list_looks():
        if each.needs_database and not has_database:
            yield replace(skipped("not looked at, as the database does not answer"), name=each.name)
            continue
        for finding in _take(each):
            yield replace(finding, name=each.name)
            if each.name == DATABASE and finding.state is State.FAULT:
                has_database = False


def _take(each: Look) -> list[Finding]:
    """Take one look in a thread of its own, which is left behind when it hangs."""
    found: list[Finding] = []

    def run() -> None:
        try:
            for finding in each.find():
                found.append(finding)
        except Exception as error:
            # Whatever broke is what the operator wants to read about.
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            found.append(fault(reason, to_do="mend that first; the look itself could not end"))
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, name=f"look at {each.name}", daemon=True)
    thread.start()
    thread.join(each.seconds)
    if thread.is_alive():
        late = f"no answer within {each.seconds:g} s"
        return [*found, fault(late, to_do="look at what it waits for: network, disk or a lock")]
    return found
