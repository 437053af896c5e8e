"""Users, organizations, memberships, invitations, API keys and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from vidgo.kernel.db import ids


def new_organization_id() -> str:
    """Return a public id for an organization."""
    return ids.new_id("org")


def new_membership_id() -> str:
    """Return a public id for a person's place in an organization."""
    return ids.new_id("mem")


def new_invitation_id() -> str:
    """Return a public id for an invitation."""
    return ids.new_id("inv")


class UserManager(BaseUserManager["User"]):
    """Users by e-mail address, which is compared without case."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the user with this e-mail; raises `User.DoesNotExist`."""
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Store a user; without a password the account can only be entered by a reset."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Store an operator: a user who may enter the admin and do everything there."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by an e-mail address."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_staff = models.BooleanField("operator", default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_is_unique_without_case"),
        ]

    def __str__(self) -> str:
        return self.email


class Organization(models.Model):
    """The tenant: it owns everything billable."""

    public_id = models.CharField(
        max_length=40, unique=True, default=new_organization_id, editable=False
    )
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    suspended_at = models.DateTimeField(null=True, blank=True)
    # Jobs that may run at once; empty means the ORGANIZATION_CONCURRENCY setting.
    concurrency_limit = models.PositiveIntegerField(null=True, blank=True)
    # API requests a minute, of all keys together and of each; empty means the RATE_LIMIT settings.
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # How long results are kept; empty means RESULT_RETENTION_DAYS, which is also the longest.
    retention_days = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # The row stays for the ledger and the audit log; nobody is a member of it any more.
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
        """Tell whether the operator has suspended this organization."""
        return self.suspended_at is not None


class Role(models.TextChoices):
    """A person's place in an organization; `access.py` says what each may do."""

    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    BILLING = "billing"


class MembershipQuerySet(models.QuerySet["Membership"]):
    """People of a tenant."""

    def for_organization(self, organization: Organization) -> MembershipQuerySet:
        """Keep the members of one organization."""
        return self.filter(organization=organization)


class Membership(models.Model):
    """A user's place in an organization."""

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
        """Keep those neither accepted nor withdrawn; some of them may have expired."""
        return self.filter(accepted_at=None, withdrawn_at=None)


class Invitation(models.Model):
    """A place in an organization, offered to an e-mail address until it expires."""

    public_id = models.CharField(
        max_length=40, unique=True, default=new_invitation_id, editable=False
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="invitations"
    )
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=16, choices=Role.choices)
    # Of the secret in the message's link, which itself is kept nowhere.
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
            # An owner is made by another owner, of somebody who is there.
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
        """Tell whether its link has stopped working by age."""
        return self.expires_at <= timezone.now()


class Scope(models.TextChoices):
    """A part of the API that a key may be used for; `key_limits.py` says what each one opens."""

    SUBMIT = "submit"
    READ = "read"
    UPLOAD = "upload"
    BILLING = "billing"


def all_scopes() -> list[str]:
    """Return every scope: what a key may do unless it is limited."""
    return list(Scope.values)


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """API keys of a tenant."""

    def for_organization(self, organization: Organization) -> ApiKeyQuerySet:
        """Keep the keys of one organization."""
        return self.filter(organization=organization)


class ApiKey(models.Model):
    """An organization's credential: shown once, stored as a public part and a keyed hash."""

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="api_keys"
    )
    name = models.CharField(max_length=80)
    # The part between the prefix and the secret: found by it, shown in lists, safe in logs.
    key_id = models.CharField(max_length=16, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    pepper_version = models.CharField(max_length=16, editable=False)
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_ip = models.GenericIPAddressField(null=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope.choices), default=all_scopes)
    # Empty means any.
    allowed_models = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    allowed_ranges = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    # After a rotation the secret before it works until it ends, so that machines can follow.
    previous_hash = models.CharField(max_length=64, blank=True, editable=False)
    previous_pepper_version = models.CharField(max_length=16, blank=True, editable=False)
    previous_last_four = models.CharField(max_length=4, blank=True, editable=False)
    previous_ends_at = models.DateTimeField(null=True, editable=False)
    previous_used_at = models.DateTimeField(null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=Scope.values) & models.Q(scopes__len__gt=0),
                name="api_key_scopes_are_known",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["organization", "-id"], name="api_key_by_org")]

    def __str__(self) -> str:
        return f"{self.name} ({self.display})"

    @property
    def display(self) -> str:
        """Return the key as lists show it, without its secret."""
        return f"vg_{self.key_id}_…{self.last_four}"

    @property
    def has_every_scope(self) -> bool:
        """Tell whether the key may use all of the API."""
        return set(Scope.values) <= set(self.scopes)

    @property
    def overlap_ends_at(self) -> datetime | None:
        """Return until when the secret before the last rotation works, None when it does not."""
        ends_at = self.previous_ends_at
        return ends_at if ends_at is not None and ends_at > timezone.now() else None

    @property
    def status(self) -> str:
        """Return `active`, `revoked` or `expired`."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return "expired"
        return "active"


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """What was done in a tenant."""

    def for_organization(self, organization: Organization) -> AuditEventQuerySet:
        """Keep the events of one organization."""
        return self.filter(organization=organization)


def new_event_id() -> str:
    """Return a public id for an audit event."""
    return ids.new_id("evt")


class AuditEvent(models.Model):
    """One sensitive action: who did what to what, when and from where.

    A trigger refuses to change or remove one; only the link to a removed user is cut.
    """

    # The number of the row stays inside: it would tell a customer how much everyone does.
    public_id = models.CharField(max_length=40, unique=True, default=new_event_id, editable=False)

    organization = models.ForeignKey(
        Organization, null=True, on_delete=models.PROTECT, related_name="audit_events"
    )
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # Kept beside the link, so that the log still names who acted after the account is gone.
    actor = models.CharField(max_length=254)
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=254, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    # Done at the operator's desk: the organization reads that, but not who it was.
    by_operator = models.BooleanField(default=False)
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "-id"], name="audit_event_by_org"),
            models.Index(fields=["organization", "action", "-id"], name="audit_event_by_action"),
            models.Index(fields=["organization", "actor", "-id"], name="audit_event_by_actor"),
            models.Index(
                fields=["organization", "-id"],
                condition=models.Q(by_operator=True),
                name="audit_event_by_operator",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"


class RateBucket(models.Model):
    """A token bucket, told by when it will be full again; one that is full needs no row.

    The table is unlogged: quick to write, and empty after a crash, when every bucket is full.
    """

    # What is limited: a key, an organization, an address.
    subject = models.CharField(max_length=80, primary_key=True)
    full_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.subject
