"""Extra fields: fields that a form or a call does not have change nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import ApiKey, Membership, Organization, User
from billing import ledger_checks
from billing.models import LedgerEntry, Wallet
from generation import catalog
from generation.models import Job, Upload
from tests import factories
from tests.architecture.addresses import ROWS
from tests.architecture.addresses.rows import World
from tests.architecture.test_tenancy import whole
from tests.conftest import Api

pytestmark = pytest.mark.django_db

FOX = {"model": "flux-kontext-pro", "input": {"prompt": "a fox"}}


def hostile(world: World, stranger: Organization) -> dict[str, Any]:
    """Return fields that would be valuable if a form accepted them."""
    return {
        **dict.fromkeys(("is_staff", "is_superuser", "is_active", "is_operator"), "1"),
        **dict.fromkeys(("organization_id", "tenant", "api_key_id"), stranger.pk),
        **dict.fromkeys(("user", "created_by", "owner", "username"), "alice@example.com"),
        "status": "finished",
        "state": "delivered",
        "role": "owner",
        "id": 1,
        "pk": 1,
        "price_credits": 0,
        "amount_cents": 1,
        "credits": 1_000_000,
        "balance_credits": 1_000_000,
        "suspended_at": "",
        "deleted_at": "",
        "concurrency_limit": 1_000_000,
        "requests_per_minute": 1_000_000,
        "expires_at": "2099-01-01",
        "revoked_at": "",
        "key_id": "chosen",
        "secret_hash": "0" * 64,
        "public_id": "chosen",
        "user_permissions": "1",
        "groups": "1",
        "file": "../../etc/passwd",
        "image_file": f"inputs/aa/{'a' * 32}.png",
    }


def protected() -> dict[str, Any]:
    """Return everything that no form of a customer may change."""
    return {
        "people": list(
            User.objects.order_by("pk").values(
                "pk", "is_staff", "is_superuser", "is_active", "email", "groups"
            )
        ),
        "places": list(
            Membership.objects.order_by("pk").values("user", "organization", "role").distinct()
        ),
        "organizations": list(
            Organization.objects.order_by("pk").values(
                *("pk", "public_id", "suspended_at", "deleted_at"),
                *("concurrency_limit", "requests_per_minute"),
            )
        ),
    }


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[Any]:
    """Return the values that have changed."""
    return [row for name in before for row in before[name] if row not in after[name]]


@pytest.mark.chaos
@pytest.mark.parametrize("who", ["bob", "alice"])
def test_no_form_accepts_a_field_that_it_does_not_have(
    world: World, other_organization: Organization, who: str
) -> None:
    """Every form with valid data and all extra fields."""
    further = hostile(world, other_organization)
    before = protected()
    theirs = list(Wallet.objects.filter(organization=other_organization).values())
    # The world's callback belongs to a job that nobody paid for.
    known = ledger_checks.check()
    sent = 0
    for route, rows in ROWS.items():
        for row in rows:
            # An owner may change a role by its form; that is what the form is for.
            if row.method != "post" or row.api or (who == "alice" and "team/" in route):
                continue
            path = row.path(world) if row.path else f"/{route}"
            body = {**further, **row.body(world)}
            assert whole(world.browsers[who].post(path, body)).status_code < 500, path
            sent += 1
    assert sent > 30
    assert changed(before, protected()) == []
    assert list(Wallet.objects.filter(organization=other_organization).values()) == theirs
    assert not ApiKey.objects.filter(key_id="chosen").exists()
    assert ApiKey.objects.filter(organization=other_organization).count() == 1
    assert ledger_checks.check() == known


def test_no_call_accepts_a_field_that_it_does_not_have(
    api: Api, world: World, other_organization: Organization
) -> None:
    further = hostile(world, other_organization)
    before = Wallet.objects.get(organization=world.organization).balance_credits
    body = {**further, **FOX, "input": {**further, **FOX["input"]}}  # type: ignore[dict-item]
    answer = api.post("/api/generate/submit", body)
    assert answer.status_code == 200, answer.content
    job = Job.objects.latest("pk")
    price = catalog.load().models["flux-kontext-pro"].price_credits
    assert (job.organization, job.status, job.price_credits) == (
        world.organization,
        "queued",
        price,
    )
    assert (job.public_id != "chosen", job.image_file, job.created_by) == (True, "", None)
    assert job.api_key is not None
    assert job.api_key.organization == world.organization
    now = Wallet.objects.get(organization=world.organization).balance_credits
    assert now == before - price
    assert not LedgerEntry.objects.filter(organization=other_organization, kind="charge").exists()


def test_an_upload_is_stored_where_we_decide(api: Api, other_organization: Organization) -> None:
    further = {
        "organization": other_organization.public_id,
        "upload_path": "../../static",
        "file_name": "../../../etc/passwd",
        "original_name": "../x",
        "expires_at": "2099-01-01",
        "mime_type": "text/html",
    }
    file = SimpleUploadedFile("../../x.html", factories.png(), content_type="text/html")
    answer = api.client.post(
        "/api/common/upload/stream",
        {"file": file, **further},
        headers={"Authorization": f"Bearer {api.key}"},
    )
    assert answer.status_code == 200, answer.content
    kept = Upload.objects.get()
    assert kept.organization != other_organization
    assert kept.file.startswith("temp/")
    assert ".." not in kept.file + kept.file_name
    assert kept.mime == "image/png"
    served = whole(Client().get(f"/files/{kept.file}"))
    assert served.headers["Content-Type"] == "image/png"
    assert "html" not in served.headers.get("Content-Disposition", "")


def test_signing_up_makes_nobody_an_operator(client: Client, organization: Organization) -> None:
    form = {
        "email": "dana@example.com",
        "password1": "a long enough secret",
        **dict.fromkeys(("is_staff", "is_superuser", "is_active", "verified"), "on"),
        "organization": organization.public_id,
        "role": "owner",
        "user_permissions": "1",
    }
    assert client.post("/accounts/signup/", form).status_code == 302
    dana = User.objects.get(email="dana@example.com")
    assert (dana.is_staff, dana.is_superuser) == (False, False)
    assert not dana.emailaddress_set.filter(verified=True).exists()  # type: ignore[attr-defined]
    (place,) = Membership.objects.filter(user=dana)
    assert place.organization != organization


def test_a_profile_form_changes_the_name_and_no_right(bob: User, bob_client: Client) -> None:
    form = {"name": "Bob", "is_staff": "on", "is_superuser": "on", "email": "alice@example.com"}
    assert bob_client.post("/dashboard/profile", form).status_code == 302
    bob.refresh_from_db()
    assert (bob.name, bob.email) == ("Bob", "bob@example.com")
    assert (bob.is_staff, bob.is_superuser) == (False, False)


def test_an_invitation_gives_no_more_than_it_says(
    alice_client: Client, organization: Organization
) -> None:
    form = {"email": "dana@example.com", "role": "owner", "organization": "org_1"}
    assert alice_client.post("/dashboard/team", form).status_code == 400
    assert organization.memberships.filter(role="owner").count() == 1


def test_a_purchase_costs_what_we_say(world: World) -> None:
    """A form can neither raise the credits nor lower the price."""
    before = Wallet.objects.get(organization=world.organization).balance_credits
    form = {"amount_cents": "1", "credits": "1000000", "pack": "1", "price": "0", "amount": "0.01"}
    answer = world.browsers["alice"].post("/dashboard/billing/top-ups", form)
    assert answer.status_code == 200
    assert Wallet.objects.get(organization=world.organization).balance_credits == before
    assert world.organization.top_ups.count() == 1
