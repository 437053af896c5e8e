"""The table of contents: every documentation page in reading order, and every endpoint."""

from __future__ import annotations

from dataclasses import dataclass

from vidgo.kernel import errors


class UnknownPage(errors.NotFound):
    default_message = "There is no such documentation page."


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its path below /docs, its title and a one-line summary."""

    slug: str
    title: str
    summary: str

    @property
    def template(self) -> str:
        """Return the page's template."""
        return f"docs/pages/{self.slug}.html"


@dataclass(frozen=True, slots=True)
class Chapter:
    """A group of pages."""

    title: str
    pages: tuple[Page, ...]


CHAPTERS = (
    Chapter(
        "Get started",
        (
            Page("quickstart", "Quickstart", "From API key to first image in one call."),
            Page("authentication", "Authentication", "Send, store and rotate API keys."),
            Page("models", "Models and prices", "Models, sizes and prices."),
        ),
    ),
    Chapter(
        "Images",
        (
            Page("submit", "Submit a task", "Generate an image from text, or edit one."),
            Page("status", "Get a task's status", "Poll, or wait for the image in one request."),
            Page("tasks", "List and cancel tasks", "Find earlier tasks, or cancel one."),
            Page("uploads", "Uploads", "Three ways to upload an image to edit."),
        ),
    ),
    Chapter(
        "In production",
        (
            Page("webhooks", "Webhooks", "Get notified when a task ends, and verify signatures."),
            Page("idempotency", "Idempotency", "Retry requests without paying twice."),
            Page("limits", "Rate limits", "How many requests you can send, and how to back off."),
            Page("errors", "Errors", "Every error type, what it means and what to do."),
            Page("credits", "Credits and refunds", "When credits are charged and refunded."),
            Page("tips", "Build your own client", "Best practices without an SDK."),
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


def neighbors(page: Page) -> tuple[Page | None, Page | None]:
    """Return the previous and the next page."""
    index = PAGES.index(page)
    return (
        PAGES[index - 1] if index else None,
        PAGES[index + 1] if index + 1 < len(PAGES) else None,
    )


@dataclass(frozen=True, slots=True)
class ApiEndpoint:
    """An API endpoint and the slug of the page that explains it."""

    method: str
    path: str
    summary: str
    page: str


ENDPOINTS = (
    ApiEndpoint("POST", "/api/generate/submit", "Submit a task.", "submit"),
    ApiEndpoint("GET", "/api/generate/status/{task_id}", "Get the status of a task.", "status"),
    ApiEndpoint("POST", "/api/generate/cancel/{task_id}", "Cancel a task.", "tasks"),
    ApiEndpoint("GET", "/api/generate/tasks", "List tasks, newest first.", "tasks"),
    ApiEndpoint("POST", "/api/common/upload/stream", "Upload an image as a file.", "uploads"),
    ApiEndpoint("POST", "/api/common/upload/base64", "Upload an image as base64.", "uploads"),
    ApiEndpoint("POST", "/api/common/upload/url", "Upload an image by URL.", "uploads"),
    ApiEndpoint("GET", "/api/user/balance", "Get your balance.", "credits"),
    ApiEndpoint("GET", "/api/billing/ledger", "List credit transactions.", "credits"),
    ApiEndpoint("GET", "/api/billing/top-ups", "List purchases.", "credits"),
    ApiEndpoint("GET", "/v1/catalog/models", "List models; no key needed.", "models"),
    ApiEndpoint("GET", "/v1/catalog/models/{model_id}", "Get a model; no key needed.", "models"),
)
