"""Keyset pagination: forward and back, without gaps and repetitions."""

from __future__ import annotations

import pytest

from accounts.models import AuditEvent
from vidgo.kernel.web import pagination

pytestmark = pytest.mark.django_db


@pytest.fixture
def events() -> list[str]:
    """Seven events, the newest first."""
    for number in range(7):
        AuditEvent.objects.create(actor="test", action="test", request_id=f"r{number}")
    return [f"r{number}" for number in reversed(range(7))]


def turn(**query: str) -> pagination.Page[AuditEvent]:
    return pagination.turn(AuditEvent.objects.all(), key="request_id", query=query, size=3)


def keys(page: pagination.Page[AuditEvent]) -> list[str]:
    return [event.request_id for event in page.rows]


def test_the_first_page_has_nothing_newer(events: list[str]) -> None:
    page = turn()
    assert (keys(page), page.newer, page.older) == (events[:3], None, events[2])


def test_paging_forward_returns_every_row_once(events: list[str]) -> None:
    met, page = [], turn()
    while True:
        met += keys(page)
        if page.older is None:
            break
        page = turn(before=page.older)
    assert met == events


def test_paging_back_returns_the_same_pages(events: list[str]) -> None:
    last = turn(before=events[5])
    assert (keys(last), last.older) == (events[6:], None)
    middle = turn(after=str(last.newer))
    assert (keys(middle), middle.newer, middle.older) == (events[3:6], events[3], events[5])
    first = turn(after=str(middle.newer))
    assert (keys(first), first.newer) == (events[:3], None)


def test_an_empty_list_is_one_empty_page() -> None:
    page = turn()
    assert (page.rows, page.newer, page.older) == ([], None, None)


def test_nothing_newer_than_the_newest_is_an_empty_page(events: list[str]) -> None:
    assert turn(after=events[0]).rows == []


@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize("row", ["nonsense", "a\x00b"])
def test_a_row_that_is_not_in_the_list_has_no_page(events: list[str], name: str, row: str) -> None:
    with pytest.raises(pagination.UnknownPage):
        turn(**{name: row})
