"""States without a link: submitted forms, errors, Stripe's pages, printed pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.product import CROWDED, NEWCOMER, NOBODY
from tests.browser.visit import Visit

PLAYGROUND = ".playground__form"
SIMULATOR = "/stripe-simulator/"
JOB = "/dashboard/jobs/task_"


@dataclass(frozen=True, slots=True)
class State:
    """A page in a state, and how a role reaches it."""

    name: str
    role: str
    reach: Callable[[Visit], object]
    on_paper: bool = False


def _sent(path: str, form: str = "main form[method=post]", **typed: str) -> Callable[[Visit], None]:
    """Submit a form without the browser's own validation."""

    def reach(guest: Visit) -> None:
        page = guest.open(path)
        for name, value in typed.items():
            page.locator(f"{form} [name={name}]").first.fill(value)
        chosen = page.locator(form).first
        chosen.evaluate("(form) => { form.noValidate = true; }")
        chosen.locator("button[type=submit]").last.click()
        page.wait_for_load_state("load")

    return reach


def _opened(path: str) -> Callable[[Visit], object]:
    return lambda guest: guest.open(path)


def _followed(path: str, *links: str) -> Callable[[Visit], None]:
    """Open a page, then the first link that contains each text in turn."""

    def reach(guest: Visit) -> None:
        page = guest.open(path)
        for link in links:
            href = page.locator(f"main a[href*='{link}']").first.get_attribute("href")
            guest.open(str(href))

    return reach


def _run(prompt: str, until: str) -> Callable[[Visit], None]:
    """Run a prompt in the members' playground until its result is in a state."""
    send = _sent("/dashboard/playground", PLAYGROUND, prompt=prompt)

    def reach(guest: Visit) -> None:
        send(guest)
        guest.page.locator("#result").locator(until).first.wait_for()

    return reach


def _asked_too_often(guest: Visit) -> None:
    ask = _sent("/accounts/password/reset/", email="forgetful@example.com")
    while not guest.page.get_by_text("Please wait a minute").is_visible():
        ask(guest)


def _at_checkout(guest: Visit) -> None:
    guest.open("/dashboard/billing").locator("main button", has_text="$").first.click()
    guest.page.wait_for_url("**/stripe-simulator/**")


def _with_card(number: str) -> Callable[[Visit], None]:
    """Pay with one of the simulator's test cards."""

    def reach(guest: Visit) -> None:
        _at_checkout(guest)
        page = guest.page
        page.get_by_label("Card number").fill(number)
        page.get_by_label("Expiry").fill("12 / 40")
        page.get_by_label("CVC").fill("123")
        page.get_by_role("button", name="Pay $").click()
        page.wait_for_load_state("load")

    return reach


def _paid(guest: Visit) -> None:
    _at_checkout(guest)
    guest.pay()
    guest.page.get_by_role("heading", name="Thank you").wait_for()


def _at_portal(guest: Visit) -> None:
    guest.open("/dashboard/billing").locator("form[action$='portal'] button").click()
    guest.page.wait_for_url("**/stripe-simulator/portal/**")


def _at_reference(guest: Visit) -> None:
    guest.open("/api/docs").get_by_text("/api/generate/submit").first.wait_for()


def _at_operation(guest: Visit) -> None:
    _at_reference(guest)
    guest.page.get_by_text("/api/generate/submit").first.click()
    guest.page.get_by_role("button", name="Try it out").wait_for()


STATES = (
    State("wrong-sign-in", NOBODY, _sent("/accounts/login/", login="x@example.com", password="no")),
    State("wrong-sign-up", NOBODY, _sent("/accounts/signup/", email="nobody@", password1="123")),
    State("wrong-reset", NOBODY, _sent("/accounts/password/reset/", email="nobody@")),
    State("reset-sent", NOBODY, _sent("/accounts/password/reset/", email="nobody@example.com")),
    State("reset-too-late", NOBODY, _opened("/accounts/password/reset/key/1-a-b/")),
    State("confirmation-too-late", NOBODY, _opened("/accounts/confirm-email/none/")),
    State(
        "wrong-playground",
        NOBODY,
        _sent("/playground", PLAYGROUND, prompt="", seed="many"),
    ),
    State("not-found", NOBODY, _opened("/models/none")),
    State("dead-invitation", NOBODY, _opened("/invitation")),
    State("no-page-of-mine", "owner", _opened(f"{JOB}none")),
    State("not-allowed", "billing", _opened("/dashboard/keys")),
    State("billing-overview", "billing", _opened("/dashboard")),
    State("billing-money", "billing", _opened("/dashboard/billing")),
    State("developer-overview", "developer", _opened("/dashboard")),
    State("developer-money", "developer", _opened("/dashboard/billing")),
    State("nothing-matches", "owner", _opened("/dashboard/jobs?search=no+such+words")),
    State("wrong-filter", "owner", _opened("/dashboard/jobs?from=yesterday&to=2026-02-31")),
    State("wrong-statement", "owner", _opened("/dashboard/billing/statement?from=tomorrow")),
    State("wrong-key", "owner", _sent("/dashboard/keys/new", name="", ranges="everywhere")),
    State("new-key", "owner", _sent("/dashboard/keys/new", name="Shown once")),
    State("wrong-invitation", "owner", _sent("/dashboard/team", email="owner@example.com")),
    State("wrong-settings", "owner", _sent("/dashboard/settings", name="", retention_days="9999")),
    State("wrong-webhook", "owner", _sent("/dashboard/callbacks/test", url="ftp://example.com")),
    State("no-deletion", "owner", _opened("/dashboard/settings/delete")),
    State("wrong-deletion", NEWCOMER, _sent("/dashboard/settings/delete")),
    State(
        "wrong-member-playground",
        "owner",
        _sent("/dashboard/playground", PLAYGROUND, prompt=""),
    ),
    State("running", "owner", _run("a pier sandbox:slow=600", "progress")),
    State("result", "owner", _run("a red fox in the snow at dawn", "img")),
    State("failed", "owner", _run("a lighthouse sandbox:fail", ".output__none--bad")),
    State("job-finished", "owner", _followed("/dashboard/jobs?status=finished", JOB)),
    State("job-failed", "owner", _followed("/dashboard/jobs?status=failed", JOB)),
    State("job-running", "owner", _followed("/dashboard/jobs?status=running", JOB)),
    State("job-long", CROWDED, _followed("/dashboard/jobs?status=finished", JOB)),
    State("checkout", "owner", _at_checkout),
    State("card-refused", "owner", _with_card("4000 0000 0000 0002")),
    State("card-asks-bank", "owner", _with_card("4000 0000 0000 3220")),
    State("wrong-card", "owner", _with_card("12")),
    State("paid", "owner", _paid),
    State("portal", "owner", _at_portal),
    State("invoice", "owner", _followed("/dashboard/billing/receipts", "/invoices/")),
    State("simulator", "owner", _opened(SIMULATOR)),
    State("simulator-payment", "owner", _followed(SIMULATOR, "/payments/")),
    State("simulator-customers", "owner", _opened(f"{SIMULATOR}customers")),
    State("simulator-events", "owner", _opened(f"{SIMULATOR}events")),
    State("simulator-switches", "owner", _opened(f"{SIMULATOR}switches")),
    State("api-reference", NOBODY, _at_reference),
    State("api-operation", NOBODY, _at_operation),
    State("statement", "owner", _opened("/dashboard/billing/statement"), on_paper=True),
    State("long-statement", CROWDED, _opened("/dashboard/billing/statement"), on_paper=True),
    # Last, because it blocks password resets for a while.
    State("too-often", NOBODY, _asked_too_often),
)
