"""The UI components, each by itself."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory
from django.utils.dateformat import format as date_format

from generation.models import Status
from vidgo.kernel.web.templatetags import ui

MOMENT = datetime(2026, 11, 22, 16, 43, 5, tzinfo=UTC)


def render(source: str, **values: object) -> str:
    values.setdefault("request", RequestFactory().get("/"))
    return Template(source).render(Context(values)).strip()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@pytest.mark.parametrize(
    ("amount", "signed", "expected"),
    [
        (0, False, "0 credits"),
        (1, False, "1 credit"),
        (17276, False, "17,276 credits"),
        (-40, False, "−40 credits"),
        (10, True, "+10 credits"),
        (-10, True, "−10 credits"),
        (0, True, "0 credits"),
        (None, False, "0 credits"),
    ],
)
def test_credits_have_a_unit_and_a_sign(amount: int | None, signed: bool, expected: str) -> None:
    assert words(ui.credits(amount, signed=signed)) == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0.05", "$0.05"),
        ("0.1", "$0.10"),
        ("0.005", "$0.005"),
        ("1234.5", "$1,234.50"),
        ("5", "$5.00"),
        ("100", "$100.00"),
        ("0", "$0.00"),
    ],
)
def test_money_has_no_more_decimals_than_needed(amount: str, expected: str) -> None:
    assert ui.money(Decimal(amount)) == expected


@pytest.mark.parametrize("state", [*Status.values, "active", "expired", "revoked"])
def test_every_state_has_a_label_and_a_styled_tone(state: str) -> None:
    html = render("{% status state %}", state=state)
    (tone,) = re.findall(r"status--(\w+)", html)
    css = (settings.BASE_DIR / "static/css/components/status.css").read_text()
    assert tone == "waiting" or f".status--{tone}" in css
    assert words(html)


def test_a_time_is_in_utc_until_a_script_converts_it() -> None:
    assert ui.when(MOMENT) == (
        '<time datetime="2026-11-22T16:43:05+00:00">22 Nov 2026, 16:43 UTC</time>'
    )
    assert ui.when(None) == "never"
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=9)))
    assert ui.when(elsewhere) == ui.when(MOMENT)


@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_is_called_as_django_calls_it(month: int) -> None:
    moment = MOMENT.replace(month=month, day=month, hour=month)
    assert f">{date_format(moment, 'j M Y, H:i T')}<" in ui.when(moment)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.04, "0.0 s"), (5.61, "5.6 s"), (60, "1 min 0 s"), (125, "2 min 5 s"), (3720, "1 h 2 min")],
)
def test_a_duration_has_the_largest_fitting_units(seconds: float, expected: str) -> None:
    assert ui.seconds_until(MOMENT, MOMENT + timedelta(seconds=seconds)) == expected
    assert ui.seconds_until(MOMENT, None) == ""


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ("1:1", {"width": 20, "height": 20, "x": 2, "y": 2}),
        ("16:9", {"width": 20, "height": 11.25, "x": 2, "y": 6.38}),
        ("9:16", {"width": 11.25, "height": 20, "x": 6.38, "y": 2}),
    ],
)
def test_a_size_is_drawn_in_its_proportions(size: str, box: dict[str, float]) -> None:
    assert ui.shape(size) == box


def test_a_button_with_an_address_is_a_link() -> None:
    assert render('{% button "Go" href="/x" %}') == '<a class="button" href="/x">Go</a>'
    assert render('{% button "Go" %}') == '<button class="button" type="submit">Go</button>'


def test_what_people_wrote_stays_text_in_every_component() -> None:
    hostile = "<script>alert(1)</script>"
    for source in (
        "{% button text %}",
        "{% empty text text %}",
        "{% card title=text %}{{ text }}{% endcard %}",
        "{% codeblock title=text %}{{ text }}{% endcodeblock %}",
    ):
        html = render(source, text=hostile)
        assert "<script>" not in html
        assert "&lt;script&gt;" in html


def test_code_begins_and_ends_where_it_is_written() -> None:
    html = render("{% codeblock %}\n  curl x \\\n    -d y\n{% endcodeblock %}")
    assert "<code data-copied>  curl x \\\n    -d y</code>" in html


def test_pagination_keeps_the_rest_of_the_query() -> None:
    request = RequestFactory().get("/jobs", {"status": "failed", "before": "old", "after": "x"})
    html = render('{% pagination "n1" "o1" %}', request=request)
    assert re.findall(r'href="([^"]*)"', html) == [
        "?status=failed&amp;after=n1",
        "?status=failed&amp;before=o1",
    ]
    assert render("{% pagination None None %}", request=request) == ""


def test_every_icon_is_drawn_alike() -> None:
    folder = Path(settings.BASE_DIR) / "templates/icons"
    for path in folder.glob("*.svg"):
        drawing = ui.icon(path.stem)
        assert 'viewBox="0 0 24 24"' in drawing, path
        assert 'aria-hidden="true"' in drawing, path


def test_every_icon_in_a_template_exists() -> None:
    folder = Path(settings.BASE_DIR) / "templates"
    named = set()
    for path in folder.rglob("*.html"):
        named |= set(
            re.findall(r'{% icon "(\w+)" %}|icon="(\w+)"|icon_name="(\w+)"', path.read_text())
        )
    for names in named:
        ui.icon(next(name for name in names if name))
    assert len(named) > 10
