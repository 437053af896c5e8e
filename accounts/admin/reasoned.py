"""Tables of the desk that are edited in a form: the form asks why, and the audit log keeps it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse

from accounts import audit
from vidgo.admin.forms import reason_field
from vidgo.admin.tables import BaseTable


class ReasonedForm(forms.ModelForm):
    """A row's form with the reason of the change."""

    reason = reason_field()


class ReasonedTable(BaseTable):
    """A table whose rows are changed in a form, for a reason; nothing in it is deleted."""

    form = ReasonedForm
    formfield_overrides: ClassVar = {
        models.DateTimeField: {
            "form_class": forms.SplitDateTimeField,
            "widget": forms.SplitDateTimeWidget(
                date_attrs={"type": "date"}, time_attrs={"type": "time"}
            ),
        },
        models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple},
    }

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        """Return the column's field, named for readers, without the links that Django adds."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
            field.help_text = ""
        if field is not None and isinstance(field.widget, forms.SplitDateTimeWidget):
            # A label belongs to one control; these are two.
            for part, words in zip(field.widget.widgets, ("date", "time"), strict=True):
                part.attrs["aria-label"] = f"{field.label}: {words}"
        return field

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What once was is named elsewhere."""
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Store the row and its line in the audit log together or not at all."""
        with transaction.atomic():
            return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Store the row, and who changed what of it and why."""
        super().save_model(request, obj, form, change)
        changed = sorted(name for name in form.changed_data if _is_column(obj, name))
        actor = audit.operator_of(request, reason=form.cleaned_data["reason"])
        row = f"{obj._meta.verbose_name} {obj}"
        if change:
            what = f"{row}: {', '.join(changed)}"
            audit.record(organization=None, actor=actor, action="row.changed", target=what)
        else:
            audit.record(organization=None, actor=actor, action="row.made", target=row)


def _is_column(row: models.Model, name: str) -> bool:
    try:
        row._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
