"""The runbook covers every alarm the code can log, and every table."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
ALARMS = frozenset({"error", "exception", "critical"})
APPS = ("vidgo", "accounts", "billing", "generation")


def logged(source: str) -> Iterator[str]:
    """Yield the event of each call that logs an error."""
    # Parsing is slow, and few files log any.
    if not any(f".{name}(" in source for name in ALARMS):
        return
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ALARMS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in ("log", "logger")
        ):
            event = node.args[0]
            assert isinstance(event, ast.Constant), "an alarm's name is written out"
            yield str(event.value)


def test_an_alarm_is_found_however_it_is_logged() -> None:
    source = 'log.info("a")\nlog.error("b")\nlog.exception(\n    "c", x=1)\nmessages.error(r, "d")'
    assert list(logged(source)) == ["b", "c"]


def test_each_alarm_has_an_entry_and_each_entry_an_alarm() -> None:
    events = {
        event
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "simulator" not in path.parts
        for event in logged(path.read_text())
    }
    headings = re.findall(r"^### `(\w+)`$", RUNBOOK, flags=re.MULTILINE)
    assert headings == sorted(events)


def test_each_entry_says_what_it_means_where_to_look_and_what_to_do() -> None:
    part = RUNBOOK.partition("## Alarms")[2].partition("\n## ")[0]
    for entry in part.split("### ")[1:]:
        words = re.findall(r"\*\*(\w+)\*\*", entry)
        assert words == ["Means", "Look", "Do"], entry


@pytest.mark.django_db
def test_each_table_is_listed_with_how_long_it_is_kept() -> None:
    part = RUNBOOK.partition("## What is kept")[2]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    listed = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(listed) == sorted(connection.introspection.table_names())
