"""Pages of the desk that show more than the rows of one table."""

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
    """A page: where it is, who may see it, and where the navigation names it."""

    name: str
    path: str
    title: str
    permission: str
    view: View
    # Without a group it is reached from other pages only.
    group: str = ""
    icon: str = "overview"
    place: int = 0

    def guarded(self) -> View:
        """Return the view, closed to operators without the permission."""

        @wraps(self.view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not allows(request, self.permission):
                raise PermissionDenied
            return self.view(request, *args, **kwargs)

        return checked


_pages: dict[str, Page] = {}


def register(page: Page) -> None:
    """Add a page to the desk, at `admin:vidgo_<name>`."""
    _pages[page.name] = page


def list_pages() -> list[Page]:
    """Return every page of the desk."""
    return list(_pages.values())


def allows(request: HttpRequest, permission: str) -> bool:
    """Return whether the operator has a permission such as `billing.view_wallet`."""
    return request.user.has_perm(permission)


def render(
    request: HttpRequest, template: str, context: dict[str, Any], *, title: str, status: int = 200
) -> TemplateResponse:
    """Return a page inside the desk's frame."""
    whole = {**admin.site.each_context(request), "title": title, **context}
    return TemplateResponse(request, template, whole, status=status)
