"""URLs of the pages about people and organizations."""

from django.urls import URLPattern, path

from accounts.dashboard import audit, invitation, organizations, profile, settings, team

urlpatterns: list[URLPattern] = [
    path("dashboard/profile", profile.profile_page, name="profile"),
    path("dashboard/profile/sessions", profile.sessions_page, name="profile_sessions"),
    # Before django-allauth's own pages at the same URLs.
    path("accounts/2fa/", profile.to_profile),
    path("accounts/2fa/webauthn/", profile.to_profile),
    path("accounts/2fa/totp/activate/", profile.add_app_page),
    path("accounts/2fa/webauthn/add/", profile.add_passkey_page),
    path("dashboard/organizations", organizations.organizations_page, name="organizations"),
    path("dashboard/organizations/new", organizations.create_page, name="organization_new"),
    path("dashboard/team", team.team_page, name="team"),
    path("dashboard/team/leave", team.leave_page, name="team_leave"),
    path(
        "dashboard/team/invitations/<str:public_id>/resend",
        team.resend_invitation,
        name="invitation_resend",
    ),
    path(
        "dashboard/team/invitations/<str:public_id>/withdraw",
        team.withdraw_invitation,
        name="invitation_withdraw",
    ),
    path("dashboard/team/<str:public_id>", team.member_page, name="team_member"),
    path("dashboard/team/<str:public_id>/remove", team.remove_page, name="team_remove"),
    path("dashboard/team/<str:public_id>/transfer", team.transfer_page, name="team_transfer"),
    path("dashboard/audit", audit.audit_page, name="audit"),
    path("dashboard/audit.csv", audit.audit_csv, name="audit_csv"),
    path("dashboard/settings", settings.settings_page, name="settings"),
    path("invitation", invitation.invitation_page, name="invitation"),
    path("invitation/change-person", invitation.change_person, name="invitation_change_person"),
]
