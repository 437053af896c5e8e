"""The switches: how the simulator misbehaves on purpose.

Percentages are exact: of every 100 deliveries in a row, N are chosen, by the seed.
"""

import random
import secrets
from typing import Any

from sandbox.stripe.models import Switches

_HUNDRED = 100


def current() -> Switches:
    """Return the switches, all off by default."""
    return Switches.objects.get_or_create(id=1)[0]


def change(**values: Any) -> Switches:
    """Set some fields of `Switches` and return all of them.

    drop_percent: deliveries that are never tried. fail_percent: tries that fail as if the webhook
    URL were down. copies: deliveries per event. delay_seconds: before the first try. order:
    "created", or "newest_first" or "shuffled" (by `seed`), which hold deliveries for a moment so
    that there are several to reorder. refunds_fail: refunds fail later. lose_answers_percent: API
    calls that succeed but answer 500. later_seconds: until debits settle and cardholders dispute.
    tax_percent: the rate of automatic tax.
    """
    switches = current()
    for name, value in values.items():
        # Raises FieldDoesNotExist for an unknown name.
        Switches._meta.get_field(name)
        setattr(switches, name, value)
    switches.save()
    return switches


def reset() -> None:
    """Turn everything off."""
    Switches.objects.filter(id=1).delete()


def hits(*, percent: int, number: int, seed: int, salt: str) -> bool:
    """Return whether `number` is chosen: exactly `percent` of every 100 are."""
    block, place = divmod(number, _HUNDRED)
    chosen = random.Random(f"{seed}:{salt}:{block}").sample(range(_HUNDRED), percent)  # noqa: S311
    return place in chosen


def loses_answer() -> bool:
    """Return at random whether to lose the answer to this API call."""
    percent = current().lose_answers_percent
    return bool(percent) and secrets.randbelow(_HUNDRED) < percent
