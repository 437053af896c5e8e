"""What people type into the pages about themselves."""

from __future__ import annotations

from django import forms

from accounts.models import User


class PersonForm(forms.ModelForm):
    """What others see of a person."""

    class Meta:
        model = User
        fields = ("name",)
        help_texts = {"name": "Shown to the people of your organizations."}
