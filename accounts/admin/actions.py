"""Admin actions on organizations and keys; each asks for a reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts import api_keys, audit, impersonation, organizations
from accounts.models import ApiKey, Organization
from vidgo.admin import actions
from vidgo.admin.actions import Action, ActionRun
from vidgo.admin.forms import ReasonForm

LARGEST_LIMIT = 1_000_000


class LimitsForm(ReasonForm):
    """The limits of one organization; an empty one follows the settings."""

    concurrency_limit = forms.IntegerField(
        label="Concurrent jobs", required=False, min_value=1, max_value=LARGEST_LIMIT
    )
    requests_per_minute = forms.IntegerField(
        label="API requests per minute", required=False, min_value=1, max_value=LARGEST_LIMIT
    )
    field_order = ("concurrency_limit", "requests_per_minute", "reason")


def _organizations() -> QuerySet[Organization]:
    return Organization.objects.all()


def _suspend(run: ActionRun) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    for organization in run.chosen:
        organizations.suspend(organization=organization, actor=actor)
    return f"Suspended: {_names(run.chosen)}."


def _unsuspend(run: ActionRun) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    for organization in run.chosen:
        organizations.unsuspend(organization=organization, actor=actor)
    return f"Unsuspended: {_names(run.chosen)}."


def _names(rows: list[Any]) -> str:
    return str(rows[0]) if len(rows) == 1 else f"{len(rows)} organizations"


def _limit(run: ActionRun) -> str:
    organizations.set_limits(
        organization=run.one,
        concurrency_limit=run.data["concurrency_limit"],
        requests_per_minute=run.data["requests_per_minute"],
        actor=audit.operator_of(run.request, reason=run.reason),
    )
    return f"Changed the limits of {run.one}."


def _revoke(run: ActionRun) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    for key in run.chosen:
        api_keys.revoke(organization=key.organization, key_id=key.key_id, actor=actor)
    return f"Revoked {len(run.chosen)} API key{'' if len(run.chosen) == 1 else 's'}."


def _view_as(run: ActionRun) -> str:
    impersonation.start(run.request, organization=run.one, reason=run.reason)
    minutes = impersonation.MINUTES
    return f"You are viewing {run.one} for up to {minutes} minutes. You can't change anything."


actions.register(
    Action(
        name="suspend",
        title="Suspend",
        explains=(
            "Refuses its API keys and playground from now on. Running jobs finish, and its members "
            "can still sign in and read."
        ),
        permission="accounts.change_organization",
        act=_suspend,
        rows=_organizations,
        home="admin:accounts_organization_changelist",
        many=True,
        danger=True,
    ),
    Action(
        name="unsuspend",
        title="Unsuspend",
        explains="Its API keys and playground work again at once.",
        permission="accounts.change_organization",
        act=_unsuspend,
        rows=_organizations,
        home="admin:accounts_organization_changelist",
        many=True,
    ),
    Action(
        name="limits",
        title="Change limits",
        explains="Apply from the next request and the next claim. Leave empty for the default.",
        permission="accounts.change_organization",
        act=_limit,
        rows=_organizations,
        home="admin:accounts_organization_changelist",
        form=LimitsForm,
        initial=lambda chosen: {
            "concurrency_limit": chosen[0].concurrency_limit,
            "requests_per_minute": chosen[0].requests_per_minute,
        },
    ),
    Action(
        name="revoke-key",
        title="Revoke",
        explains="Calls with these keys are refused at once. You can't undo this.",
        permission="accounts.change_apikey",
        act=_revoke,
        rows=lambda: ApiKey.objects.select_related("organization"),
        home="admin:accounts_apikey_changelist",
        many=True,
        danger=True,
    ),
    Action(
        name="view-as",
        title="View as",
        explains=(
            "Shows you the dashboard as the organization's owner sees it, read-only, for 30 "
            "minutes. The organization's audit log records start and end."
        ),
        permission=impersonation.PERMISSION,
        act=_view_as,
        rows=lambda: Organization.objects.filter(deleted_at=None),
        home="dashboard",
        leads_home=True,
    ),
)
