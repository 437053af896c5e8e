"""The forms of the Checkout page, with a payment page's checks."""

import re
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from sandbox.stripe import cards
from sandbox.stripe.checkout_payments import Payer
from sandbox.stripe.models import StripeObject

COUNTRIES = [
    ("US", "United States"),
    ("AT", "Austria"),
    ("CA", "Canada"),
    ("CH", "Switzerland"),
    ("DE", "Germany"),
    ("FR", "France"),
    ("GB", "United Kingdom"),
    ("IN", "India"),
    ("JP", "Japan"),
]
TAX_ID_TYPES = [("eu_vat", "EU VAT"), ("gb_vat", "GB VAT"), ("us_ein", "US EIN")]


class AddressForm(forms.Form):
    """The billing address, which decides the tax."""

    country = forms.ChoiceField(choices=COUNTRIES)
    postal_code = forms.CharField(max_length=12, required=False, label="ZIP or postal code")


class PaymentForm(forms.Form):
    """A card or bank account, and the payer."""

    email = forms.EmailField(required=False)
    method = forms.ChoiceField(choices=[("card", "Card"), ("bank", "Bank debit")])
    number = forms.CharField(max_length=30, required=False, label="Card number")
    expiry = forms.CharField(max_length=9, required=False, label="Expiry")
    cvc = forms.CharField(max_length=4, required=False, label="CVC")
    name = forms.CharField(max_length=150, required=False, label="Name on card or account")
    account = forms.ChoiceField(
        required=False,
        choices=[(account.number, account.does) for account in cards.BANK_ACCOUNTS.values()],
    )
    business_name = forms.CharField(max_length=150, required=False)
    tax_id_type = forms.ChoiceField(choices=TAX_ID_TYPES, required=False)
    tax_id = forms.CharField(max_length=40, required=False, label="Tax ID")

    def __init__(self, *args: Any, session: StripeObject, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        details = session.data["customer_details"] or {}
        self.known_email = str(details.get("email") or "")
        self.fields["email"].required = not self.known_email
        self.wants_tax_id = bool((session.data["tax_id_collection"] or {}).get("enabled"))
        self.exp_month = self.exp_year = 0

    def clean(self) -> dict[str, Any]:
        """Check the fields of the chosen payment method."""
        values = super().clean() or {}
        if values.get("method") == "card":
            self._clean_number(values)
            self._clean_expiry(values)
            self._clean_cvc(values)
        elif values.get("method") == "bank" and not values.get("account"):
            self.add_error("account", "Choose an account.")
        return values

    def _clean_number(self, values: dict[str, Any]) -> None:
        number = re.sub(r"[\s-]", "", values.get("number", ""))
        values["number"] = number
        if not number:
            self.add_error("number", "Enter the card number.")
        elif not re.fullmatch(r"\d{12,19}", number):
            self.add_error("number", "Your card number is incomplete.")
        elif not cards.passes_luhn(number):
            self.add_error("number", "Your card number is invalid.")

    def _clean_expiry(self, values: dict[str, Any]) -> None:
        match = re.fullmatch(r"\s*(\d{1,2})\s*/\s*(\d{2}|\d{4})\s*", values.get("expiry", ""))
        if match is None or not 1 <= int(match[1]) <= 12:
            self.add_error("expiry", "Write the expiry date as MM/YY.")
            return
        self.exp_month = int(match[1])
        self.exp_year = int(match[2]) + (2000 if len(match[2]) == 2 else 0)
        today = timezone.now().date()
        if date(self.exp_year, self.exp_month, 1) < today.replace(day=1):
            self.add_error("expiry", "Your card's expiration date is in the past.")
        elif self.exp_year > today.year + 50:
            self.add_error("expiry", "Your card's expiration year is invalid.")

    def _clean_cvc(self, values: dict[str, Any]) -> None:
        digits = 4 if values.get("number", "").startswith(("34", "37")) else 3
        if not re.fullmatch(rf"\d{{{digits}}}", values.get("cvc", "")):
            self.add_error("cvc", f"Enter the {digits} digits of the security code.")

    def payer(self) -> Payer:
        """Return the payer."""
        values = self.cleaned_data
        return Payer(
            email="" if self.known_email else values["email"],
            name=values["name"],
            business_name=values["business_name"] if self.wants_tax_id else "",
            tax_id_type=values["tax_id_type"] if self.wants_tax_id else "",
            tax_id=values["tax_id"] if self.wants_tax_id else "",
        )
