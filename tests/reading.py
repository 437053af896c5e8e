"""Reading pages as a browser does: what a test may say about any of them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"]
)


class Markup(HTMLParser):
    """The elements of a page, in order, and what a strict policy would refuse in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.refused: list[str] = []
        self.unbalanced: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.unbalanced += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element."""
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag not in VOID:
            self._open.append(tag)
        if "style" in found or any(name.startswith("on") for name in found):
            self.refused.append(self.get_starttag_text() or tag)
        # Data in a page is no script: browsers never run it, and no policy minds it.
        is_data = found.get("type") == "application/ld+json"
        if tag == "style" or (tag == "script" and not found.get("src") and not is_data):
            self.refused.append(self.get_starttag_text() or tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element that closes itself, as drawings have them."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Check that elements close in the order they opened."""
        if not self._open or self._open.pop() != tag:
            self.unbalanced.append(tag)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements of a kind."""
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key) == value for key, value in attributes.items())
        ]

    @property
    def links(self) -> list[str]:
        """Return where the page's links lead."""
        return [str(found["href"]) for found in self.all("a") if found.get("href")]

    @property
    def ids(self) -> list[str]:
        """Return every id, so that a double one shows."""
        return [str(found["id"]) for _, found in self.elements if found.get("id")]


def read(client: Client, path: str, *, status: int = 200) -> Markup:
    """Get a page and check what every page of ours must hold to."""
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return check(answer)


def check(answer: Any) -> Markup:
    """Return a page's markup; it must be well-formed and need nothing inline."""
    markup = Markup(answer.content.decode())
    assert markup.refused == []
    assert markup.unbalanced == []
    assert len(markup.ids) == len(set(markup.ids)), markup.ids
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    labelled = {found.get("for") for found in markup.all("label")}
    for tag in ("input", "select", "textarea"):
        for found in markup.all(tag):
            if found.get("type") not in ("hidden", "radio"):
                assert found.get("id") in labelled, found
    assert all("alt" in found for found in markup.all("img"))
    assert len(markup.all("h1")) == 1
    return markup


def count_queries(client: Client, path: str) -> int:
    """Return how many queries a page takes once everything is warm."""
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)
