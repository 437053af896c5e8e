"""Admin pages that show more than the rows of one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

View = Callable[..., HttpResponse]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page: its path, its permission, and its place in the navigation."""

    name: str
    path: str
    title: str
    permission: str
    view: View
    # Without a group, the navigation leaves it out.
    group: str = ""
    icon: str = "overview"
    place: int = 0

    def guarded(self) -> View:
        """Return the view, which refuses operators without the permission."""

        @wraps(self.view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not allows(request, self.permission):
                raise PermissionDenied
            return self.view(request, *args, **kwargs)

        return checked


_pages: dict[str, Page] = {}


def register(page: Page) -> None:
    """Add a page, at `admin:vidgo_<name>`."""
    _pages[page.name] = page


def list_pages() -> list[Page]:
    """Return every page."""
    return list(_pages.values())


def allows(request: HttpRequest, permission: str) -> bool:
    """Return whether the operator has a permission such as `billing.view_wallet`."""
    return request.user.has_perm(permission)


def render(
    request: HttpRequest, template: str, context: dict[str, Any], *, title: str, status: int = 200
) -> TemplateResponse:
    """Render a page with the admin's navigation."""
    values = {**admin.site.each_context(request), "title": title, **context}
    return TemplateResponse(request, template, values, status=status)
