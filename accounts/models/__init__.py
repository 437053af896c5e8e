"""Users, organizations, memberships, invitations, API keys and the audit log."""

from accounts.models.api_keys import ApiKey, ApiKeyQuerySet, Scope, all_scopes
from accounts.models.audit import AuditEvent, AuditEventQuerySet, new_event_id
from accounts.models.organizations import (
    Invitation,
    InvitationQuerySet,
    Membership,
    MembershipQuerySet,
    Organization,
    Role,
    new_invitation_id,
    new_membership_id,
    new_organization_id,
)
from accounts.models.rate_limits import RateBucket
from accounts.models.users import User, UserManager
