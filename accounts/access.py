"""Access: which organization a request acts for, and what the member's role allows.

Someone else's organization is 404, a role too low is 403. Pages and the API get their organization
only from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request

from accounts import organizations
from accounts.models import ApiKey, Membership, Organization, Role, User
from vidgo.kernel import errors
from vidgo.kernel.db import row_level_security
from vidgo.kernel.ops import logs

P = ParamSpec("P")

# Each ability as the team page and docs/roles.md describe it.
WORDS: Mapping[str, str] = {
    "view": "See jobs, usage, webhooks, the balance and the team",
    "generate": "Create images in the playground, cancel jobs",
    "keys": "Create, change and revoke API keys, manage webhooks",
    "billing": "Buy credits, set up automatic recharge, see receipts",
    "audit": "Read the audit log",
    "team": "Invite people, change roles, remove members",
    "settings": "Rename the organization, set how long results are kept",
    "own": "Add and remove owners, transfer or delete the organization",
}
# What each role may do: pages and verbs check this table.
ABILITIES: Mapping[str, frozenset[str]] = {
    Role.OWNER: frozenset(WORDS),
    Role.ADMIN: frozenset(WORDS) - {"own"},
    Role.DEVELOPER: frozenset({"view", "generate", "keys"}),
    Role.BILLING: frozenset({"view", "billing"}),
}
SESSION_KEY = "organization"


class RoleTooLow(errors.Forbidden):
    default_message = "Your role in this organization doesn't allow this."


class UnknownOrganization(errors.NotFound):
    default_message = "There is no such organization."


class MemberRequest(HttpRequest):
    """A page request of a signed-in member, as `member_page` passes it to a view."""

    membership: Membership
    organization: Organization
    request_id: str


def abilities_of(membership: Membership | None) -> frozenset[str]:
    """Return the abilities of the membership's role; none without a membership."""
    return ABILITIES[membership.role] if membership else frozenset()


def allows(membership: Membership, ability: str) -> bool:
    """Return whether the membership's role includes an ability."""
    return ability in abilities_of(membership)


def list_memberships(*, user: User) -> QuerySet[Membership]:
    """Return a user's memberships, the oldest first, with their organizations loaded."""
    return Membership.objects.filter(user=user).select_related("organization").order_by("id")


def membership_of(*, user: User, public_id: str | None) -> Membership:
    """Return the user's membership in the chosen organization, or in the first one.

    A user without any organization, such as an operator created by a command, gets one.
    """
    memberships = Membership.objects.select_related("organization", "user").filter(user=user)
    chosen = memberships.filter(organization__public_id=public_id).first() if public_id else None
    if chosen is None:
        chosen = memberships.order_by("id").first()
    if chosen is None:
        organizations.create_at_sign_up(user=user)
        chosen = memberships.get()
    return chosen


def choose(request: HttpRequest, *, public_id: str) -> Membership:
    """Switch the session to an organization; raises `UnknownOrganization`."""
    mine = list_memberships(user=cast(User, request.user))
    membership = mine.filter(organization__public_id=public_id).first()
    if membership is None:
        raise UnknownOrganization
    request.session[SESSION_KEY] = public_id
    return membership


def member_page(
    ability: str,
) -> Callable[
    [Callable[Concatenate[MemberRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Decorate a view that only members with an ability may use.

    The view gets `request.organization` and `request.membership`. Visitors are redirected to sign
    in; raises `RoleTooLow`.
    """

    def decorate(
        view: Callable[Concatenate[MemberRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            membership = cast(MemberRequest, request).membership
            if not allows(membership, ability):
                raise RoleTooLow
            logs.bind(organization=membership.organization.public_id)
            row_level_security.set_tenant(organization_id=membership.organization_id)
            return view(cast(MemberRequest, request), *args, **kwargs)

        guarded: Any = login_required(checked)
        guarded.required_ability = ability
        return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", guarded)

    return decorate


def key_of(request: Request) -> ApiKey:
    """Return the API key that authenticated a call, with its organization loaded.

    Raises `Unauthenticated` without one, so that an endpoint opened by mistake serves nobody.
    """
    if not isinstance(request.auth, ApiKey):
        raise errors.Unauthenticated
    organizations.require_active(organization=request.auth.organization)
    return request.auth


def emails_with(*, organization: Organization, ability: str) -> list[str]:
    """Return the e-mail addresses of an organization's members who have an ability."""
    roles = [role for role, abilities in ABILITIES.items() if ability in abilities]
    members = Membership.objects.filter(
        organization=organization, role__in=roles, user__is_active=True
    )
    return list(members.order_by("id").values_list("user__email", flat=True))


def owner_email(*, organization: Organization) -> str:
    """Return the e-mail of the organization's first owner, empty if it has none."""
    owner = (
        Membership.objects.filter(organization=organization, role=Role.OWNER)
        .order_by("id")
        .values_list("user__email", flat=True)
        .first()
    )
    return owner or ""
