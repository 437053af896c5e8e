"""Sheets: rows as CSV, sent while they are read, harmless in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from django.http import StreamingHttpResponse
from django.utils import timezone

# What makes a spreadsheet take a cell for a formula (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def line(cells: Iterable[str]) -> str:
    """Return one line; a cell that looks like a formula is quoted with an apostrophe."""
    buffer = StringIO()
    csv.writer(buffer).writerow(f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells)
    return buffer.getvalue()


def download(lines: Iterator[str], *, name: str) -> StreamingHttpResponse:
    """Return the answer that sends lines as the file `name-<today>.csv`."""
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    dated = f"{name}-{timezone.now():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{dated}"'
    response["Cache-Control"] = "private, no-store"
    return response
