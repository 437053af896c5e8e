"""Organizations, memberships and invitations."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models.users import User
from vidgo.kernel.db import ids


def new_organization_id() -> str:
    """Return a public id for an organization."""
    return ids.new_id("org")


def new_membership_id() -> str:
    """Return a public id for a membership."""
    return ids.new_id("mem")


def new_invitation_id() -> str:
    """Return a public id for an invitation."""
    return ids.new_id("inv")


class Organization(models.Model):
    """The tenant: it owns everything billable."""

    public_id = models.CharField(
        max_length=40, unique=True, default=new_organization_id, editable=False
    )
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    suspended_at = models.DateTimeField(null=True, blank=True)
    # Jobs that run at once; empty means the ORGANIZATION_CONCURRENCY setting.
    concurrency_limit = models.PositiveIntegerField(null=True, blank=True)
    # API requests per minute, for all keys together and for each; empty: the RATE_LIMIT settings.
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # How long results are kept; empty means RESULT_RETENTION_DAYS, which is also the maximum.
    retention_days = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # The row stays for the ledger and the audit log; it has no members any more.
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(retention_days=None) | models.Q(retention_days__gte=1),
                name="organization_keeps_results_for_a_day_at_least",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_suspended(self) -> bool:
        """Return whether the operator has suspended this organization."""
        return self.suspended_at is not None


class Role(models.TextChoices):
    """A member's role; `access.py` lists what each may do."""

    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    BILLING = "billing"


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Members of a tenant."""

    def for_organization(self, organization: Organization) -> MembershipQuerySet:
        """Keep the members of one organization."""
        return self.filter(organization=organization)


class Membership(models.Model):
    """A user's membership in an organization."""

    public_id = models.CharField(
        max_length=40, unique=True, default=new_membership_id, editable=False
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "user"], name="membership_is_unique_per_person"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.role} · {self.organization}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations of a tenant."""

    def for_organization(self, organization: Organization) -> InvitationQuerySet:
        """Keep the invitations of one organization."""
        return self.filter(organization=organization)

    def open(self) -> InvitationQuerySet:
        """Keep those neither accepted nor withdrawn; some may have expired."""
        return self.filter(accepted_at=None, withdrawn_at=None)


class Invitation(models.Model):
    """A membership offered to an e-mail address until it expires."""

    public_id = models.CharField(
        max_length=40, unique=True, default=new_invitation_id, editable=False
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="invitations"
    )
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=16, choices=Role.choices)
    # Hash of the secret in the e-mailed link, which is not stored.
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "organization",
                Lower("email"),
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_is_open_once_per_address",
            ),
            # Only another owner can make a member an owner.
            models.CheckConstraint(
                condition=models.Q(role__in=[Role.ADMIN, Role.DEVELOPER, Role.BILLING]),
                name="invitation_role_is_known_and_not_owner",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(withdrawn_at=None),
                name="invitation_ends_one_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.role} · {self.organization}"

    @property
    def is_expired(self) -> bool:
        """Return whether its link is too old to work."""
        return self.expires_at <= timezone.now()
