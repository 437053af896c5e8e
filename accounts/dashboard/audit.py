"""The audit log page, and the log as CSV."""

from __future__ import annotations

from django import forms
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access, audit, members
from accounts.access import MemberRequest
from vidgo.kernel.web import csv_export, pagination

SECTION = "audit"
PAGE_SIZE = 50
# Names in the filter; for anyone else, click their name in the list.
PEOPLE_LISTED = 200


class FilterForm(forms.Form):
    """The filter of the log."""

    action = forms.ChoiceField(
        choices=[("", "All actions"), *audit.ACTIONS.items()], required=False, label="Action"
    )
    who = forms.ChoiceField(required=False, label="Person")

    def offer(self, people: list[str]) -> None:
        """Fill the list of people."""
        self.fields["who"].choices = [  # type: ignore[attr-defined]
            ("", "Everyone"),
            *((label, label) for label in people),
        ]


@require_safe
@access.member_page("audit")
def audit_page(request: MemberRequest) -> HttpResponseBase:
    """List the organization's events; raises `audit.BadFilter`."""
    chosen = audit.parse_filter(request.GET.dict())
    events = audit.list_events(organization=request.organization, chosen=chosen)
    page = pagination.turn(events, key="public_id", query=request.GET, size=PAGE_SIZE)
    form = FilterForm(request.GET)
    form.offer(_people(request, chosen))
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    context = {
        "section": SECTION,
        "form": form,
        "lines": [audit.line_of(event) for event in page.rows],
        "page": page,
        "is_filtered": chosen != audit.Filter(),
        "query": query.urlencode(),
    }
    return render(request, "accounts/audit.html", context)


@require_safe
@access.member_page("audit")
def audit_csv(request: MemberRequest) -> HttpResponseBase:
    """Download the filtered events, oldest first; raises `audit.BadFilter`."""
    chosen = audit.parse_filter(request.GET.dict())
    lines = audit.csv_lines(organization=request.organization, chosen=chosen)
    return csv_export.download(lines, name="audit-log")


def _people(request: MemberRequest, chosen: audit.Filter) -> list[str]:
    """Return the names in the filter: members, the operator, and the chosen one."""
    people = members.list_members(organization=request.organization)[:PEOPLE_LISTED]
    labels = sorted(member.user.email for member in people)
    further = [chosen.who] if chosen.who not in ("", audit.OPERATOR, *labels) else []
    return [*labels, *further, audit.OPERATOR]
