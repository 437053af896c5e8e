"""How the options of a passkey's ceremony get into a page: as an attribute, not as a script."""

import json
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """Return the value as JSON, to be escaped like any other text."""
    return json.dumps(value, cls=DjangoJSONEncoder)
