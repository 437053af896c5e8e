"""Building blocks of the documentation: code samples, example responses, tables of fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from rest_framework import serializers

from accounts.api_keys import restrictions
from billing.api import EntryData
from generation.api import examples, schemas
from generation.docs_site import code

register = template.Library()

# The schemas whose fields a page lists, by the name in its template.
SCHEMAS: Mapping[str, type[serializers.Serializer[None]]] = {
    "submit": schemas.SubmitBody,
    "task": schemas.TaskData,
    "file": schemas.FileData,
    "upload": schemas.UploadData,
    "entry": EntryData,
}
TYPES: tuple[tuple[type, str], ...] = (
    (serializers.ChoiceField, "string"),
    (serializers.URLField, "URL"),
    (serializers.CharField, "string"),
    (serializers.IntegerField, "integer"),
    (serializers.BooleanField, "boolean"),
    (serializers.ListField, "array"),
    (serializers.ListSerializer, "array of objects"),
    (serializers.Serializer, "object"),
)
# Descriptions of fields that have no help text in OpenAPI.
DESCRIPTIONS: Mapping[tuple[str, str], str] = {
    ("submit", "model"): "The model; the `-edit` models change an image.",
    ("submit", "input"): "The image to generate.",
    ("submit", "callback_url"): "An https URL that gets a webhook when the task has ended.",
    ("task", "task_id"): "The task's ID.",
    ("task", "status"): "The state of the task.",
    ("task", "files"): "The generated files; empty until the task has finished.",
    ("task", "progress"): "Percent; 0 if the task failed.",
    ("task", "error_message"): "Why the task failed; otherwise null.",
    ("file", "file_type"): "The type of file.",
    ("file", "width"): "Pixels.",
    ("file", "height"): "Pixels.",
    ("file", "sha256"): "SHA-256 of the file, hexadecimal.",
    ("upload", "file_id"): "The upload's ID.",
    ("upload", "file_name"): "The name you sent, or the original name.",
    ("upload", "original_name"): "The original file name.",
    ("upload", "mime_type"): "Detected from the content, not the name.",
    ("upload", "upload_path"): "Always the same; the value you send is ignored.",
    ("upload", "file_url"): "Use it in `image_urls`.",
    ("upload", "download_url"): "The same URL.",
    ("upload", "upload_time"): "ISO 8601, UTC.",
    ("upload", "expires_at"): "When the file is removed, UTC.",
    ("entry", "kind"): "The kind of transaction.",
    ("entry", "reason"): "A note, if there is one.",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a request or an answer, with its type and bounds."""

    name: str
    type: str
    required: bool
    default: str
    bounds: str
    choices: tuple[str, ...]
    description: str


@register.inclusion_tag("docs/parts/sample.html")
def sample(name: str, title: str = "") -> dict[str, Any]:
    """Show a code sample with one tab per language."""
    return {"name": name, "title": title, "samples": code.samples_of(name)}


@register.inclusion_tag("docs/parts/code.html")
def answer(name: str, title: str = "Response") -> dict[str, Any]:
    """Show an example response."""
    text = json.dumps(examples.ALL[name](), indent=2, ensure_ascii=False)
    return {"title": title, "html": code.highlight(text=text, language="json")}


@register.simple_block_tag
def code_of(content: str, language: str, title: str = "") -> SafeString:
    """Show highlighted code; the content is text, not markup."""
    text = content.strip("\n")
    html = code.highlight(text=text, language=language)
    rendered = template.loader.get_template("docs/parts/code.html")
    return rendered.render({"title": title, "html": html})  # type: ignore[return-value]


@register.inclusion_tag("docs/parts/fields.html")
def fields(schema: str, request: bool = False) -> dict[str, Any]:
    """List the fields of a schema; `request` for one that the client sends."""
    return {"schema": schema, "request": request, "fields": list(fields_of(schema))}


@register.filter
def backticks(text: str) -> SafeString:
    """Return text as HTML, with `backticked` parts as code."""
    parts = text.split("`")
    return format_html_join(
        "",
        "{}",
        ((format_html("<code>{}</code>", p) if n % 2 else p,) for n, p in enumerate(parts)),
    )


@register.simple_tag
def scopes() -> list[tuple[str, str]]:
    """Return the scopes of API keys with their descriptions."""
    return list(restrictions.SCOPES.items())


def fields_of(schema: str) -> Iterator[Field]:
    """Yield the fields of a schema; nested fields follow their parent."""
    yield from _fields(SCHEMAS[schema](), schema=schema, path="")


def _fields(serializer: Any, *, schema: str, path: str) -> Iterator[Field]:
    for name, field in serializer.fields.items():
        full = path + name
        choices = tuple(str(key) for key in getattr(field, "choices", {}))
        default = field.default if field.default is not serializers.empty else ""
        yield Field(
            name=full,
            type=_type(field),
            required=field.required,
            default=str(default),
            bounds=_bounds(field),
            choices=choices,
            description=DESCRIPTIONS.get((schema, full)) or str(field.help_text or ""),
        )
        if isinstance(field, serializers.Serializer):
            yield from _fields(field, schema=schema, path=f"{full}.")


def _type(field: Any) -> str:
    name = next(name for kind, name in TYPES if isinstance(field, kind))
    if name == "array":
        return f"array of {_type(field.child)}s"
    return f"{name} or null" if field.allow_null else name


def _bounds(field: Any) -> str:
    if (most := getattr(field, "max_length", None)) is not None:
        return f"1 to {most:,} characters"
    least, most = getattr(field, "min_value", None), getattr(field, "max_value", None)
    if least is not None and most is not None:
        return f"{least} to {most}"
    return ""
