"""Taxes: one made-up rate, enough to show that a total may differ from what was asked for."""

from sandbox.stripe import switches
from sandbox.stripe.wire import Data


def apply(*, session: Data, line_items: list[Data], country: str | None) -> None:
    """Compute the session's tax and totals; without a country the tax is not known yet."""
    enabled = session["automatic_tax"]["enabled"]
    rate = switches.current().tax_percent if enabled and country else 0
    tax = total = subtotal = 0
    for item in line_items:
        amount = item["amount_subtotal"]
        inclusive = item["price"]["tax_behavior"] == "inclusive"
        share = amount - round(amount * 100 / (100 + rate)) if inclusive else amount * rate // 100
        item["amount_tax"] = share
        item["amount_total"] = amount if inclusive else amount + share
        subtotal += amount
        tax += share
        total += item["amount_total"]
    session["amount_subtotal"] = subtotal
    session["amount_total"] = total
    session["total_details"] = {"amount_discount": 0, "amount_shipping": 0, "amount_tax": tax}
    if enabled:
        session["automatic_tax"]["status"] = "complete" if country else "requires_location_inputs"
