"""The documentation pages: complete, the same for everyone, and consistent with the code."""

from __future__ import annotations

import base64
import importlib
import json
import pkgutil
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

import accounts
import billing
import generation
import vidgo
from accounts.api_keys import restrictions
from accounts.models import Organization, User
from generation import catalog
from generation.api import examples
from generation.api.urls import urlpatterns
from generation.docs_site import code, contents, errors
from generation.jobs import generation_request
from generation.templatetags.guide_tags import SCHEMAS, backticks, fields_of
from tests import factories
from tests.conftest import Api, signed_in
from tests.reading import check, read
from vidgo.kernel.errors import DomainError

PATHS = ["/docs", *(f"/docs/{page.slug}" for page in contents.PAGES)]


def text_of(path: str) -> str:
    """Return a page's words, without tags and with single spaces."""
    content = Client().get(path).content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", content).split())


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_whole_and_asks_the_database_nothing(path: str) -> None:
    # Without the db fixture any query is an error.
    page = read(Client(), path)
    assert page.all("link", rel="canonical")
    assert page.all("meta", name="description")
    assert not page.all("meta", name="robots")
    # The list of pages is there twice: at the side, and in the menu of a phone.
    current = [found for found in page.all("a") if found.get("aria-current") == "page"]
    assert [found["href"] for found in current].count(path) >= 2


def test_every_link_on_every_page_leads_somewhere(db: None) -> None:
    client = Client()
    pages = {path: read(client, path) for path in PATHS}
    places = {
        (link.partition("#")[0] or path, link.partition("#")[2])
        for path, page in pages.items()
        for link in page.links
        if not link.startswith(("http://", "https://", "/api/schema"))
    }
    answers = {place: client.get(place) for place in {place for place, _ in places} - set(pages)}
    assert {answer.status_code for answer in answers.values()} <= {200, 302}
    for place, anchor in places:
        if anchor:
            target = pages.get(place) or check(answers[place])
            assert anchor in target.ids, f"{place}#{anchor}"


def test_the_former_page_about_callbacks_redirects_to_webhooks() -> None:
    answer = Client().get("/docs/callbacks")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/docs/webhooks")


def test_a_page_that_does_not_exist_is_not_found(db: None) -> None:
    answer = Client().get("/docs/nothing")
    assert answer.status_code == 404
    assert "no such documentation page" in answer.content.decode()


def test_pages_are_the_same_for_members_and_may_be_kept_by_caches(
    alice: User, organization: Organization
) -> None:
    browser = signed_in(alice)
    # The first page of a session notes when it was seen.
    browser.get("/docs/submit")
    # The middleware that looks for an operator's view reads the session; the page asks nothing.
    with CaptureQueriesContext(connection) as queries:
        seen = browser.get("/docs/submit")
    assert [query["sql"] for query in queries if "django_session" not in query["sql"]] == []
    answer = Client().get("/docs/submit")
    assert seen.content == answer.content
    assert set(answer.headers["Cache-Control"].split(", ")) == {"public", "max-age=300"}
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_pages_follow_one_another() -> None:
    for before, after in zip(contents.PAGES, contents.PAGES[1:], strict=False):
        page = read(Client(), f"/docs/{before.slug}")
        assert [found["href"] for found in page.all("a", rel="next")] == [f"/docs/{after.slug}"]
        page = read(Client(), f"/docs/{after.slug}")
        assert [found["href"] for found in page.all("a", rel="prev")] == [f"/docs/{before.slug}"]


def test_the_headings_of_a_page_are_listed_at_its_side() -> None:
    page = read(Client(), "/docs/submit")
    listed = [found["href"] for found in page.all("a") if found.get("class") == "docs__toc-link"]
    assert listed == [f"#{found['id']}" for found in page.all("h2") if found.get("id")]
    assert "#sizes" in listed


def test_each_endpoint_is_explained_on_a_page() -> None:
    documented = {re.sub(r"\{\w+\}", "*", each.path) for each in contents.ENDPOINTS}
    served = {
        "/" + re.sub(r"<[^>]+>", "*", str(each.pattern))
        for each in urlpatterns
        if re.match(r"api/(generate|common)|v1/", str(each.pattern))
    }
    assert served <= documented
    for each in contents.ENDPOINTS:
        text = text_of(f"/docs/{each.page}")
        assert each.path in text or each.path.removesuffix("/{model_id}") in text, each.path


def test_every_error_the_code_can_raise_is_explained() -> None:
    for package in (vidgo, accounts, billing, generation):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and ".simulator" not in module.name:
                importlib.import_module(module.name)
    explained = {(kind.status, kind.type) for kind in errors.kinds()}
    assert explained == set(errors.ADVICE), "advice about what nothing raises"
    assert len(explained) >= 15
    page = read(Client(), "/docs/errors")
    for kind in errors.kinds():
        assert kind.anchor in page.ids


