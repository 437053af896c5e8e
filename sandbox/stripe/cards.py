"""Test cards and test bank accounts: how their holders and banks behave.

The numbers are those of https://docs.stripe.com/testing. Any other number is declined like a real
card in Stripe's test mode, and is neither stored nor logged.
"""

from dataclasses import dataclass
from enum import Enum

GENERIC = "Your card was declined."
FUNDS = "Your card has insufficient funds."


class OffSession(Enum):
    """The bank's answer to an off-session charge."""

    PAYS = "pays"
    AUTHENTICATES = "asks for authentication"
    AUTHENTICATES_UNLESS_SET_UP = "asks for authentication unless it was given when saving"
    DECLINES = "declines"


@dataclass(frozen=True, kw_only=True)
class Decline:
    """A decline by the bank."""

    code: str = "card_declined"
    decline_code: str | None = "generic_decline"
    message: str = GENERIC


@dataclass(frozen=True)
class Card:
    """A test card and how it behaves."""

    number: str
    does: str
    brand: str = "visa"
    authenticates: bool = False
    decline: Decline | None = None
    off_session: OffSession = OffSession.PAYS
    # Planned after a successful charge: an action of `tasks.ACTIONS`.
    afterwards: str = ""
    # Planned after a refund; "settle_refund" keeps it pending until then.
    refund: str = ""
    listed: bool = True

    @property
    def last4(self) -> str:
        """Return the last four digits."""
        return self.number[-4:]

    @property
    def spaced(self) -> str:
        """Return the number in printed groups."""
        if len(self.number) == 15:
            return f"{self.number[:4]} {self.number[4:10]} {self.number[10:]}"
        return " ".join(self.number[place : place + 4] for place in range(0, 16, 4))


@dataclass(frozen=True)
class BankAccount:
    """A test bank account: a debit is `processing` first and settles later."""

    number: str
    does: str
    failure_code: str = ""
    failure_message: str = ""

    @property
    def last4(self) -> str:
        """Return the last four digits."""
        return self.number[-4:]


_INSUFFICIENT = Decline(decline_code="insufficient_funds", message=FUNDS)
AUTHENTICATION_REQUIRED = Decline(
    code="authentication_required",
    decline_code="authentication_required",
    message="Your card was declined. This transaction requires authentication.",
)
NOT_A_TEST_CARD = Decline(
    decline_code="test_mode_live_card",
    message=(
        "Your card was declined. Your request was in test mode, but used a non test (live) card. "
        "For a list of valid test cards, visit: https://stripe.com/docs/testing."
    ),
)

CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242", "Pays"),
        Card("5555555555554444", "Pays (Mastercard)", brand="mastercard"),
        Card("378282246310005", "Pays (American Express)", brand="amex", listed=False),
        Card("4000000000000002", "Is declined", decline=Decline()),
        Card("4000000000009995", "Has insufficient funds", decline=_INSUFFICIENT),
        Card(
            "4000000000009987", "Was lost", decline=Decline(decline_code="lost_card"), listed=False
        ),
        Card(
            "4000000000000069",
            "Has expired",
            decline=Decline(
                code="expired_card", decline_code=None, message="Your card has expired."
            ),
            listed=False,
        ),
        Card(
            "4000000000000127",
            "Has another security code",
            decline=Decline(
                code="incorrect_cvc",
                decline_code=None,
                message="Your card's security code is incorrect.",
            ),
            listed=False,
        ),
        Card(
            "4000000000000119",
            "Meets an error at the bank",
            decline=Decline(
                code="processing_error",
                decline_code=None,
                message="An error occurred while processing your card. Try again in a little bit.",
            ),
            listed=False,
        ),
        Card(
            "4000002500003155",
            "Asks for authentication, once when it is saved",
            authenticates=True,
            off_session=OffSession.AUTHENTICATES_UNLESS_SET_UP,
        ),
        Card(
            "4000002760003184",
            "Asks for authentication each time",
            authenticates=True,
            off_session=OffSession.AUTHENTICATES,
        ),
        Card(
            "4000000000003220",
            "Asks for authentication (3D Secure 2)",
            authenticates=True,
            off_session=OffSession.AUTHENTICATES,
            listed=False,
        ),
        Card(
            "4000008260003178",
            "Asks for authentication, then has insufficient funds",
            authenticates=True,
            decline=_INSUFFICIENT,
            off_session=OffSession.DECLINES,
            listed=False,
        ),
        Card(
            "4000000000000341",
            "Pays now, is declined later when charged again",
            off_session=OffSession.DECLINES,
        ),
        Card(
            "4000000000000259",
            "Pays, and is disputed as fraud soon after",
            afterwards="dispute_fraudulent",
        ),
        Card(
            "4000000000002685",
            "Pays, and is disputed as not received soon after",
            afterwards="dispute_product_not_received",
            listed=False,
        ),
        Card(
            "4000000000001976",
            "Pays, and the bank inquires soon after",
            afterwards="inquire",
            listed=False,
        ),
        Card("4000000000005423", "Pays, and the bank warns of fraud soon after", afterwards="warn"),
        Card(
            "4000000000007726",
            "Pays; a refund is pending for a while",
            refund="settle_refund",
            listed=False,
        ),
        Card("4000000000005126", "Pays; a refund succeeds and fails later", refund="fail_refund"),
    )
}

# Stripe's test payment methods, which need no Checkout page.
MAGIC = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_createDisputeProductNotReceived": "4000000000002685",
    "pm_card_createDisputeInquiry": "4000000000001976",
    "pm_card_createIssuerFraudRecord": "4000000000005423",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_refundFail": "4000000000005126",
}

ROUTING_NUMBER = "110000000"
BANK_ACCOUNTS = {
    account.number: account
    for account in (
        BankAccount("000123456789", "Is debited"),
        BankAccount(
            "000222222227",
            "Has insufficient funds",
            failure_code="insufficient_funds",
            failure_message="The customer's bank account has insufficient funds.",
        ),
        BankAccount(
            "000111111116",
            "Was closed",
            failure_code="account_closed",
            failure_message="The customer's bank account has been closed.",
        ),
    )
}


def passes_luhn(number: str) -> bool:
    """Return whether the check digit is valid (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return bool(number) and total % 10 == 0
