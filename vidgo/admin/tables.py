"""Base classes of the admin's tables: read-only, as every change is an action with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from vidgo.admin import actions, amounts, pages

LONGEST_SEARCH = 200
COUNTED_ROWS = 10_000


class BoundedPaginator(Paginator):
    """Count at most one row more than `most`, so that no list reads a whole table."""

    most = COUNTED_ROWS

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, at most `most` + 1."""
        rows: Any = self.object_list
        return int(rows.order_by()[: self.most + 1].count())


class BaseTable(admin.ModelAdmin):
    """A table of the admin, for any number of rows."""

    # The group in the navigation; without one, the table is only in the list of all tables.
    nav_group = ""
    nav_title = ""
    nav_icon = "overview"
    nav_order = 0
    # Names of actions on rows chosen in the list, and on the page of one row.
    row_actions: tuple[str, ...] = ()
    # From the prefix of a public id to the column with such ids.
    ids: ClassVar[Mapping[str, str]] = {}

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 25
    list_max_show_all = 0
    actions_selection_counter = True

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Format amounts in the list."""
        return amounts.format_columns(model=self.model, columns=super().get_list_display(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Format amounts on the page of one row, unless it is a form."""
        fields = list(super().get_fields(request, obj))
        if self.is_read_only(request):
            return amounts.format_columns(model=self.model, columns=fields)
        return fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find a public id through its index, and anything else in the search fields."""
        term = search_term.strip().replace("\x00", "")[:LONGEST_SEARCH]
        for prefix, column in self.ids.items():
            if term.startswith(prefix):
                return queryset.filter(**{column: term}), False
        return super().get_search_results(request, queryset, term)

    @admin.display(description=mark_safe('<input type="checkbox" id="action-toggle">'))
    def action_checkbox(self, obj: Model) -> SafeString:
        """Return the checkbox of a row, for which Django would render four templates."""
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            f"Select this object for an action - {obj}",
        )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions for several rows that this operator may run."""
        offered: dict[str, Any] = {}
        for name in self.row_actions:
            action = actions.find(name)
            if action and action.many and pages.allows(request, action.permission):
                offered[name] = (partial(_open_form, name=name), name, action.title)
        return offered

    def get_action_choices(
        self, request: HttpRequest, default_choices: Any = (("", "Choose an action"),)
    ) -> list[tuple[str, str]]:
        """Return the choices of the action menu."""
        return super().get_action_choices(request, list(default_choices))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list with its title of the navigation."""
        titles = {"title": self._title(), "nav_title": self._title()}
        return super().changelist_view(request, {**titles, **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Show one row with its actions."""
        known = (actions.find(name) for name in self.row_actions)
        offered = [each for each in known if each and pages.allows(request, each.permission)]
        context = {
            "nav_title": self._title(),
            "row_actions": offered,
            "hide_submit": self.is_read_only(request),
        }
        return super().change_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )

    def _title(self) -> str:
        return self.nav_title or str(self.model._meta.verbose_name_plural).capitalize()

    def is_read_only(self, request: HttpRequest) -> bool:
        """Return whether the page of a row has no form."""
        return not self.has_change_permission(request)


def _open_form(
    model_admin: ModelAdmin[Model],
    request: HttpRequest,
    chosen: QuerySet[Any],
    *,
    name: str,
) -> HttpResponse | None:
    """Redirect from a list to the action's form for the chosen rows."""
    keys = list(chosen.values_list("pk", flat=True)[: actions.MOST_ROWS + 1])
    if len(keys) > actions.MOST_ROWS:
        text = f"Choose at most {actions.MOST_ROWS} at once."
        model_admin.message_user(request, text, messages.ERROR)
        return None
    return HttpResponseRedirect(actions.address(name=name, keys=keys, back=request.get_full_path()))


class ReadOnly:
    """Forbid adding, changing and deleting; viewing needs the usual permission."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Forbid adding rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Forbid changing rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Forbid deleting rows."""
        return False


class ReadOnlyTable(ReadOnly, BaseTable):
    """A table without forms."""

    # Only forms need them, and adding them to each row's link takes a third of the list's time.
    preserve_filters = False


class ReadOnlyInline(ReadOnly, admin.TabularInline):
    """The rows of another table that belong to a row; `fields` are its columns."""

    extra = 0
    can_delete = False
    show_change_link = True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Format amounts."""
        return amounts.format_columns(model=self.model, columns=self.fields or ())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Make all columns read-only."""
        return self.get_fields(request, obj)


class OneOf(admin.SimpleListFilter):
    """A filter whose choices are known, so that no table is read to find them."""

    column = ""
    choices_of: Callable[[], list[tuple[str, str]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return type(self).choices_of()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows that hold the chosen value."""
        value = self.value()
        known = {key for key, _ in self.lookup_choices}
        return queryset.filter(**{self.column: value}) if value in known else queryset


def one_of(*, column: str, title: str, choices: Callable[[], list[tuple[str, str]]]) -> type[OneOf]:
    """Return a filter by a column with these choices."""
    values = {
        "column": column,
        "title": title,
        "parameter_name": column,
        "choices_of": staticmethod(choices),
    }
    return type("KnownFilter", (OneOf,), values)
