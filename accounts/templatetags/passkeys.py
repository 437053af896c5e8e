"""Passkey options in a page, as a data attribute instead of an inline script."""

import json
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """Return the value as JSON; the template escapes it."""
    return json.dumps(value, cls=DjangoJSONEncoder)
