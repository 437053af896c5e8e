"""Retry-After: seconds and dates up to a day are parsed, anything else is ignored."""

from __future__ import annotations

import time

import pytest
from django.utils.http import http_date

from vidgo.kernel.http.retry_after import MAX_SECONDS, parse_retry_after


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("12", 12),
        (" 12\t", 12),
        ("007", 7),
        ("0.5", 0.5),
        ("86400", MAX_SECONDS),
        ("86401", MAX_SECONDS),
        ("9" * 5000, MAX_SECONDS),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", 0),
        ("Wed Oct 21 07:28:00 2015", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_SECONDS),
    ],
)
def test_seconds_and_dates_are_parsed_within_limits(header: str, seconds: float) -> None:
    assert parse_retry_after(header) == seconds


@pytest.mark.parametrize("text", ["%s", "  %s "])
def test_a_future_date_is_counted_from_now(text: str) -> None:
    seconds = parse_retry_after(text % http_date(time.time() + 600))
    assert seconds is not None
    assert 590 < seconds <= 600


@pytest.mark.parametrize(
    "header",
    [
        *(
            None,
            "",
            " ",
            "soon",
            "-1",
            "+1",
            "1e3",
            "0x10",
            "1_000",
            "1,000",
            "5, 10",
            "1 2",
            "12s",
        ),
        *(".5", "5.", "1.2.3", "nan", "inf", "-inf", "\x00", "1\n"),
        # Digits to Python, but not to HTTP.
        *("²", "١٢", "１２", "1２"),
        # Invalid dates.
        *("Wed, 32 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 99999 07:28:00 GMT"),
        *("Wed, 21 Oct 2015 07:28:00 +9999999999999", "2015-10-21T07:28:00Z", "Wed, 21 Oct 2015"),
    ],
)
def test_anything_else_is_ignored(header: str | None) -> None:
    assert parse_retry_after(header) is None
