"""What no link leads to: forms that were filled in wrongly, refusals, and pages on paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.product import CROWDED, NOBODY
from tests.browser.visit import Visit


@dataclass(frozen=True, slots=True)
class State:
    """A page in a state, and how a role gets there."""

    name: str
    role: str
    reach: Callable[[Visit], object]
    on_paper: bool = False


def _sent(path: str, form: str = "main form[method=post]", **typed: str) -> Callable[[Visit], None]:
    """Fill a form in and send it past the browser's own checks."""

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


STATES = (
    State("wrong-sign-in", NOBODY, _sent("/accounts/login/", login="x@example.com", password="no")),
    State("wrong-sign-up", NOBODY, _sent("/accounts/signup/", email="nobody@", password1="123")),
    State("wrong-reset", NOBODY, _sent("/accounts/password/reset/", email="nobody@")),
    State("wrong-playground", NOBODY, _sent("/playground", prompt="", seed="many")),
    State("not-found", NOBODY, _opened("/models/none")),
    State("dead-invitation", NOBODY, _opened("/invitation")),
    State("no-page-of-mine", "owner", _opened("/dashboard/jobs/task_none")),
    State("not-allowed", "billing", _opened("/dashboard/keys")),
    State("nothing-matches", "owner", _opened("/dashboard/jobs?search=no+such+words")),
    State("wrong-filter", "owner", _opened("/dashboard/jobs?from=yesterday&to=2026-02-31")),
    State("wrong-statement", "owner", _opened("/dashboard/billing/statement?from=tomorrow")),
    State("wrong-key", "owner", _sent("/dashboard/keys/new", name="", ranges="everywhere")),
    State("wrong-invitation", "owner", _sent("/dashboard/team", email="owner@example.com")),
    State("wrong-settings", "owner", _sent("/dashboard/settings", name="", retention_days="9999")),
    State("wrong-callback", "owner", _sent("/dashboard/callbacks/test", url="ftp://example.com")),
    State("wrong-member-playground", "owner", _sent("/dashboard/playground", prompt="")),
    State("wrong-deletion", "owner", _sent("/dashboard/settings/delete")),
    State("statement", "owner", _opened("/dashboard/billing/statement"), on_paper=True),
    State("long-statement", CROWDED, _opened("/dashboard/billing/statement"), on_paper=True),
)
