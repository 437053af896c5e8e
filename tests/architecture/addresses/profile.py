"""The profile, and django-allauth's pages for second factors."""

from __future__ import annotations

from tests.architecture.addresses.rows import HOME, Row, members

FACTORS = "accounts/2fa/"
# The users of the matrix were signed in without a password, so sensitive steps ask for it first,
# and none of them has a second factor to change.
asked = members(302)
none = members(404)

ROWS: dict[str, list[Row]] = {
    "dashboard/profile": [
        members(),
        members(302, method="post", body=lambda world: {"name": "Someone"}),
    ],
    "dashboard/profile/sessions": [
        members(),
        members(302, method="post", body=lambda world: {"session": "others"}),
        # An id that is nobody's session.
        members(404, method="post", body=lambda world: {"session": "0"}),
    ],
    FACTORS: [asked],
    f"{FACTORS}totp/activate/": [asked],
    f"{FACTORS}totp/deactivate/": [none],
    f"{FACTORS}recovery-codes/": [none],
    f"{FACTORS}recovery-codes/generate/": [asked],
    f"{FACTORS}recovery-codes/download/": [none],
    f"{FACTORS}webauthn/": [asked],
    f"{FACTORS}webauthn/add/": [asked],
    f"{FACTORS}webauthn/keys/<int:pk>/edit/": [
        members(302, path=lambda world: "/accounts/2fa/webauthn/keys/1/edit/")
    ],
    f"{FACTORS}webauthn/keys/<int:pk>/remove/": [
        members(302, path=lambda world: "/accounts/2fa/webauthn/keys/1/remove/")
    ],
    f"{FACTORS}reauthenticate/": [asked],
    f"{FACTORS}webauthn/reauthenticate/": [asked],
    # Between the password and the second factor.
    f"{FACTORS}authenticate/": [Row(302, HOME, HOME, HOME)],
    f"{FACTORS}webauthn/login/": [Row(302, HOME, HOME, HOME)],
}
