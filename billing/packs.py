"""Packs: the credits that can be bought, by pack or by custom amount."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from vidgo.kernel import errors

# 1 credit is $0.005, so one cent buys two.
CREDITS_PER_CENT = 2
SMALLEST_CENTS = 500
LARGEST_CENTS = 100_000


class BadAmount(errors.Invalid):
    default_message = (
        f"Choose a whole number of dollars from {SMALLEST_CENTS // 100} to "
        f"{LARGEST_CENTS // 100:,}."
    )


@dataclass(frozen=True, slots=True)
class Pack:
    """An amount of money and the credits it buys."""

    amount_cents: int
    credits: int

    @property
    def key(self) -> str:
        """Return the pack's key in forms and URLs: its price in cents."""
        return str(self.amount_cents)


def listed() -> list[Pack]:
    """Return the packs on offer, read from the BILLING_PACKS setting (`cents:credits`)."""
    pairs = (entry.partition(":") for entry in settings.BILLING_PACKS)
    return [Pack(amount_cents=int(cents), credits=int(credits)) for cents, _, credits in pairs]


def get_pack(*, amount_cents: int) -> Pack:
    """Return the pack of this price, or one for a custom amount; raises `BadAmount`."""
    for pack in listed():
        if pack.amount_cents == amount_cents:
            return pack
    if not SMALLEST_CENTS <= amount_cents <= LARGEST_CENTS or amount_cents % 100:
        raise BadAmount(param="amount")
    return Pack(amount_cents=amount_cents, credits=amount_cents * CREDITS_PER_CENT)
