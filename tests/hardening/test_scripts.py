"""Cross-site scripting: any text in any column is displayed as text and never as markup.

The columns come from the models, so a new one is tried here without a line; so are the pages, from
the access matrix and from the admin.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import CharField, Model, TextField
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts import audit, invitations
from accounts.models import AuditEvent, Organization, User
from generation.models import Job
from tests import factories
from tests.admin.test_site import money, registered
from tests.architecture.addresses import ROWS
from tests.architecture.addresses.rows import World
from tests.architecture.test_tenancy import admin_paths as all_admin_paths
from tests.architecture.test_tenancy import ask, whole
from tests.conftest import Api, signed_in
from tests.generation.dashboard.test_webhooks import fail
from tests.reading import Markup

pytestmark = pytest.mark.django_db

APPS = ("accounts", "billing", "generation")
# Values that our code generates and nobody else can write.
OURS = re.compile(
    r"(public_id|key_id|code|file|image_file|token|sealed|.*hash|sha256|fingerprint|origin|model|"
    r"size|upstream_size|format|output_format|mime|currency|subject|key|pepper_version|"
    r"previous_pepper_version|balance_unit|state|status|kind|source|role|action|pause_reason|"
    r"cropped_from|last_four|previous_last_four|card_last_four|last_error|error|password|url|"
    r"callback_url|image_url|stripe_.*|payment_method_id|object_id|lease_owner|provider|reference)"
)
# Columns with one of these names that others can write.
OTHERS = {
    ("billing", "stripeevent", "error"),
    ("generation", "job", "callback_url"),
    ("generation", "job", "image_url"),
    ("generation", "callback", "url"),
    ("generation", "callbackendpoint", "origin"),
}
BREAKOUT = "</textarea></title></script>"
# Names of query parameters, each of which some page reads.
PARAMETERS = (
    *("q", "state", "status", "model", "key", "since", "until", "from", "to", "month", "days"),
    *("before", "after", "page", "job", "again", "edit", "next", "task", "tier", "prompt", "size"),
    *("output_format", "seed", "image_url", "action", "person", "on", "by", "o", "sort", "period"),
)


def marked(number: int, *, room: int) -> str:
    """Return text that becomes an element `x-<number>` if it is not escaped."""
    short = f"'\"><x-{number}>"
    return BREAKOUT + short if len(BREAKOUT + short) <= room else short


def written() -> Iterator[tuple[type[Model], str, int]]:
    """Yield each text column that users can write, and its maximum length."""
    for label in APPS:
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.fields:
                if not isinstance(field, (CharField, TextField)) or field.choices:
                    continue
                place = (label, str(model._meta.model_name), field.name)
                if not OURS.fullmatch(field.name) or place in OTHERS:
                    yield model, field.name, field.max_length or 1000


@pytest.fixture
def sown(world: World, alice: User, bob: User) -> dict[str, str]:
    """Put a unique mark in each such column of each row; return the marks by column."""
    factories.failed(organization=world.organization)
    money(world.organization, world.api_key)
    fail(world.callback, answer="x")
    invitations.invite(
        organization=world.organization,
        email='"<x-7000>"@example.com',
        role="developer",
        actor=audit.Actor(label="x", user=alice),
    )
    marks = {}
    with connection.cursor() as cursor:
        # Disable the triggers that protect the ledger and the audit log.
        cursor.execute("SET session_replication_role = replica")
        for number, (model, column, room) in enumerate(written(), start=100):
            rows = model._default_manager.all()
            if column == "email":
                continue
            if rows.update(**{column: marked(number, room=room)}):
                marks[f"{model._meta.label}.{column}"] = f"x-{number}"
        cursor.execute("SET session_replication_role = origin")
    return marks


def check_page(answer: Any, where: str) -> set[str]:
    """Fail if a mark became markup; return the marks that are displayed as text."""
    if not str(answer.headers["Content-Type"]).startswith("text/html"):
        return set()
    text = answer.content.decode()
    markup = Markup(text)
    broken = [tag for tag, _ in markup.elements if tag.startswith("x-")]
    assert broken == [], (where, broken)
    assert markup.refused == [], where
    for tag, attributes in markup.elements:
        for name, value in attributes.items():
            if name in ("href", "src", "action", "formaction", "hx-get", "hx-post", "data-next"):
                assert not re.match(r"\s*(javascript|data:text|vbscript)", str(value), re.I), where
            assert not name.startswith("x-"), (where, tag, name)
    return set(re.findall(r"x-\d{3,4}", text))


def admin_paths() -> Iterator[str]:
    """Yield the admin pages of rows and of lists."""
    yield from (path for path in all_admin_paths() if "/1" not in path and "logout" not in path)
    for model in registered():
        meta = model._meta  # type: ignore[attr-defined]
        name = f"admin:{meta.app_label}_{meta.model_name}"
        for row in model.objects.all()[:3]:  # type: ignore[attr-defined]
            yield reverse(f"{name}_change", args=[row.pk])


@pytest.mark.chaos
def test_no_stored_text_is_markup_on_any_page(
    world: World, sown: dict[str, str], operator: Client
) -> None:
    seen = set()
    for route, rows in ROWS.items():
        for row in rows:
            if row.method == "get" and not row.api:
                answer = ask(world, row, route=route, who="alice")
                seen |= check_page(answer, route)
    for path in admin_paths():
        seen |= check_page(whole(operator.get(path)), path)
    # Otherwise the test would prove nothing: these are displayed somewhere.
    displayed = {column for column, mark in sown.items() if mark in seen}
    assert {
        "accounts.Organization.name",
        "accounts.User.name",
        "accounts.ApiKey.name",
        "accounts.AuditEvent.target",
        "accounts.AuditEvent.reason",
        "billing.LedgerEntry.reason",
        "billing.TopUp.failure_message",
        "generation.Job.prompt",
        "generation.Job.callback_url",
        "generation.Job.error_message",
        "generation.Attempt.error_message",
        "generation.CallbackTry.answer",
        "generation.Upload.original_name",
    } <= displayed, sorted(displayed)
    assert "x-7000" in seen


@pytest.mark.chaos
def test_nothing_in_a_url_is_markup_on_any_page(world: World, operator: Client) -> None:
    query = QueryDict(mutable=True)
    for name in PARAMETERS:
        query[name] = marked(500, room=100)
    for route, rows in ROWS.items():
        for row in rows[:1]:
            if row.method != "get" or row.api or route.startswith("webhooks/"):
                continue
            path = (row.path(world) if row.path else f"/{route}").split("?")[0]
            for who in ("anonymous", "alice"):
                answer = whole(world.browsers[who].get(f"{path}?{query.urlencode()}"))
                assert answer.status_code < 500, path
                check_page(answer, path)
    for path in admin_paths():
        answer = whole(operator.get(f"{path}?{query.urlencode()}"))
        assert answer.status_code < 500, path
        check_page(answer, path)
    for path in ("/%3Cx-500%3E", "/models/%3Cx-500%3E", "/docs/%3Cx-500%3E", "/api/%3Cx-500%3E"):
        check_page(Client().get(path), path)


@pytest.mark.chaos
def test_a_refused_form_displays_its_values_as_text(world: World) -> None:
    """Every form of every page, with the mark in each of its fields."""
    tried = 0
    for route, rows in ROWS.items():
        for row in rows:
            if row.method != "post" or row.api or route.startswith(("webhooks/", "stripe")):
                continue
            path = row.path(world) if row.path else f"/{route}"
            page = world.browsers["alice"].get(path)
            names = set(row.body(world))
            if page.status_code == 200 and "html" in page.headers["Content-Type"]:
                names |= set(re.findall(r'name="([^"]+)"', page.content.decode()))
            names -= {"csrfmiddlewaretoken", "organization"}
            form = dict.fromkeys(names, marked(600, room=100))
            answer = whole(world.browsers["alice"].post(path, form, follow=True))
            assert answer.status_code < 500, path
            check_page(answer, path)
            tried += 1
    assert tried > 30


@pytest.mark.parametrize(
    "place",
    [
        "javascript:alert(1)",
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example/",
        "\t//x",
    ],
)
def test_sign_in_redirects_to_no_other_site(
    alice: User, organization: Organization, place: str
) -> None:
    alice.set_password("a long enough secret")
    alice.save()
    page = Client().get("/accounts/login/", {"next": place})
    assert check_page(page, place) == set()
    form = {"login": alice.email, "password": "a long enough secret", "next": place}
    answer = Client().post("/accounts/login/", form)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/dashboard")


def test_nothing_sent_to_the_api_is_markup(
    api: Api, alice: User, wallet: Any, organization: Organization
) -> None:
    """Through the API and not the database: prompt, callback URL, file name, headers."""
    mark = marked(700, room=100)
    sent = api.post(
        "/api/generate/submit",
        {
            "model": "flux-kontext-pro",
            "input": {"prompt": mark},
            "callback_url": "https://x.example/'\"><x-701>",
        },
        headers={"Idempotency-Key": "x-702<b>", "User-Agent": mark, "X-Request-Id": mark},
    )
    assert sent.status_code in (200, 400)
    assert mark not in str(sent.headers)
    if sent.status_code == 400:
        api.post("/api/generate/submit", {"model": "flux-kontext-pro", "input": {"prompt": mark}})
    browser = signed_in(alice)
    browser.post("/dashboard/keys", {"name": mark}, headers={"User-Agent": mark})
    seen = set()
    job = Job.objects.get()
    for path in (
        *("/dashboard", "/dashboard/jobs", "/dashboard/playground", "/dashboard/audit"),
        *("/dashboard/keys", "/dashboard/profile/sessions", f"/dashboard/jobs/{job.public_id}"),
        f"/dashboard/playground?again={job.public_id}",
    ):
        seen |= check_page(browser.get(path), path)
    assert "x-700" in seen


@pytest.mark.parametrize("path", ["jobs.csv", "audit.csv", "usage.csv", "billing/statement.csv"])
def test_no_cell_of_a_csv_file_is_a_formula(world: World, path: str) -> None:
    formula = '=HYPERLINK("https://evil.example","x")'
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        Job.objects.update(prompt=formula, error_message="+1+1", callback_url="@SUM(1)")
        AuditEvent.objects.update(target=formula, reason="-2+3", actor="=1", user_agent="\t=1")
        for table, column in (
            ("accounts_apikey", "name"),
            ("accounts_user", "name"),
            ("billing_ledgerentry", "reason"),
            ("billing_ledgerentry", "actor"),
        ):
            cursor.execute(f"UPDATE {table} SET {column} = %s", [formula])
        cursor.execute("SET session_replication_role = origin")
    answer = whole(world.browsers["alice"].get(f"/dashboard/{path}"))
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert len(rows) > 1
    for cell in (cell for row in rows for cell in row):
        # A negative number of credits is one, and no formula.
        assert not re.match(r"[=+@\t\r]|-(?![\d.]+$)", cell), cell
