"""The forms of the billing pages."""

from __future__ import annotations

from typing import Any

from django import forms

from billing import auto_recharge, packs, statement
from billing.models import Budget, Kind
from billing.packs import Pack
from vidgo.kernel import errors
from vidgo.kernel.db import days

# Far above any real use, and within the range of the columns.
CREDITS_MAX = 1_000_000_000
MONTHLY_CAP_MAX_DOLLARS = 100_000


class TopUpForm(forms.Form):
    """What to buy: the pack whose button was pressed, or a custom amount."""

    pack = forms.CharField(required=False, widget=forms.HiddenInput)
    dollars = forms.IntegerField(
        required=False,
        min_value=packs.SMALLEST_CENTS // 100,
        max_value=packs.LARGEST_CENTS // 100,
        label="Another amount, in dollars",
        help_text=(
            f"${packs.SMALLEST_CENTS // 100} to ${packs.LARGEST_CENTS // 100:,}, whole dollars. "
            f"$1 buys {100 * packs.CREDITS_PER_CENT:,} credits."
        ),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), packs.BadAmount.default_message
        ),
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "step": "1", "placeholder": "25"}),
    )
    save_card = forms.BooleanField(
        required=False,
        label="Save this card for automatic recharge",
        help_text=(
            "Stripe stores it; we never see its number. It is charged only if you turn on "
            "automatic recharge, and you can remove it at any time."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Add the pack to buy; a pressed pack takes precedence over the amount."""
        values = super().clean() or {}
        chosen = values.get("pack", "")
        if chosen:
            self.errors.pop("dollars", None)
        elif "dollars" in self.errors:
            return values
        cents = int(chosen) if _is_number(chosen) else (values.get("dollars") or 0) * 100
        try:
            values["bought"] = packs.get_pack(amount_cents=cents)
        except packs.BadAmount as refused:
            self.add_error("dollars", refused.message)
        return values


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


class WarningForm(forms.Form):
    """The low-balance threshold."""

    warn_below_credits = forms.IntegerField(
        min_value=0,
        max_value=CREDITS_MAX,
        label="E-mail me below, in credits",
        help_text="At most one e-mail a day. Enter 0 to turn it off.",
    )


class PromotionForm(forms.Form):
    """A promotion code."""

    code = forms.CharField(
        max_length=40,
        label="Promotion code",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )


class RechargeForm(forms.Form):
    """The terms of automatic recharge, and in the second step the consent to them."""

    pack = forms.ChoiceField(label="Buy")
    threshold_credits = forms.IntegerField(
        min_value=1,
        max_value=CREDITS_MAX,
        label="When the balance falls below, in credits",
    )
    monthly_cap = forms.IntegerField(
        min_value=packs.SMALLEST_CENTS // 100,
        max_value=MONTHLY_CAP_MAX_DOLLARS,
        label="Monthly limit, in dollars",
        help_text="Per calendar month, in UTC.",
    )
    agreed = forms.BooleanField(required=False)
    # The consent text as displayed; if it has changed since, the form asks again.
    consent = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pack"] = forms.ChoiceField(
            label="Buy",
            choices=[
                (pack.key, f"{pack.credits:,} credits for ${pack.amount_cents / 100:,.2f}")
                for pack in packs.listed()
            ],
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a monthly limit that allows no recharge, before asking for consent."""
        values = super().clean() or {}
        if {"pack", "monthly_cap"} <= values.keys() and (
            values["monthly_cap"] * 100 < self.bought.amount_cents
        ):
            self.add_error("monthly_cap", auto_recharge.CapTooLow.default_message)
        return values

    @property
    def bought(self) -> Pack:
        """Return the pack that each recharge buys."""
        return packs.get_pack(amount_cents=int(self.cleaned_data["pack"]))

    def terms(self) -> dict[str, Any]:
        """Return the terms as arguments of `auto_recharge.enable`."""
        return {
            "pack": self.bought,
            "threshold_credits": self.cleaned_data["threshold_credits"],
            "monthly_cap_cents": self.cleaned_data["monthly_cap"] * 100,
        }


class StatementForm(forms.Form):
    """The filter of the statement, with the API's parameter names."""

    kind = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(kind, kind.replace("_", " ").capitalize()) for kind in Kind.values]
        self.fields["kind"] = forms.ChoiceField(choices=[("", "All kinds"), *kinds], required=False)
        # `from` is a keyword, so it cannot be a class attribute.
        self.fields["from"] = days.field("From (UTC)")
        self.fields["to"] = days.field("To (UTC)")

    def clean(self) -> dict[str, Any]:
        """Add the filter."""
        values = super().clean() or {}
        days.check_order(self, values)
        values["filter"] = statement.Filter(
            kind=values.get("kind", ""), first_day=values.get("from"), last_day=values.get("to")
        )
        return values


class BudgetForm(forms.ModelForm):
    """The caps of an API key; an empty field means no cap."""

    class Meta:
        model = Budget
        fields = ("daily_credits", "monthly_credits", "total_credits")
        labels = {
            "daily_credits": "Per day, in credits",
            "monthly_credits": "Per month, in credits",
            "total_credits": "In total, in credits",
        }


def add_error(form: forms.Form, error: errors.DomainError) -> None:
    """Add a domain error to the field it names, or to the whole form."""
    field = error.param if error.param in form.fields else None
    form.add_error(field, error.message)
