"""Users, organizations, memberships, API keys and the audit log."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from vidgo.kernel import ids


def new_organization_id() -> str:
    """Return a public id for an organization."""
    return ids.new_id("org")


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


class Membership(models.Model):
    """A user's place in an organization."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

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

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organization", "-id"], name="api_key_by_org")]

    def __str__(self) -> str:
        return f"{self.name} ({self.display})"

    @property
    def display(self) -> str:
        """Return the key as lists show it, without its secret."""
        return f"vg_{self.key_id}_…{self.last_four}"

    @property
    def status(self) -> str:
        """Return `active`, `revoked` or `expired`."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return "expired"
        return "active"


class AuditEvent(models.Model):
    """One sensitive action: who did what to what, when and from where. Never changed."""

    organization = models.ForeignKey(
        Organization, null=True, on_delete=models.PROTECT, related_name="audit_events"
    )
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # Kept beside the link, so that the log still names who acted after the account is gone.
    actor = models.CharField(max_length=254)
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=254, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    ip_address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "-id"], name="audit_event_by_org")
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
