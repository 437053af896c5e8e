"""What templates say from the catalog: names of models, and the commands that try them."""

from __future__ import annotations

import json
import shlex
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from generation import catalog
from generation.site.examples import Example

register = template.Library()

PLACEHOLDER_KEY = "$VIDGO_API_KEY"
SAMPLE_IMAGE = "https://example.com/photo.jpg"
SAMPLE_PROMPT = "A lighthouse above the fog, first light"


@register.filter
def model_name(model_id: str) -> str:
    """Return a model's name; one that has left the catalog is called by its id."""
    model = catalog.load().models.get(model_id)
    return model.name if model else model_id


@register.simple_tag
def first_model() -> catalog.Model:
    """Return the model that samples and new forms begin with."""
    return next(iter(catalog.load().models.values()))


@register.simple_tag
def all_models() -> list[catalog.Model]:
    """Return the models that are for sale."""
    return list(catalog.load().models.values())


@register.simple_tag
def support_email() -> str:
    """Return where customers may write to, or nothing."""
    return settings.VIDGO_SUPPORT_EMAIL


@register.simple_tag
def submit_curl(
    key: str = PLACEHOLDER_KEY,
    model: str = "",
    prompt: str = SAMPLE_PROMPT,
    size: str = "16:9",
    **further: Any,
) -> SafeString:
    """Return the command that submits this order; `key` may be a whole key or its placeholder."""
    body = {
        "model": model or first_model().id,
        "input": {"prompt": prompt, "size": size, **further},
    }
    return _curl(f"{settings.VIDGO_PUBLIC_URL}/api/generate/submit", key=key, body=body)


@register.simple_tag
def submit_edit_curl(model: str, prompt: str, size: str) -> SafeString:
    """Return the command that submits an edit, of an image that stands for the customer's own."""
    return submit_curl(model=model, prompt=prompt, size=size, image_urls=[SAMPLE_IMAGE])


@register.simple_tag
def status_curl(key: str = PLACEHOLDER_KEY, task_id: str = "TASK_ID") -> SafeString:
    """Return the command that asks how a task is doing."""
    return _curl(f"{settings.VIDGO_PUBLIC_URL}/api/generate/status/{task_id}", key=key)


@register.simple_tag
def tasks_curl(key: str = PLACEHOLDER_KEY) -> SafeString:
    """Return the command that lists the latest tasks."""
    return _curl(f"{settings.VIDGO_PUBLIC_URL}/api/generate/tasks", key=key)


@register.simple_tag
def balance_curl(key: str = PLACEHOLDER_KEY) -> SafeString:
    """Return the command that asks for the balance."""
    return _curl(f"{settings.VIDGO_PUBLIC_URL}/api/user/balance", key=key)


@register.inclusion_tag("components/example.html")
def example(example: Example, **options: Any) -> dict[str, Any]:
    """Show an example image. Options: kind, caption, eager (loads with the page)."""
    return {"example": example, **options}


@register.inclusion_tag("components/example_pair.html")
def example_pair(edited: Example, eager: bool = False) -> dict[str, Any]:
    """Show an edit beside its input image, with its prompt."""
    return {"edited": edited, "eager": eager}


def _curl(url: str, *, key: str, body: dict[str, Any] | None = None) -> SafeString:
    # Double quotes let the shell put in the placeholder's variable; keys hold nothing it expands.
    command = format_html(
        'curl <span class="code-bright">{}</span> \\\n  -H "Authorization: Bearer {}"', url, key
    )
    if body is None:
        return command
    return format_html(
        '{} \\\n  -H "Content-Type: application/json" \\\n  -d {}',
        command,
        shlex.quote(json.dumps(body, ensure_ascii=False, indent=2)),
    )
