"""The dashboard: the team, the organization itself, and its audit log. Bob is a developer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from accounts.models import Invitation, Membership
from tests.architecture.addresses.rows import SIGN_IN, Row, World, everybody, members


def leaders(status: int = 200, *, charlie: int | None = None, **values: object) -> Row:
    """Return a row for what an owner may do and a developer may not."""
    return Row(SIGN_IN, charlie or status, 403, status, **values)  # type: ignore[arg-type]


def of_bob(further: str = "") -> Callable[[World], str]:
    """Return the URL of Bob's membership."""

    def path(world: World) -> str:
        bob = Membership.objects.get(organization=world.organization, user__email="bob@example.com")
        return f"/dashboard/team/{bob.public_id}{further}"

    return path


def of_invitation(verb: str) -> Callable[[World], str]:
    """Return the URL to resend or withdraw an open invitation."""

    def path(world: World) -> str:
        invitation, _ = Invitation.objects.get_or_create(
            organization=world.organization,
            email="dana@example.com",
            accepted_at=None,
            withdrawn_at=None,
            defaults={
                "role": "developer",
                "token_hash": "0" * 64,
                "expires_at": timezone.now() + timedelta(days=7),
            },
        )
        return f"/dashboard/team/invitations/{invitation.public_id}/{verb}"

    return path


ROWS: dict[str, list[Row]] = {
    "dashboard/organizations/new": [members(), members(400, method="post")],
    "dashboard/team": [members(), leaders(400, method="post")],
    "dashboard/team/leave": [members()],
    "dashboard/team/invitations/<str:public_id>/resend": [
        leaders(302, charlie=404, method="post", path=of_invitation("resend"))
    ],
    "dashboard/team/invitations/<str:public_id>/withdraw": [
        leaders(302, charlie=404, method="post", path=of_invitation("withdraw"))
    ],
    "dashboard/team/<str:public_id>": [
        leaders(charlie=404, path=of_bob()),
        leaders(400, charlie=404, method="post", path=of_bob()),
    ],
    "dashboard/team/<str:public_id>/remove": [leaders(charlie=404, path=of_bob("/remove"))],
    "dashboard/team/<str:public_id>/transfer": [leaders(charlie=404, path=of_bob("/transfer"))],
    "dashboard/audit": [leaders()],
    "dashboard/audit.csv": [leaders()],
    "dashboard/settings": [leaders(), leaders(400, method="post")],
    "dashboard/settings/delete": [leaders(), leaders(400, method="post")],
    # Only a browser that opened the link of an invitation sees it; these have not.
    "invitation": [everybody(404), everybody(404, method="post")],
    "invitation/change-person": [everybody(405), everybody(404, method="post")],
}
