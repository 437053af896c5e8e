"""The admin site: our navigation, our start page, and the sign-in of all users."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from vidgo.admin import actions, cards, pages

# Libraries whose rows must not be edited by hand.
CLOSED_APPS = frozenset({"account", "mfa", "usersessions", "django_q"})
GROUPS = ("Work", "Customers", "Money", "Records")


class OperatorSite(admin.AdminSite):
    """The operator's admin."""

    site_header = site_title = f"{settings.VIDGO_NAME} admin"
    index_title = "Start"
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Redirect to the normal sign-in, with its rate limits and its second factor."""
        return secure_admin_login(super().login)(request, extra_context)

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        """Register models, except those of `CLOSED_APPS`."""
        models = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        ours = [model for model in models if model._meta.app_label not in CLOSED_APPS]
        super().register(ours, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the pages and the actions to Django's URLs."""
        own: list[URLPattern | URLResolver] = [
            path(page.path, self.admin_view(page.guarded()), name=f"vidgo_{page.name}")
            for page in pages.list_pages()
        ]
        own.append(path("tables/", self.admin_view(self.tables), name="vidgo_tables"))
        own.append(path("do/<slug:name>/", self.admin_view(actions.ask), name="vidgo_action"))
        return [*own, *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show the alarms, then the figures and tables of all cards."""
        content = cards.read_all(request)
        context = {
            "alarms": content.alarms,
            "today": [figure for figure in content.figures if figure.is_of_today],
            "now": [figure for figure in content.figures if not figure.is_of_today],
            "parts": content.parts,
            **(extra_context or {}),
        }
        return pages.render(request, "admin/pages/start.html", context, title="Start")

    def tables(self, request: HttpRequest) -> HttpResponse:
        """List every table that this operator may view."""
        titles = {
            model: getattr(model_admin, "nav_title", "")
            for model, model_admin in self._registry.items()
        }
        apps = self.get_app_list(request)
        for app in apps:
            for row in app["models"]:
                row["name"] = titles.get(row["model"]) or row["name"]
        context = {"app_list": apps}
        return pages.render(request, "admin/pages/tables.html", context, title="All tables")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the navigation to the context of every page."""
        context = super().each_context(request)
        context["navigation"] = self.navigation(request) if context["has_permission"] else []
        return context

    def navigation(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the groups of links to what this operator may view."""
        links: dict[str, list[tuple[int, dict[str, Any]]]] = {name: [] for name in GROUPS}
        for page in pages.list_pages():
            if page.group and pages.allows(request, page.permission):
                link = _link(request, f"admin:vidgo_{page.name}", page.title, page.icon)
                links[page.group].append((page.place, link))
        for model, model_admin in self._registry.items():
            group = getattr(model_admin, "nav_group", "")
            if group and model_admin.has_view_permission(request):
                meta = model._meta
                name = f"admin:{meta.app_label}_{meta.model_name}_changelist"
                own = getattr(model_admin, "nav_title", "")
                title = own or str(meta.verbose_name_plural).capitalize()
                icon = getattr(model_admin, "nav_icon", "overview")
                link = _link(request, name, title, icon)
                links[group].append((getattr(model_admin, "nav_order", 0), link))
        return [
            {"name": name, "links": [link for _, link in sorted(rows, key=lambda row: row[0])]}
            for name, rows in links.items()
            if rows
        ]


def _link(request: HttpRequest, name: str, title: str, icon: str) -> dict[str, Any]:
    href = reverse(name)
    return {
        "href": href,
        "title": title,
        "icon": icon,
        "is_here": request.path.startswith(href),
    }
