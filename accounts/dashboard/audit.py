"""The page of the audit log, and the log as a file."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access, audit, members
from accounts.access import MemberRequest
from accounts.models import AuditEvent
from accounts.sign_in import user_agents
from vidgo.kernel.web import csv_export, pagination

SECTION = "audit"
PAGE_SIZE = 50
# In the list to choose from; anybody else is chosen by their name in a row.
PEOPLE_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Line:
    """An event as the organization's people may read it.

    What the operator did is theirs to know; who it was, from where and why is not.
    """

    event: AuditEvent
    what: str
    who: str
    reason: str
    ip_address: str
    device: str


class FilterForm(forms.Form):
    """What the log is narrowed to."""

    action = forms.ChoiceField(
        choices=[("", "Every action"), *audit.ACTIONS.items()], required=False, label="Action"
    )
    who = forms.ChoiceField(required=False, label="Person")

    def offer(self, people: list[str]) -> None:
        """Fill the list of people."""
        self.fields["who"].choices = [  # type: ignore[attr-defined]
            ("", "Everybody"),
            *((label, label) for label in people),
        ]


@require_safe
@access.member_page("audit")
def audit_page(request: MemberRequest) -> HttpResponseBase:
    """Show what was done in the organization; raises `audit.BadFilter`."""
    chosen = audit.parse_filter(request.GET.dict())
    kept = audit.list_events(organization=request.organization, chosen=chosen)
    page = pagination.turn(kept, key="public_id", query=request.GET, size=PAGE_SIZE)
    form = FilterForm(request.GET)
    form.offer(_people(request, chosen))
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    context = {
        "section": SECTION,
        "form": form,
        "lines": [_line(event) for event in page.rows],
        "page": page,
        "is_filtered": chosen != audit.Filter(),
        "query": query.urlencode(),
    }
    return render(request, "accounts/audit.html", context)


@require_safe
@access.member_page("audit")
def audit_csv(request: MemberRequest) -> HttpResponseBase:
    """Send what a filter keeps, the oldest first; raises `audit.BadFilter`."""
    chosen = audit.parse_filter(request.GET.dict())
    lines = audit.csv_lines(organization=request.organization, chosen=chosen)
    return csv_export.download(lines, name="audit-log")


def _people(request: MemberRequest, chosen: audit.Filter) -> list[str]:
    """Return whom to offer: the members, the operator, and whoever is chosen already."""
    people = members.list_members(organization=request.organization)[:PEOPLE_SHOWN]
    labels = sorted(member.user.email for member in people)
    further = [chosen.who] if chosen.who not in ("", audit.OPERATOR, *labels) else []
    return [*labels, *further, audit.OPERATOR]


def _line(event: AuditEvent) -> Line:
    hidden = event.by_operator
    return Line(
        event=event,
        what=audit.ACTIONS.get(event.action, event.action),
        who=audit.who(event),
        reason="" if hidden else event.reason,
        ip_address="" if hidden else event.ip_address or "",
        device="" if hidden else user_agents.describe(event.user_agent),
    )
