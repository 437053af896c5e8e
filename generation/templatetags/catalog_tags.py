"""Template tags for models, prices, example images and curl commands."""

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
from vidgo.kernel.web.templatetags.ui import money

register = template.Library()

PLACEHOLDER_KEY = "$VIDGO_API_KEY"
SAMPLE_IMAGE = "https://example.com/photo.jpg"
SAMPLE_PROMPT = "A lighthouse above the fog, first light"


@register.filter
def model_name(model_id: str) -> str:
    """Return a model's name, or its ID if it is no longer in the catalog."""
    model = catalog.load().models.get(model_id)
    return model.name if model else model_id


@register.filter
def credits_usd(credits: int) -> str:
    """Return the price of credits in US dollars."""
    return money(catalog.load().usd(credits))


@register.simple_tag
def first_model() -> catalog.Model:
    """Return the default model of samples and forms."""
    return next(iter(catalog.load().models.values()))


@register.simple_tag
def all_models() -> list[catalog.Model]:
    """Return all models."""
    return list(catalog.load().models.values())


@register.simple_tag
def support_email() -> str:
    """Return the support address, empty if there is none."""
    return settings.VIDGO_SUPPORT_EMAIL


@register.simple_tag
def submit_curl(
    key: str = PLACEHOLDER_KEY,
    model: str = "",
    prompt: str = SAMPLE_PROMPT,
    size: str = "16:9",
    **further: Any,
) -> SafeString:
    """Return the curl command that submits a request, with a key or its placeholder."""
    body = {
        "model": model or first_model().id,
        "input": {"prompt": prompt, "size": size, **further},
    }
    return _curl(f"{settings.VIDGO_PUBLIC_URL}/api/generate/submit", key=key, body=body)


@register.simple_tag
def submit_edit_curl(model: str, prompt: str, size: str) -> SafeString:
    """Return the curl command that submits an edit of an example image URL."""
    return submit_curl(model=model, prompt=prompt, size=size, image_urls=[SAMPLE_IMAGE])


@register.simple_tag
def status_curl(key: str = PLACEHOLDER_KEY, task_id: str = "TASK_ID") -> SafeString:
    """Return the curl command that gets a task's status."""
    return _curl(f"{settings.VIDGO_PUBLIC_URL}/api/generate/status/{task_id}", key=key)


@register.simple_tag
def tasks_curl(key: str = PLACEHOLDER_KEY) -> SafeString:
    """Return the curl command that lists tasks."""
    return _curl(f"{settings.VIDGO_PUBLIC_URL}/api/generate/tasks", key=key)


@register.simple_tag
def balance_curl(key: str = PLACEHOLDER_KEY) -> SafeString:
    """Return the curl command that gets the balance."""
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
    # Double quotes, so that the shell expands the placeholder; keys contain nothing to expand.
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
