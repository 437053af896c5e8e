"""Stripe customers: one for each organization that buys credits, and its saved card."""

from __future__ import annotations

from accounts import access
from accounts.models import Organization
from billing.models import Customer
from billing.stripe import client
from vidgo.kernel import errors


class NoCustomer(errors.NotFound):
    default_message = "This organization has not bought anything yet."


def ensure(*, organization: Organization) -> Customer:
    """Return the organization's customer, created at Stripe if there is none yet.

    Calls Stripe, so call it outside transactions. Two calls at once get the same customer, because
    the idempotency key is the organization's id.
    """
    known = Customer.objects.filter(pk=organization.pk).first()
    if known is not None:
        return known
    stripe_id = client.create_customer(
        organization_id=organization.public_id,
        name=organization.name,
        email=access.owner_email(organization=organization),
    )
    customer, _ = Customer.objects.get_or_create(
        organization=organization, defaults={"stripe_id": stripe_id}
    )
    return customer


def get_customer(*, organization: Organization) -> Customer:
    """Return the organization's customer; raises `NoCustomer`."""
    customer = Customer.objects.filter(pk=organization.pk).first()
    if customer is None:
        raise NoCustomer
    return customer


def save_card(*, organization: Organization, payment_method_id: str) -> None:
    """Store the card that a customer agreed to save, with its brand and last digits from Stripe."""
    card = client.get_card(payment_method_id=payment_method_id)
    Customer.objects.filter(organization=organization).update(
        payment_method_id=card.payment_method_id,
        card_brand=card.brand,
        card_last_four=card.last_four,
    )


def forget_card(*, payment_method_id: str) -> list[Organization]:
    """Remove a card that was detached at Stripe and return the organizations that had it."""
    customers = Customer.objects.filter(payment_method_id=payment_method_id)
    organizations = [customer.organization for customer in customers.select_related("organization")]
    customers.update(payment_method_id="", card_brand="", card_last_four="")
    return organizations


def forget(*, stripe_id: str) -> Organization | None:
    """Remove a customer that was deleted at Stripe; the next purchase creates a new one."""
    customer = Customer.objects.select_related("organization").filter(stripe_id=stripe_id).first()
    if customer is None:
        return None
    # Read first: deleting clears the row's primary key, which is its organization.
    organization = customer.organization
    customer.delete()
    return organization
