"""An example of every e-mail this product sends: the context of its templates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from accounts.models import Invitation, Organization, Role, User
from billing.models import TopUp, Wallet
from generation.models import CallbackEndpoint

# A name that is hostile to HTML and to headers.
NAME = 'Söhne & <b>"Co"</b>\r\nBcc: x@example.com'
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

_organization = Organization(name=NAME)
_billing: dict[str, Any] = {
    "organization": _organization,
    "wallet": Wallet(balance_credits=90),
    "top_up": TopUp(credits=1000, public_id="top_1", failure_message="Your card was declined."),
    "about": "The card was removed.",
    "link": "https://vidgo.example/dashboard/billing",
}
_callbacks: dict[str, Any] = {
    "organization": _organization,
    "endpoint": CallbackEndpoint(
        origin="https://hooks.example.com", failing_since=NOW, pause_reason="failing"
    ),
    "link": "https://vidgo.example/dashboard/callbacks",
}

_team: dict[str, Any] = {
    "organization": _organization,
    "role": "Developer",
    "link": "https://vidgo.example/dashboard/team",
}

# Ours, in templates/emails.
OURS: dict[str, dict[str, Any]] = {
    "low_balance": _billing,
    "dispute_opened": _billing,
    "recharge_ended": _billing,
    "recharge_failed": _billing,
    "recharge_stopped": _billing,
    "callbacks_paused": _callbacks,
    "invitation": {
        **_team,
        "invitation": Invitation(email="new@example.com", role=Role.ADMIN, expires_at=NOW),
        "inviter": User(email="alice@example.com"),
    },
    "member_removed": _team,
    "organization_deleted": {**_team, "about": "alice@example.com"},
    "role_changed": _team,
}

_link = "https://vidgo.example/accounts/link/?a=1&b=2"
_notice: dict[str, Any] = {"timestamp": NOW, "ip": "203.0.113.7", "user_agent": "<Browser>/1.0"}

# Those of django-allauth, by the prefix it gives to its adapter.
ALLAUTHS: dict[str, dict[str, Any]] = {
    "account/email/account_already_exists": {"password_reset_url": _link},
    "account/email/email_confirmation": {"activate_url": _link},
    "account/email/email_confirmation_signup": {"activate_url": _link},
    "account/email/password_reset_key": {"password_reset_url": _link},
    "account/email/unknown_account": {"signup_url": _link},
    "account/email/email_changed": {
        **_notice,
        "from_email": "old@example.com",
        "to_email": "new@example.com",
    },
    "account/email/email_confirm": _notice,
    "account/email/email_deleted": {**_notice, "deleted_email": "old@example.com"},
    "account/email/password_changed": _notice,
    "account/email/password_reset": _notice,
    "account/email/password_set": _notice,
    "mfa/email/recovery_codes_generated": _notice,
    "mfa/email/totp_activated": _notice,
    "mfa/email/totp_deactivated": _notice,
    "mfa/email/webauthn_added": _notice,
    "mfa/email/webauthn_removed": _notice,
}
