"""CSV export: formulas become text, and numbers stay numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from vidgo.kernel.web import csv_export


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "－1", '=A1,"x"']
)
def test_a_text_that_looks_like_a_formula_is_quoted(text: str) -> None:
    assert csv_export.line([text]).lstrip('"').startswith("'")


def test_other_cells_are_written_as_they_are() -> None:
    moment = datetime(2026, 3, 1, 1, 30, 0, 500, tzinfo=timezone(timedelta(hours=2)))
    cells = ["a=b", "", None, 0, -5, Decimal("-0.050"), moment, moment.astimezone(UTC), 'a "b", c']
    assert csv_export.line(cells) == (
        'a=b,,,0,-5,-0.050,2026-02-28T23:30:00Z,2026-02-28T23:30:00Z,"a ""b"", c"\r\n'
    )
