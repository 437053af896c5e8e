"""Organizations in extreme states: too much of everything, and suspended."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts import invitations, organizations
from accounts.api_keys.restrictions import Limits
from accounts.audit import SYSTEM, Actor
from accounts.models import ApiKey, Organization, Role, User
from billing import budgets, ledger
from billing.models import Dispute, TopUp
from generation import jobs
from generation.callbacks import endpoints
from generation.jobs import cancel, generation_request
from generation.models import CallbackEndpoint, Job
from generation.providers.base import FailureKind
from tests import factories
from tests.browser.product import CROWDED, PASSWORD, SUSPENDED, Product

# As long as allowed, and without a place to break lines.
ORGANIZATION = ("Donaudampfschifffahrtsgesellschaft" * 4)[: organizations.NAME_LENGTH]
KEY = ("production-server-in-the-third-rack-" * 3)[:80]
EMAIL = f"{'a.name.that.goes.on.and.on' * 2}@{'subdomain.' * 6}example.com"
PROMPT = "x" * 400 + " a fox " + "and then some more of the same text, " * 30
URL = "http://" + "127.0.0.1:1/" + "a-path-without-an-end/" * 12
HUGE_CREDITS = 1_987_654_321
KEYS = 40
PEOPLE = 12
# Images of the suspended organization before its payment was reversed.
SPENT_IMAGES = 3


def crowd() -> None:
    """Fill an organization with long names, many rows and huge numbers."""
    owner = User.objects.create_user(Product.email_of(CROWDED), password=PASSWORD)
    crowded = factories.organization(owner=owner, name=ORGANIZATION)
    factories.credits(organization=crowded, amount=HUGE_CREDITS)
    key = _keys(crowded)
    for number in range(PEOPLE):
        person = factories.user(f"{number}.{EMAIL}", name=f"Name{number}" * 10)
        factories.member(organization=crowded, user=person, role=Role.DEVELOPER)
    invitations.invite(
        organization=crowded,
        email=f"invited.{EMAIL}",
        role="admin",
        actor=Actor(label=owner.email, user=owner),
    )
    _submit(crowded, prompt=PROMPT, api_key=key, callback_url=URL)
    _submit(crowded, prompt=f"{PROMPT} sandbox:fail", api_key=key)
    _submit(crowded, prompt="a boat sandbox:slow=600", api_key=key)
    canceled = _submit(crowded, prompt="a cat sandbox:slow=600", api_key=key)
    jobs.fail(job=canceled, kind=FailureKind.CANCELED, message=cancel.MESSAGE, fenced=False)


def pause() -> None:
    """Pause the endpoints of the crowded organization, which exist after its jobs have ended."""
    crowded = CallbackEndpoint.objects.filter(organization__name=ORGANIZATION)
    with transaction.atomic():
        for endpoint in crowded.select_related("organization"):
            endpoints.pause(endpoint=endpoint, actor=SYSTEM)


def suspend() -> None:
    """Create a suspended organization with tasks and a debt."""
    owner = User.objects.create_user(Product.email_of(SUSPENDED), password=PASSWORD)
    suspended = factories.organization(owner=owner, name="Late payers")
    bought = TopUp.objects.create(
        organization=suspended,
        source=TopUp.Source.CHECKOUT,
        status=TopUp.Status.PAID,
        credits=1_000,
        amount_cents=500,
        paid_cents=500,
        paid_at=timezone.now(),
    )
    with transaction.atomic():
        ledger.top_up(
            organization=suspended,
            amount_credits=bought.credits,
            reference=bought.public_id,
            actor="stripe",
        )
    key = factories.api_key(organization=suspended, name="Old").api_key
    for _ in range(SPENT_IMAGES):
        _submit(suspended, prompt="a castle by the sea", api_key=key)
    lost = Dispute.objects.create(
        stripe_id="dp_seed",
        top_up=bought,
        amount_cents=bought.paid_cents,
        credits=bought.credits,
        status="lost",
    )
    with transaction.atomic():
        ledger.claw_back(
            organization=suspended,
            amount_credits=lost.credits,
            reference=lost.stripe_id,
            actor="stripe",
            reason="dispute of a purchase",
        )
    organizations.suspend(organization=suspended, actor=SYSTEM, reason="The money went back.")


def _keys(organization: Organization) -> ApiKey:
    """Issue many keys, the last of them with every limit; return the first."""
    issued = [
        factories.api_key(organization=organization, name=f"{number} {KEY}"[:80])
        for number in range(KEYS)
    ]
    limits = Limits(
        scopes=("submit", "read"),
        models=("flux-kontext-pro",),
        ranges=tuple(f"2001:db8:{number:x}::/48" for number in range(10)),
    )
    limited = factories.api_key(organization=organization, name="Limited", limits=limits)
    budgets.set_caps(
        api_key=limited.api_key,
        daily_credits=1_000_000,
        monthly_credits=20_000_000,
        total_credits=900_000_000,
        actor=SYSTEM,
    )
    return issued[0].api_key


def _submit(
    organization: Organization, *, prompt: str, api_key: ApiKey, callback_url: str | None = None
) -> Job:
    request = generation_request.parse(
        model="flux-kontext-pro", input={"prompt": prompt}, callback_url=callback_url
    )
    return jobs.submit(organization=organization, request=request, api_key=api_key).job
