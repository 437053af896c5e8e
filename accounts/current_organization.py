"""Which organization a signed-in person's request acts for."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts import access
from accounts.models import Membership, User


class CurrentOrganizationMiddleware:
    """Tell views and templates where a person is, and what they may do there.

    Sets `request.membership`, `request.organization`, `request.abilities` and
    `request.memberships`, each read only when something asks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def membership() -> Membership | None:
            if not isinstance(request.user, User):
                return None
            return access.membership_of(
                user=request.user, public_id=request.session.get(access.SESSION_KEY)
            )

        def memberships() -> list[Membership]:
            user = request.user
            return list(access.list_memberships(user=user)) if isinstance(user, User) else []

        request.membership = SimpleLazyObject(membership)  # type: ignore[attr-defined]
        request.organization = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: request.membership and request.membership.organization  # type: ignore[attr-defined]
        )
        request.abilities = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: access.abilities_of(request.membership)  # type: ignore[attr-defined]
        )
        request.memberships = SimpleLazyObject(memberships)  # type: ignore[attr-defined]
        return self.get_response(request)
