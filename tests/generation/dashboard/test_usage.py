"""The usage page: charts, tables and a CSV with the same numbers."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiKey, Organization
from billing.models import LedgerEntry
from generation.dashboard import usage
from generation.models import Job
from generation.reporting import daily_usage as adding
from tests import factories
from tests.reading import count_queries, read
from vidgo.kernel.web import charts

pytestmark = pytest.mark.django_db


def path(query: str = "") -> str:
    return reverse("usage") + query


def text_of(client: Client, query: str = "") -> str:
    content = client.get(path(query)).content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", content[content.index("<main") :]).split())


def sheet(client: Client, query: str = "") -> list[dict[str, str]]:
    answer: Any = client.get(reverse("usage_csv") + query)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def move(job: Job, *, days: int) -> None:
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=days))


@pytest.fixture
def key(organization: Organization) -> ApiKey:
    return factories.api_key(organization=organization, name="Server").api_key


@pytest.fixture
def jobs(organization: Organization, key: ApiKey) -> None:
    """Three jobs of 10, 20 and 20 credits; one of 20 failed."""
    move(factories.finished(organization=organization, api_key=key), days=40)
    factories.finished(organization=organization, api_key=key, model="flux-kontext-max")
    factories.failed(organization=organization, model="flux-kontext-max")


def test_the_page_shows_what_the_ledger_says(
    alice_client: Client, organization: Organization, jobs: None
) -> None:
    entries = LedgerEntry.objects.for_organization(organization)
    moved = entries.filter(kind__in=["charge", "refund"]).aggregate(s=Sum("amount_credits"))["s"]
    assert moved == -30
    text = text_of(alice_client, "?period=90")
    assert "Spent 30 credits $0.15" in text
    assert "Jobs 3 2 finished" in text
    assert "Failed 1 20 credits refunded" in text
    assert "Average 15.0 credits per image" in text
    assert "Total 3 2 1 50 20 30 $0.15" in text


def test_without_a_period_it_is_thirty_days(alice_client: Client, jobs: None) -> None:
    page = read(alice_client, path())
    (chosen,) = [link for link in page.all("a") if link.get("aria-current") == "true"]
    assert chosen["href"] == "?period=30"
    assert "Spent 20 credits $0.10" in text_of(alice_client)


def test_it_tells_models_and_keys_apart(alice_client: Client, jobs: None, key: ApiKey) -> None:
    text = text_of(alice_client, "?period=90")
    assert "FLUX Kontext Max flux-kontext-max 20 credits 2 jobs · 66.7 %" in text
    assert "FLUX Kontext Pro flux-kontext-pro 10 credits 1 job · 33.3 %" in text
    assert f"Server {key.display} 30 credits 2 jobs · 100.0 %" in text
    assert "Playground without a key 0 credits 1 job · 0.0 %" in text


def test_usage_is_filtered_by_model_and_key(alice_client: Client, jobs: None, key: ApiKey) -> None:
    assert "Spent 20 credits" in text_of(alice_client, "?period=90&model=flux-kontext-max")
    assert "Spent 30 credits" in text_of(alice_client, f"?period=90&key={key.key_id}")
    assert "Jobs 1 0 finished" in text_of(alice_client, "?period=90&key=playground")
    text = text_of(alice_client, "?period=90&key=playground&model=flux-kontext-pro")
    assert "No matches" in text


def test_a_period_keeps_the_other_filters(alice_client: Client, key: ApiKey) -> None:
    links = read(alice_client, path(f"?key={key.key_id}&from=2026-01-01&to=2026-01-31")).links
    assert f"?key={key.key_id}&period=7" in links


def test_days_of_ones_own_are_inclusive_and_utc(
    alice_client: Client, organization: Organization
) -> None:
    job = factories.finished(organization=organization)
    late = timezone.now().astimezone(UTC).replace(year=2026, month=3, day=31, hour=23, minute=59)
    Job.objects.filter(pk=job.pk).update(created_at=late)
    assert "Spent 10 credits" in text_of(alice_client, "?from=2026-03-31&to=2026-03-31")
    assert "Spent 0 credits" in text_of(alice_client, "?from=2026-04-01&to=2026-04-30")
    assert "31 Mar 2026 1 1 0 10 0 10 $0.05" in text_of(
        alice_client, "?from=2026-03-01&to=2026-04-09"
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?from=yesterday", "Enter a day such as 2026-11-30."),
        ("?to=0001-01-01", "Enter a day such as 2026-11-30."),
        ("?from=2026-03-02&to=2026-03-01", "The last day must not be before the first."),
        ("?from=2024-01-01&to=2026-01-01", "Choose at most 366 days."),
    ],
)
def test_invalid_days_are_reported_and_kept(
    query: str, message: str, alice_client: Client, jobs: None
) -> None:
    page = read(alice_client, path(query))
    assert message in text_of(alice_client, query)
    typed = {field["name"]: field.get("value") for field in page.all("input") if "name" in field}
    for pair in query[1:].split("&"):
        name, value = pair.split("=")
        assert typed[name] == value
    answer = alice_client.get(reverse("usage_csv") + query)
    assert answer.status_code == 400
    assert message in answer.content.decode()


@pytest.mark.parametrize("query", ["?period=9", "?model=nonsense", "?key=nonsense", "?key=%00"])
def test_a_choice_that_is_none_is_passed_over(query: str, alice_client: Client, jobs: None) -> None:
    assert "Spent 20 credits" in text_of(alice_client, query)


def test_a_foreign_key_is_no_choice(
    alice_client: Client, other_organization: Organization, jobs: None
) -> None:
    foreign = factories.api_key(organization=other_organization, name="Secret name").api_key
    text = text_of(alice_client, f"?key={foreign.key_id}")
    assert "Spent 20 credits" in text
    assert "Secret name" not in text


def test_long_ranges_are_grouped_by_month(alice_client: Client, jobs: None) -> None:
    text = text_of(alice_client, "?period=365")
    assert "By month" in text
    month = (timezone.now() - timedelta(days=40)).astimezone(UTC)
    assert f"{month:%B %Y} 1 1 0 10 0 10 $0.05" in text


def test_every_chart_has_a_label_and_a_table(alice_client: Client, jobs: None) -> None:
    page = read(alice_client, path())
    labels = [str(found["aria-label"]) for found in page.all("svg", role="img")]
    assert [label.split(" by day")[0] for label in labels] == ["Credits spent", "Jobs"]
    assert all("UTC. The table has the same data." in label for label in labels)
    assert len(page.all("tfoot")) == 1


def test_nothing_yet_says_what_to_do(alice_client: Client, organization: Organization) -> None:
    text = text_of(alice_client)
    assert "No jobs in this period" in text
    assert "No spending in this period" in text
    page = read(alice_client, path())
    assert reverse("playground") in page.links
    assert reverse("usage_csv") not in page.links


def test_the_file_says_what_the_page_says(alice_client: Client, jobs: None, key: ApiKey) -> None:
    rows = sheet(alice_client, "?period=90")
    assert sum(int(row["net_credits"]) for row in rows) == 30
    assert {row["api_key"] for row in rows} == {key.display, ""}
    assert [row["net_usd"] for row in sheet(alice_client, "?period=90&model=flux-kontext-pro")] == [
        "0.050"
    ]


def test_the_file_is_sent_while_it_is_read(alice_client: Client, jobs: None) -> None:
    answer = alice_client.get(reverse("usage_csv"))
    assert answer.streaming
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="usage-\d{4}-\d\d-\d\d.csv"', answer.headers["Content-Disposition"]
    )


def test_usage_takes_the_same_queries_for_much_data(
    alice_client: Client, organization: Organization, jobs: None, key: ApiKey
) -> None:
    few = count_queries(alice_client, path("?period=90"))
    for number in range(3):
        other = factories.api_key(organization=organization, name=f"More {number}").api_key
        factories.finished(organization=organization, api_key=other)
    adding.write_daily_totals()
    assert count_queries(alice_client, path("?period=90")) == few
    assert few <= 11


def test_the_page_names_the_keys_that_spent_most(
    alice_client: Client,
    organization: Organization,
    jobs: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(usage, "KEYS_LISTED", 1)
    text = text_of(alice_client, "?period=90")
    assert "1 more in the CSV file." in text
    assert "Playground without a key" not in text


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 2), (1, 2), (2, 2), (3, 4), (9, 20), (20, 20), (21, 40), (81, 200), (999, 2000)],
)
def test_a_scale_ends_at_a_round_number(highest: int, top: int) -> None:
    assert charts.ceiling(highest) == top


def test_bars_stand_on_each_other_and_on_the_ground() -> None:
    chart = charts.stack(
        label="",
        titles=["one", "two"],
        short=["1", "2"],
        series=[charts.Series("A", "good", [3, 0]), charts.Series("B", "bad", [1, 2])],
    )
    assert chart.scale == [4, 2, 0]
    assert [(bars.tone, bars.path) for bars in chart.bars] == [
        ("good", "M1.2 25h7.6v75h-7.6z"),
        ("bad", "M1.2 0h7.6v25h-7.6zM11.2 50h7.6v50h-7.6z"),
    ]
    tips = re.sub(r"<[^>]*>", " ", chart.tips).split()
    assert tips == ["one", "3", "a", "1", "b", "two", "2", "b"]


def test_some_bars_have_their_name_below_them_the_last_among_them() -> None:
    numbers = [str(number) for number in range(30)]
    chart = charts.stack(label="", titles=numbers, short=numbers, series=[])
    assert re.findall(r"<span>(.*?)</span>", chart.names) == ["5", "11", "17", "23", "29"]
    assert chart.names.count("<li>") == 30


def test_what_is_written_around_a_drawing_is_escaped() -> None:
    series = [charts.Series("<b>", "good", [1])]
    chart = charts.stack(label="", titles=["<i>"], short=["<u>"], series=series)
    assert "<i>" not in chart.tips
    assert "<b>" not in chart.tips
    assert "<u>" not in chart.names
