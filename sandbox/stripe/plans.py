"""Plans: what banks and cardholders will do later."""

from datetime import timedelta

from django.utils import timezone

from sandbox.stripe import store, switches
from sandbox.stripe.models import Plan
from vidgo.kernel.db.transactions import requires_transaction


@requires_transaction
def add(*, action: str, subject: str) -> None:
    """Have an action of `clock.ACTIONS` done to an object after the switches' `later_seconds`."""
    due_at = timezone.now() + timedelta(seconds=switches.current().later_seconds)
    Plan.objects.create(action=action, subject=subject, due_at=due_at)
    store.ring()


@requires_transaction
def cancel(*, subject: str, prefix: str = "") -> None:
    """Forget what was planned for an object, because it has happened or cannot any more."""
    Plan.objects.filter(subject=subject, action__startswith=prefix).delete()


def seconds_until_next() -> float | None:
    """Return how long until a plan is due, or None when there is none."""
    plan = Plan.objects.order_by("due_at").first()
    return None if plan is None else (plan.due_at - timezone.now()).total_seconds()
