"""The table of contents: every page of the documentation, in reading order."""

from __future__ import annotations

from dataclasses import dataclass

from vidgo.kernel import errors


class UnknownPage(errors.NotFound):
    default_message = "There is no such page in the documentation."


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its address below /docs, what it is called, and what it is about."""

    slug: str
    title: str
    summary: str

    @property
    def template(self) -> str:
        """Return the file with the page's words."""
        return f"docs/pages/{self.slug}.html"


@dataclass(frozen=True, slots=True)
class Chapter:
    """Pages that belong together."""

    title: str
    pages: tuple[Page, ...]


CHAPTERS = (
    Chapter(
        "Start",
        (
            Page("quickstart", "Quickstart", "From a key to a first image in one call."),
            Page("authentication", "Authentication", "Keys: how to send, keep and replace them."),
            Page("models", "Models and prices", "What there is, what it takes and what it costs."),
        ),
    ),
    Chapter(
        "Images",
        (
            Page("submit", "Submit a task", "Make an image from words, or change one."),
            Page("status", "Status and waiting", "Poll, or have the answer wait for the image."),
            Page("tasks", "List and cancel", "Find earlier tasks; take one back."),
            Page("uploads", "Uploads", "Three ways to bring an image you want to edit."),
        ),
    ),
    Chapter(
        "In production",
        (
            Page("callbacks", "Callbacks", "Be told when a task ends, and verify who says so."),
            Page("idempotency", "Idempotency", "Send a call again without paying twice."),
            Page("limits", "Rate limits", "How many calls there may be, and how to wait."),
            Page("errors", "Errors", "Every error type: what it means and what to do."),
            Page("credits", "Credits and refunds", "When credits move, and when they come back."),
            Page("tips", "Without an SDK", "What a good client of your own does."),
        ),
    ),
)
PAGES = tuple(page for chapter in CHAPTERS for page in chapter.pages)
_BY_SLUG = {page.slug: page for page in PAGES}


def get_page(slug: str) -> Page:
    """Return a page; raises `UnknownPage`."""
    if slug not in _BY_SLUG:
        raise UnknownPage
    return _BY_SLUG[slug]


def neighbours(page: Page) -> tuple[Page | None, Page | None]:
    """Return the pages before and after one."""
    place = PAGES.index(page)
    before = PAGES[place - 1] if place else None
    after = PAGES[place + 1] if place + 1 < len(PAGES) else None
    return before, after


@dataclass(frozen=True, slots=True)
class Call:
    """An endpoint of the API, and the page that explains it."""

    method: str
    path: str
    words: str
    page: str


CALLS = (
    Call("POST", "/api/generate/submit", "Order an image.", "submit"),
    Call("GET", "/api/generate/status/{task_id}", "How far a task is, and its file.", "status"),
    Call("POST", "/api/generate/cancel/{task_id}", "Take an order back.", "tasks"),
    Call("GET", "/api/generate/tasks", "List the tasks, the newest first.", "tasks"),
    Call("POST", "/api/common/upload/stream", "Upload an image as a file.", "uploads"),
    Call("POST", "/api/common/upload/base64", "Upload an image as text.", "uploads"),
    Call("POST", "/api/common/upload/url", "Upload an image by its address.", "uploads"),
    Call("GET", "/api/user/balance", "Credits there are.", "credits"),
    Call("GET", "/api/billing/ledger", "Every movement of credits.", "credits"),
    Call("GET", "/api/billing/top-ups", "Every purchase of credits.", "credits"),
    Call("GET", "/v1/catalog/models", "The models; needs no key.", "models"),
    Call("GET", "/v1/catalog/models/{model_id}", "One model; needs no key.", "models"),
)
