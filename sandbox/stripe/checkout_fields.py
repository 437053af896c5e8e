"""The fields of a new Checkout session: line items, prices, taxes."""

from sandbox.stripe import payment_intents, switches, wire
from sandbox.stripe.errors import BadParameter, NoSuch
from sandbox.stripe.models import StripeObject
from sandbox.stripe.wire import Data

LONGEST_SECONDS = 24 * 60 * 60
# The customer details of an unknown payer.
NO_DETAILS: Data = {
    **dict.fromkeys(("address", "business_name", "email", "individual_name", "name", "phone")),
    "tax_exempt": "none",
    "tax_ids": None,
}
# Fields of a new session that are null.
_NULL_FIELDS = (
    "after_expiration",
    "allow_promotion_codes", "branding_settings", "client_secret", "collected_information",
    "consent", "consent_collection", "currency_conversion", "invoice", "origin_context",
    "payment_intent", "payment_link", "payment_method_configuration_details", "permissions",
    "recovered_from", "saved_payment_method_options", "setup_intent",
    "shipping_address_collection", "shipping_cost", "subscription", "url", "wallet_options",
)  # fmt: skip


def line_item(item: Data, place: int) -> Data:
    """Return an item of the session with its own price; raises BadParameter or NoSuch."""
    name = f"line_items[{place}]"
    if "price" in item:
        raise NoSuch(noun="price", stripe_id=item["price"], param=f"{name}[price]")
    price = item.get("price_data")
    if price is None or "product_data" not in price or "unit_amount" not in price:
        raise BadParameter(
            "The simulator needs price_data with product_data and unit_amount.",
            code="parameter_missing",
            param=f"{name}[price_data]",
        )
    quantity = item.get("quantity", 1)
    amount = price["unit_amount"] * quantity
    currency = price["currency"].lower()
    return {
        "id": wire.new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": currency,
        "description": price["product_data"]["name"],
        "metadata": item.get("metadata", {}),
        "price": {
            "id": wire.new_id("price"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": wire.now(),
            "currency": currency,
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": wire.new_id("prod", 14),
            "recurring": None,
            "tax_behavior": price.get("tax_behavior", "unspecified"),
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": price["unit_amount"],
            "unit_amount_decimal": str(price["unit_amount"]),
        },
        "quantity": quantity,
    }


def fields(params: Data, customer: StripeObject | None) -> Data:
    """Return a session's fields before any amount is known."""
    taxed = params.get("automatic_tax", {}).get("enabled", False)
    email = customer.data["email"] if customer else params.get("customer_email")
    known = customer.data if customer else {}
    details = NO_DETAILS | {
        "address": known.get("address"),
        "email": email,
        "name": known.get("name"),
    }
    invoice = params.get("invoice_creation", {})
    collects = params.get("tax_id_collection")
    return {
        **dict.fromkeys(_NULL_FIELDS),
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": {
            "enabled": taxed,
            "liability": {"type": "self"} if taxed else None,
            "provider": "stripe" if taxed else None,
            "status": None,
        },
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "currency": _currency(params["line_items"]),
        "custom_fields": [],
        "custom_text": dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        ),
        "customer": customer.stripe_id if customer else None,
        "customer_creation": (None if customer else params.get("customer_creation", "if_required")),
        "customer_details": details if email else None,
        "customer_email": params.get("customer_email"),
        "discounts": [],
        "expires_at": params.get("expires_at", wire.now() + LONGEST_SECONDS),
        "invoice_creation": {
            "enabled": invoice.get("enabled", False),
            "invoice_data": {
                "account_tax_ids": None,
                "custom_fields": None,
                "description": None,
                "footer": None,
                "issuer": None,
                "metadata": {},
                "rendering_options": None,
                **invoice.get("invoice_data", {}),
            },
        },
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": "payment",
        "payment_method_collection": "if_required",
        "payment_method_options": {},
        "payment_method_types": payment_intents.METHOD_TYPES,
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "success_url": params["success_url"],
        "tax_id_collection": {"required": "never", **collects} if collects else None,
        "ui_mode": "hosted_page",
    }


def _currency(items: list[Data]) -> str:
    currencies = {item.get("price_data", {}).get("currency", "").lower() for item in items}
    if len(currencies) > 1:
        raise BadParameter(
            "All prices on a Checkout session must be in the same currency.", param="line_items"
        )
    return str(currencies.pop())


def apply_taxes(*, session: Data, line_items: list[Data], country: str | None) -> None:
    """Compute a session's tax, at one made-up rate, and its totals; needs a country for the tax."""
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
