"""The job list: filters show the matching jobs and are in the URL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.product import Product
from tests.browser.visit import Visit
from tests.running import wait_for

FOX = "a red fox in the snow"
SEA = "a calm sea under a full moon"
LIGHTHOUSE = "a lighthouse in a storm"
BY_DEMO_KEY = "a kite that only the demo key requests"


@pytest.fixture(scope="module", autouse=True)
def _a_job_of_another_key(product: Product) -> None:
    headers = {"Authorization": f"Bearer {product.demo['api_key']}"}
    body = {"model": "flux-kontext-pro", "input": {"prompt": BY_DEMO_KEY}}
    submit = f"{product.address}/api/generate/submit"
    answer = requests.post(submit, json=body, headers=headers, timeout=30)
    status = f"{product.address}/api/generate/status/{answer.json()['data']['task_id']}"

    def has_ended() -> bool:
        found = requests.get(status, headers=headers, timeout=30).json()["data"]["status"]
        return found in {"finished", "failed"}

    wait_for(has_ended, seconds=30, what="end of a job")


def rows(page: Page) -> str:
    """Return the rows of the list."""
    return page.locator("tbody").inner_text()


@pytest.mark.parametrize(
    ("label", "choice", "seen", "hidden", "kept"),
    [
        ("State", "Failed", LIGHTHOUSE, FOX, "status=failed"),
        ("State", "Finished", FOX, LIGHTHOUSE, "status=finished"),
        ("Model", "FLUX Kontext Max", SEA, FOX, "model=flux-kontext-max"),
        ("Source", "Demo (", BY_DEMO_KEY, FOX, "key="),
        ("Source", "Production server (", FOX, BY_DEMO_KEY, "key="),
    ],
)
def test_a_filter_shows_matching_jobs_and_is_in_the_url(
    visit: Callable[..., Visit], label: str, choice: str, seen: str, hidden: str, kept: str
) -> None:
    page = visit("billing").open("/dashboard/jobs")
    assert seen in rows(page)
    assert hidden in rows(page)
    filters = page.get_by_role("search", name="Jobs")
    field = filters.get_by_label(label)
    option = field.locator("option", has_text=choice).first
    field.select_option(str(option.get_attribute("value")))
    filters.get_by_role("button", name="Filter").click()
    page.wait_for_url(f"**{kept}*")
    for again in (False, True):
        if again:
            page.reload()
        assert seen in rows(page)
        assert hidden not in rows(page)
        expect(field).to_have_value(str(option.get_attribute("value")))


def test_a_search_finds_a_job_by_the_start_of_its_prompt_and_by_its_id(
    visit: Callable[..., Visit],
) -> None:
    page = visit("owner").open("/dashboard/jobs")
    search = page.get_by_role("searchbox")
    search.fill(FOX)
    search.press("Enter")
    page.wait_for_url("**search=a+red+fox*")
    assert FOX in rows(page)
    assert SEA not in rows(page)
    task_id = page.locator("tbody .mono").first.inner_text()
    search.fill(task_id)
    search.press("Enter")
    page.wait_for_url(f"**search={task_id}*")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_days_before_and_after_show_nothing_and_a_way_back(visit: Callable[..., Visit]) -> None:
    page = visit("owner").open("/dashboard/jobs")
    today = datetime.now(UTC).date()
    # A day of room, since midnight may pass meanwhile.
    near, far = timedelta(days=2), timedelta(days=9)
    for first, last in ((today - far, today - near), (today + near, today + far)):
        page.get_by_label("From (UTC)").fill(first.isoformat())
        page.get_by_label("To (UTC)").fill(last.isoformat())
        page.get_by_role("button", name="Filter").click()
        page.wait_for_url(f"**from={first}*")
        expect(page.get_by_text("No matches")).to_be_visible()
    page.get_by_label("From (UTC)").fill((today - near).isoformat())
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url(f"**from={today - near}*")
    assert FOX in rows(page)
    page.get_by_role("link", name="Clear").click()
    page.wait_for_url("**/dashboard/jobs")


def test_going_back_shows_the_filter_before(visit: Callable[..., Visit]) -> None:
    page = visit("owner").open("/dashboard/jobs")
    state = page.get_by_label("State")
    for choice in ("failed", "finished"):
        state.select_option(choice)
        page.get_by_role("button", name="Filter").click()
        page.wait_for_url(f"**status={choice}*")
    page.locator("tbody a").first.click()
    page.wait_for_url("**/dashboard/jobs/task_*")
    for choice, seen in (("finished", FOX), ("failed", LIGHTHOUSE)):
        page.go_back()
        page.wait_for_url(f"**status={choice}*")
        expect(state).to_have_value(choice)
        assert seen in rows(page)
