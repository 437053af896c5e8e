"""The dashboard: API keys and organizations, and django-allauth's pages."""

from __future__ import annotations

from tests.architecture.addresses.rows import HOME, Row, World, everybody, members, ours


def key(world: World) -> str:
    """Return the URL of Alice's key."""
    return f"/dashboard/keys/{world.api_key.key_id}"


ROWS: dict[str, list[Row]] = {
    "dashboard/keys": [members(), members(method="post", body=lambda world: {"name": "x"})],
    "dashboard/keys/new": [members()],
    "dashboard/keys/<str:key_id>": [ours(path=key)],
    "dashboard/keys/<str:key_id>/edit": [
        ours(path=lambda world: key(world) + "/edit"),
        ours(
            302,
            method="post",
            path=lambda world: key(world) + "/edit",
            body=lambda world: {"name": "Another name"},
        ),
    ],
    "dashboard/keys/<str:key_id>/rotate": [
        ours(path=lambda world: key(world) + "/rotate"),
        ours(
            method="post",
            path=lambda world: key(world) + "/rotate",
            body=lambda world: {"overlap_hours": "24"},
        ),
    ],
    "dashboard/keys/<str:key_id>/end-old": [
        ours(302, method="post", path=lambda world: key(world) + "/end-old")
    ],
    "dashboard/keys/<str:key_id>/revoke": [
        ours(path=lambda world: f"/dashboard/keys/{world.api_key.key_id}/revoke"),
        ours(
            302, method="post", path=lambda world: f"/dashboard/keys/{world.api_key.key_id}/revoke"
        ),
    ],
    "dashboard/organizations": [
        members(),
        ours(302, method="post", body=lambda world: {"organization": world.organization.public_id}),
    ],
    "dashboard/keys/<str:key_id>/budget": [
        ours(path=lambda world: f"/dashboard/keys/{world.api_key.key_id}/budget"),
        ours(
            302, method="post", path=lambda world: f"/dashboard/keys/{world.api_key.key_id}/budget"
        ),
    ],
    # django-allauth.
    "accounts/login/": [Row(200, HOME, HOME, HOME)],
    "accounts/signup/": [Row(200, HOME, HOME, HOME)],
    "accounts/logout/": [Row(302, 200, 200, 200)],
    "accounts/inactive/": [everybody(200)],
    "accounts/reauthenticate/": [members()],
    "accounts/email/": [members()],
    "accounts/confirm-email/": [everybody(200)],
    "accounts/password/change/": [members()],
    "accounts/password/set/": [members(302)],
    "accounts/password/reset/": [everybody(200)],
    "accounts/password/reset/done/": [everybody(200)],
    "accounts/password/reset/key/done/": [everybody(200)],
    "accounts/login/code/confirm/": [Row(302, HOME, HOME, HOME)],
    "accounts/^confirm-email/(?P<key>[-:\\w]+)/$": [
        everybody(200, path=lambda world: "/accounts/confirm-email/nonsense/")
    ],
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": [
        everybody(200, path=lambda world: "/accounts/password/reset/key/1-nonsense/")
    ],
}