def test_an_error_without_advice_is_noticed() -> None:
    class Teapot(DomainError):
        status = 418
        type = "teapot_error"

    try:
        with pytest.raises(KeyError):
            errors.kinds()
    finally:
        # Classes are forgotten when nothing holds them, and not before.
        Teapot.status, Teapot.type = 400, "invalid_request_error"


def test_every_field_of_a_request_is_listed_with_its_bounds() -> None:
    listed = {field.name: field for field in fields_of("submit")}
    given = {f"input.{name}" for name in generation_request.KNOWN_FIELDS}
    assert set(listed) == {"model", "callback_url", "input"} | given
    assert listed["input.prompt"].bounds == f"1 to {catalog.PROMPT_MAX_CHARACTERS:,} characters"
    assert listed["input.seed"].bounds == f"0 to {catalog.SEED_MAX}"
    assert listed["input.size"].choices == tuple(s.name for s in catalog.load().listed_sizes)
    assert listed["input.size"].default == catalog.DEFAULT_SIZE
    assert listed["input.output_format"].default == catalog.DEFAULT_FORMAT
    assert [name for name, field in listed.items() if field.required] == [
        "model",
        "input",
        "input.prompt",
    ]
    for schema in SCHEMAS:
        fields = fields_of(schema)
        assert all(field.description for field in fields if field.name != "seed"), schema


def test_prices_and_sizes_are_the_catalogs() -> None:
    words = text_of("/docs/models")
    for model in catalog.load().models.values():
        task = "Image to image" if model.is_edit else "Text to image"
        assert f"{model.id} {task} {model.price_credits} ${model.price_usd:.2f}" in words
    for size in catalog.load().listed_sizes:
        assert re.search(rf"{size.name} (default )?{size.width} {size.height}", words), size.name
        assert f"{size.name} {size.width} × {size.height}" in text_of("/docs/submit")


def test_limits_are_those_that_are_set(settings: Settings) -> None:
    settings.RATE_LIMIT_KEY_PER_MINUTE = 1234
    settings.RESULT_RETENTION_DAYS = 77
    settings.UPLOAD_RETENTION_HOURS = 99
    assert "1,234" in text_of("/docs/limits")
    assert "77 days" in text_of("/docs/status")
    assert "99 hours" in text_of("/docs/uploads")


def test_each_scope_of_a_key_is_documented() -> None:
    words = text_of("/docs/authentication")
    for scope, description in restrictions.SCOPES.items():
        assert f"{scope} {description}" in words


def test_examples_have_the_shape_of_real_answers(api: Api, organization: Organization) -> None:
    def shape(value: object) -> object:
        if isinstance(value, dict):
            return {key: shape(each) for key, each in value.items()}
        if isinstance(value, list):
            return [shape(value[0])] if value else []
        return type(value).__name__

    def same(name: str, answer: object) -> None:
        # As JSON has it: an enumeration's member is a string.
        example = json.loads(json.dumps(examples.ALL[name]()))
        assert shape(example) == shape(answer.json()), name  # type: ignore[attr-defined]

    factories.credits(organization=organization, amount=100)
    body = {"model": "flux-kontext-max", "input": {"prompt": "a fox"}}
    same("submitted", api.post("/api/generate/submit", body))
    same("error", api.post("/api/generate/submit", {**body, "input": {"prompt": 1}}))
    finished = factories.finished(organization=organization)
    same("finished", api.get(f"/api/generate/status/{finished.public_id}"))
    running = factories.running(organization=organization)
    same("running", api.get(f"/api/generate/status/{running.public_id}"))
    failed = factories.failed(organization=organization)
    same("failed", api.get(f"/api/generate/status/{failed.public_id}"))
    factories.finished(organization=organization)
    same("tasks", api.get("/api/generate/tasks?status=finished&limit=1"))
    same("balance", api.get("/api/user/balance"))
    same("ledger", api.get("/api/billing/ledger?kind=charge"))
    same("models", api.get("/v1/catalog/models"))
    data = {"base64_data": base64.b64encode(factories.png()).decode(), "file_name": "photo.png"}
    same("uploaded", api.post("/api/common/upload/base64", data))


def test_a_sample_is_there_in_three_languages_and_on_a_page() -> None:
    pages = "".join(text_of(path) for path in PATHS)
    assert "curl Python JavaScript" in pages
    templates = "".join(
        path.read_text() for path in (Path(settings.BASE_DIR) / "templates/docs").rglob("*.html")
    )
    names = {path.stem for path in code.FOLDER.glob("*.py")}
    for name in names:
        assert len(code.samples_of(name)) >= 3, name
        assert f'{{% sample "{name}"' in templates, name
    for path in code.FOLDER.iterdir():
        assert path.stem in names or path.name == "__pycache__"


def test_code_is_escaped_and_colored_by_classes_alone() -> None:
    html = code.highlight(text='print("<b>")', language="python")
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert 'class="hl-' in html
    assert "style=" not in html
    with pytest.raises(LookupError):
        code.samples_of("nothing")


def test_backticks_become_code() -> None:
    assert backticks("Read `a<b` now.") == "Read <code>a&lt;b</code> now."
