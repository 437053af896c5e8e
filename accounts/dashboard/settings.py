"""The settings page of an organization: name, retention of results, limits."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.validators import MaxValueValidator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import access, audit, organizations
from accounts.access import MemberRequest
from accounts.models import Organization

SECTION = "settings"


class SettingsForm(forms.Form):
    """The settings that an organization chooses itself."""

    name = forms.CharField(
        max_length=organizations.NAME_LENGTH,
        help_text="Shown to members, in invitations and on receipts.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    retention_days = forms.IntegerField(required=False, min_value=1, label="Days to keep results")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        longest = settings.RESULT_RETENTION_DAYS
        field = self.fields["retention_days"]
        field.max_value = longest  # type: ignore[attr-defined]
        field.validators.append(MaxValueValidator(longest))
        field.widget.attrs |= {"max": longest, "placeholder": longest, "inputmode": "numeric"}
        field.help_text = (
            f"From 1 to {longest}; leave empty for {longest}. Applies to images created from now "
            "on. After that we remove them for good."
        )


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("settings")
def settings_page(request: MemberRequest) -> HttpResponseBase:
    """Show the organization's settings; a POST changes them."""
    organization = request.organization
    initial = {"name": organization.name, "retention_days": organization.retention_days}
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actor = audit.actor_of(request)
        organizations.rename(organization=organization, name=form.cleaned_data["name"], actor=actor)
        organizations.set_retention(
            organization=organization, days=form.cleaned_data["retention_days"], actor=actor
        )
        messages.success(request, "Saved your settings.")
        return redirect("settings")
    context = {
        "section": SECTION,
        "form": form,
        "limits": limits_of(organization),
        "may_delete": access.allows(request.membership, "own"),
    }
    return render(request, "accounts/settings.html", context, status=400 if form.errors else 200)


def limits_of(organization: Organization) -> list[tuple[str, int, str]]:
    """Return each limit of the organization: its name, value and explanation."""
    override = organization.requests_per_minute
    return [
        (
            "Concurrent jobs",
            organization.concurrency_limit or settings.ORGANIZATION_CONCURRENCY,
            "More jobs wait in the queue; none is refused.",
        ),
        (
            "Requests per minute, all keys together",
            override or settings.RATE_LIMIT_ORGANIZATION_PER_MINUTE,
            "More get status 429, with the time to retry.",
        ),
        (
            "Requests per minute, each key",
            override or settings.RATE_LIMIT_KEY_PER_MINUTE,
            "More get status 429, too.",
        ),
        (
            "Uploads per minute, each key",
            settings.RATE_LIMIT_UPLOADS_PER_MINUTE,
            "You can make them all at once.",
        ),
    ]
