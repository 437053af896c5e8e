"""What an operator does to organizations and keys, each with a reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts import api_keys, audit, impersonation, organization_limits, organizations
from accounts.models import ApiKey, Organization
from vidgo.admin import actions
from vidgo.admin.actions import Action, ActionRun
from vidgo.admin.forms import ReasonForm

LARGEST_LIMIT = 1_000_000


class LimitsForm(ReasonForm):
    """The limits of one organization; what is empty follows the settings."""

    concurrency_limit = forms.IntegerField(
        label="Jobs at once", required=False, min_value=1, max_value=LARGEST_LIMIT
    )
    requests_per_minute = forms.IntegerField(
        label="API requests a minute", required=False, min_value=1, max_value=LARGEST_LIMIT
    )
    field_order = ("concurrency_limit", "requests_per_minute", "reason")


def _organizations() -> QuerySet[Organization]:
    return Organization.objects.all()


def _suspend(run: ActionRun) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    for organization in run.chosen:
        organizations.suspend(organization=organization, actor=actor)
    return f"Suspended: {_names(run.chosen)}."


def _take_back(run: ActionRun) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    for organization in run.chosen:
        organizations.take_back(organization=organization, actor=actor)
    return f"At work again: {_names(run.chosen)}."


def _names(rows: list[Any]) -> str:
    return str(rows[0]) if len(rows) == 1 else f"{len(rows)} organizations"


def _limit(run: ActionRun) -> str:
    organization_limits.change(
        organization=run.one,
        concurrency_limit=run.data["concurrency_limit"],
        requests_per_minute=run.data["requests_per_minute"],
        actor=audit.operator_of(run.request, reason=run.reason),
    )
    return f"The limits of {run.one} were changed."


def _revoke(run: ActionRun) -> str:
    actor = audit.operator_of(run.request, reason=run.reason)
    for key in run.chosen:
        api_keys.revoke(organization=key.organization, key_id=key.key_id, actor=actor)
    return f"{len(run.chosen)} revoked."


def _view_as(run: ActionRun) -> str:
    impersonation.start(run.request, organization=run.one, reason=run.reason)
    minutes = impersonation.MINUTES
    return f"For {minutes} minutes the dashboard shows {run.one}. Nothing can be changed."


actions.register(
    Action(
        name="suspend",
        title="Suspend",
        explains=(
            "Its API keys and its playground are refused from now on. Jobs that run are finished, "
            "its people can still sign in and read."
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
        title="Take back the suspension",
        explains="Its API keys and its playground work again at once.",
        permission="accounts.change_organization",
        act=_take_back,
        rows=_organizations,
        home="admin:accounts_organization_changelist",
        many=True,
    ),
    Action(
        name="limits",
        title="Change limits",
        explains="They hold from the next request and the next claim. Empty: as the settings say.",
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
        title="Revoke for good",
        explains="Whoever uses these keys is refused at once. It cannot be undone.",
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
            "The dashboard shows this organization as its owner sees it, for half an hour. Nothing "
            "can be changed meanwhile. Start and end stand in the organization's audit log."
        ),
        permission=impersonation.PERMISSION,
        act=_view_as,
        rows=lambda: Organization.objects.filter(deleted_at=None),
        home="dashboard",
        leads_home=True,
    ),
)
