"""CSV export: streamed, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

from django.http import StreamingHttpResponse
from django.utils import timezone

# The first characters of what a spreadsheet treats as a formula (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | Decimal | datetime | None


def line(cells: Iterable[Cell]) -> str:
    """Return one CSV line; a text that looks like a formula gets an apostrophe in front."""
    buffer = StringIO()
    csv.writer(buffer).writerow(_safe(cell) for cell in cells)
    return buffer.getvalue()


def _safe(cell: Cell) -> str | int | Decimal:
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(FORMULA) else cell
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return "" if cell is None else cell


def download(lines: Iterator[str], *, name: str) -> StreamingHttpResponse:
    """Return a response that streams the lines as the file `name-<today>.csv`."""
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    dated = f"{name}-{timezone.now():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{dated}"'
    response["Cache-Control"] = "private, no-store"
    return response
