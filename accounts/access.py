"""The one way to a tenant: which organization a request acts for, and what its role may do.

Someone else's organization is 404, a role too low is 403. Pages and the API take their
organization from here and from nowhere else.
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
from vidgo.kernel.db import tenant_context
from vidgo.kernel.ops import logs

P = ParamSpec("P")

# What there is to be allowed, as a person reads it; docs/roles.md and the team page say the same.
WORDS: Mapping[str, str] = {
    "view": "See jobs, usage, callbacks, the balance and who is in the team",
    "generate": "Make images in the playground, cancel jobs",
    "keys": "Create, change and revoke API keys, look after callbacks",
    "billing": "Buy credits, set automatic recharge, see receipts",
    "audit": "Read the audit log",
    "team": "Invite people, change roles, remove people",
    "settings": "Rename the organization, choose how long results are kept",
    "own": "Make and remove owners, hand over or delete the organization",
}
# What each role may do. This table is the truth: pages, verbs and the API's keys look here.
ABILITIES: Mapping[str, frozenset[str]] = {
    Role.OWNER: frozenset(WORDS),
    Role.ADMIN: frozenset(WORDS) - {"own"},
    Role.DEVELOPER: frozenset({"view", "generate", "keys"}),
    Role.BILLING: frozenset({"view", "billing"}),
}
SESSION_KEY = "organization"


class RoleTooLow(errors.Forbidden):
    default_message = "Your role in this organization does not allow this."


class UnknownOrganization(errors.NotFound):
    default_message = "There is no such organization."


class MemberRequest(HttpRequest):
    """A page request of a signed-in member: what `member_page` hands to a view."""

    membership: Membership
    organization: Organization
    request_id: str


def abilities_of(membership: Membership | None) -> frozenset[str]:
    """Return what the membership's role may do; nobody may do nothing."""
    return ABILITIES[membership.role] if membership else frozenset()


def allows(membership: Membership, ability: str) -> bool:
    """Return whether the membership's role includes an ability."""
    return ability in abilities_of(membership)


def list_memberships(*, user: User) -> QuerySet[Membership]:
    """Return a user's places, the oldest first, with their organizations loaded."""
    return Membership.objects.filter(user=user).select_related("organization").order_by("id")


def membership_of(*, user: User, public_id: str | None) -> Membership:
    """Return the user's place in the chosen organization, or in the first one.

    A user without any organization, such as an operator made on the command line, gets one.
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
    """Make an organization the one this session acts for; raises `UnknownOrganization`."""
    membership = (
        Membership.objects.select_related("organization")
        .filter(user=cast(User, request.user), organization__public_id=public_id)
        .first()
    )
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
    """Decorate a view that only members with an ability may see.

    The view gets `request.organization` and `request.membership`. A stranger is sent to sign in;
    raises `RoleTooLow`.
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
            tenant_context.set_tenant(organization_id=membership.organization_id)
            return view(cast(MemberRequest, request), *args, **kwargs)

        guarded: Any = login_required(checked)
        guarded.required_ability = ability
        return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", guarded)

    return decorate


def key_of(request: Request) -> ApiKey:
    """Return the API key that authenticated an API call; its organization is loaded.

    Raises `Unauthenticated`, so that an endpoint opened by mistake still serves nobody.
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
    """Return the e-mail of the organization's first owner, empty when it has none."""
    owner = (
        Membership.objects.filter(organization=organization, role=Role.OWNER)
        .order_by("id")
        .values_list("user__email", flat=True)
        .first()
    )
    return owner or ""
