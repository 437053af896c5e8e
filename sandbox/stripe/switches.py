"""The switches: how the simulator misbehaves on purpose.

Percentages are kept exactly: of each hundred deliveries in a row, N are chosen, by the seed.
"""

import random
import secrets
from typing import Any

from sandbox.stripe.models import Switches

_HUNDRED = 100


def current() -> Switches:
    """Return the switches; all are off until someone changes them."""
    return Switches.objects.get_or_create(id=1)[0]


def change(**values: Any) -> Switches:
    """Set some switches, named as the fields of `Switches`, and return all.

    drop_percent: deliveries that never leave. fail_percent: tries that fail as if the endpoint
    were down. copies: how often each event is delivered. delay_seconds: before the first try.
    order: "created", "newest_first" or "shuffled" (by `seed`), which also holds deliveries for a
    moment so that there is something to reorder. refunds_fail: refunds fail after a while.
    lose_answers_percent: API calls that are done and answered 500. later_seconds: how long debits
    settle and cardholders wait. tax_percent: of automatic tax.
    """
    switches = current()
    for name, value in values.items():
        # Raises FieldDoesNotExist for a name that is none.
        Switches._meta.get_field(name)
        setattr(switches, name, value)
    switches.save()
    return switches


def reset() -> None:
    """Turn everything off."""
    Switches.objects.filter(id=1).delete()


def hits(*, percent: int, number: int, seed: int, salt: str) -> bool:
    """Return whether a numbered thing is among the chosen: exactly `percent` of each hundred."""
    block, place = divmod(number, _HUNDRED)
    chosen = random.Random(f"{seed}:{salt}:{block}").sample(range(_HUNDRED), percent)  # noqa: S311
    return place in chosen


def loses_answer() -> bool:
    """Return whether the answer to this API call is to be lost."""
    percent = current().lose_answers_percent
    return bool(percent) and secrets.randbelow(_HUNDRED) < percent
