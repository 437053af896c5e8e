"""Admin tables whose rows are edited in a form that asks for a reason, for the audit log."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse

from accounts import audit
from vidgo.admin.forms import reason_field
from vidgo.admin.tables import BaseTable


class AuditedForm(forms.ModelForm):
    """A row's form with the reason for the change."""

    reason = reason_field()


class AuditedTable(BaseTable):
    """A table whose changes need a reason and go to the audit log; rows are never deleted."""

    form = AuditedForm
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
        """Return the column's field without Django's related-object links."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
            field.help_text = ""
        if field is not None and isinstance(field.widget, forms.SplitDateTimeWidget):
            # A label names one control; these are two.
            for part, name in zip(field.widget.widgets, ("date", "time"), strict=True):
                part.attrs["aria-label"] = f"{field.label}: {name}"
        return field

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: other records refer to the row."""
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Store the row and its audit event in one transaction."""
        with transaction.atomic():
            return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Store the row and record who changed which fields and why."""
        super().save_model(request, obj, form, change)
        fields = {field.name for field in obj._meta.get_fields()}
        changed = sorted(fields.intersection(form.changed_data))
        actor = audit.operator_of(request, reason=form.cleaned_data["reason"])
        row = f"{obj._meta.verbose_name} {obj}"
        if change:
            what = f"{row}: {', '.join(changed)}"
            audit.record(organization=None, actor=actor, action="row.changed", target=what)
        else:
            audit.record(organization=None, actor=actor, action="row.created", target=row)
