"""E-mails: each has a subject, a text and an HTML part, in one design and complete."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core import mail as outgoing
from django.core.mail import EmailMultiAlternatives
from django.template import engines
from django.template.loader import render_to_string

from tests.kernel.emails import ALLAUTHS, OURS
from vidgo.kernel.web import mail
from vidgo.kernel.web.mail import Letter
from vidgo.kernel.web.templatetags.mail_tags import inlined

Writer = Callable[[str], Letter]
TEMPLATES = Path(settings.BASE_DIR) / "templates"
MISSING = "⟦missing⟧"
VOID = {"meta", "br", "img"}
PRESENTED = re.compile(r"<(?:h1|p|a|strong|code|ul|li|table|th|td)(?=[\s>])[^>]*>")


@pytest.fixture(autouse=True)
def _missing_variables_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", MISSING)  # type: ignore[attr-defined]


class Page(HTMLParser):
    """The text of an e-mail's HTML, and the faults in its elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words = ""
        self.links: list[str] = []
        self.fetched: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember links and what would be fetched."""
        found = dict(attrs)
        if tag == "a":
            self.links.append(str(found["href"]))
        if tag in ("img", "script", "link", "iframe") or found.get("src"):
            self.fetched.append(tag)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that elements close in the order they opened."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Remember the words."""
        if "style" not in self._open:
            self.words += f" {data}"


def ours(kind: str) -> Letter:
    return mail.write(kind=kind, context=OURS[kind])


def allauths(prefix: str) -> Letter:
    """Return a message of allauth's as its adapter renders it."""
    context = {
        "site_name": settings.VIDGO_NAME,
        "public_url": settings.VIDGO_PUBLIC_URL,
        "email": "a@example.com",
        **ALLAUTHS[prefix],
    }
    message = get_adapter().render_mail(prefix, "a@example.com", context)
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    return Letter(subject=message.subject, text=message.body, html=html)


LETTERS = [
    *(pytest.param(ours, kind, id=kind) for kind in OURS),
    *(pytest.param(allauths, prefix, id=prefix) for prefix in ALLAUTHS),
]


def test_every_email_has_three_files_and_an_example() -> None:
    kinds = {path.stem for path in (TEMPLATES / "emails").glob("*.html")} - {"base"}
    assert kinds == set(OURS), "give tests/kernel/emails.py an example of it"
    for kind in kinds:
        for ending in ("_subject.txt", ".txt", ".html"):
            assert (TEMPLATES / f"emails/{kind}{ending}").exists(), kind + ending
    prefixes = set()
    for folder in ("account/email", "mfa/email"):
        for path in (TEMPLATES / folder).glob("*_subject.txt"):
            prefixes.add(f"{folder}/{path.name.removesuffix('_subject.txt')}")
    assert prefixes == set(ALLAUTHS), "give tests/kernel/emails.py an example of it"


@pytest.mark.parametrize(("write", "kind"), LETTERS)
def test_every_part_of_an_email_is_complete(write: Writer, kind: str) -> None:
    letter = write(kind)
    for part in (letter.subject, letter.text, letter.html):
        assert MISSING not in part
        assert "{{" not in part
        assert "{%" not in part
    assert letter.subject
    assert "\n" not in letter.subject
    assert len(letter.subject) < 120
    page = Page(letter.html)
    assert page.fetched == [], "nothing is fetched from anywhere"
    assert len(letter.html) < 30_000, "Gmail cuts what is longer than 102 kB"
    # The same links in both parts, and the same reason why somebody gets this.
    for link in page.links:
        assert link in letter.text
    why = re.search(r"You get this because ([^.]+)\.", " ".join(letter.text.split()))
    assert why
    assert why[0] in " ".join(page.words.split())


@pytest.mark.parametrize(("write", "kind"), LETTERS)
def test_each_element_of_an_email_carries_its_style(write: Writer, kind: str) -> None:
    letter = write(kind)
    for element in PRESENTED.findall(letter.html):
        assert "style=" in element or 'role="presentation"' in element, element
    assert letter.html.count("<h1") == 1


@pytest.mark.parametrize(("write", "kind"), LETTERS)
def test_the_text_of_an_email_reads_as_text(write: Writer, kind: str) -> None:
    text = write(kind).text
    assert "&amp;" not in text
    assert "&lt;" not in text
    assert "\n\n\n" not in text
    assert not text.startswith("\n")
    assert text.rstrip().endswith(f"{settings.VIDGO_NAME}, {settings.VIDGO_PUBLIC_URL}")


def test_a_name_can_add_neither_html_nor_a_header() -> None:
    letter = ours("low_balance")
    assert "<b>" not in letter.html
    assert "&lt;b&gt;" in letter.html
    assert '<b>"Co"</b>' in letter.text
    assert letter.subject.startswith('Söhne & <b>"Co"</b> Bcc: x@example.com is running low')


def test_each_address_gets_a_message_of_its_own() -> None:
    sent = mail.send(
        kind="low_balance", to=["a@example.com", "b@example.com"], context=OURS["low_balance"]
    )
    assert sent == 2
    assert [message.to for message in outgoing.outbox] == [["a@example.com"], ["b@example.com"]]
    for message in outgoing.outbox:
        assert isinstance(message, EmailMultiAlternatives)
        ((html, kind),) = message.alternatives
        assert (kind, "<h1" in str(html)) == ("text/html", True)
        assert message.extra_headers["Auto-Submitted"] == "auto-generated"
        assert "Bcc" not in message.message()


def test_an_element_is_styled_once() -> None:
    assert inlined("<br>") == "<br>"
    assert inlined('<p style="x">') == '<p style="x">'
    assert re.fullmatch(
        r'<a href="https://x.example" class="m-ink" style="[^"]+">',
        inlined('<a href="https://x.example">'),
    )
    assert 'class="m-faint"' in inlined('<p class="faint">')
    with pytest.raises(KeyError):
        inlined('<p class="unheard-of">')


def test_a_missing_variable_is_detected() -> None:
    without = {**OURS["low_balance"]}
    del without["organization"]
    assert MISSING in render_to_string("emails/low_balance.txt", without)


def test_the_button_of_a_message_leads_where_its_text_says() -> None:
    page = Page(allauths("account/email/password_reset_key").html)
    assert page.links[0] == ALLAUTHS["account/email/password_reset_key"]["password_reset_url"]
