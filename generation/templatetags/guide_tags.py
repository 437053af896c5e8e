"""The building blocks of the documentation: samples in tabs, answers, and tables of fields."""

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

# The shapes whose fields a page lists, by the name its template uses.
SHAPES: Mapping[str, type[serializers.Serializer[None]]] = {
    "order": schemas.SubmitBody,
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
# What the shapes leave unsaid because a machine would not read it.
WORDS: Mapping[tuple[str, str], str] = {
    ("order", "model"): "Which model works; the `-edit` models change an image.",
    ("order", "input"): "What to make.",
    ("order", "callback_url"): "https; called once when the task has ended.",
    ("task", "task_id"): "The task's name, for every further call.",
    ("task", "status"): "How far the task is.",
    ("task", "files"): "The images; empty until the task has finished.",
    ("task", "progress"): "Percent; 0 when it failed.",
    ("task", "error_message"): "Why it failed, in a sentence; otherwise null.",
    ("file", "file_type"): "What kind of file it is.",
    ("file", "width"): "Pixels.",
    ("file", "height"): "Pixels.",
    ("file", "sha256"): "Of the file's bytes, hexadecimal.",
    ("upload", "file_id"): "The upload's name.",
    ("upload", "file_name"): "The name you gave, or the original one.",
    ("upload", "original_name"): "What the file was called.",
    ("upload", "mime_type"): "What it was found to be, whatever its name says.",
    ("upload", "upload_path"): "Always the same; what you ask for is ignored.",
    ("upload", "file_url"): "Use it in `image_urls`.",
    ("upload", "download_url"): "The same address.",
    ("upload", "upload_time"): "ISO 8601, UTC.",
    ("upload", "expires_at"): "When the file is removed, UTC.",
    ("entry", "kind"): "Why the credits moved.",
    ("entry", "reason"): "A sentence, where there is something to say.",
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
    words: str


@register.inclusion_tag("docs/parts/sample.html")
def sample(name: str, title: str = "") -> dict[str, Any]:
    """Show a sample in the languages it is written in, one tab each."""
    return {"name": name, "title": title, "samples": code.samples_of(name)}


@register.inclusion_tag("docs/parts/code.html")
def answer(name: str, title: str = "Answer") -> dict[str, Any]:
    """Show an example of an answer."""
    text = json.dumps(examples.ALL[name](), indent=2, ensure_ascii=False)
    return {"title": title, "html": code.highlight(text=text, language="json")}


@register.simple_block_tag
def code_of(content: str, language: str, title: str = "") -> SafeString:
    """Show a few lines of a language; what they hold is text, not markup."""
    text = content.strip("\n")
    html = code.highlight(text=text, language=language)
    rendered = template.loader.get_template("docs/parts/code.html")
    return rendered.render({"title": title, "html": html})  # type: ignore[return-value]


@register.inclusion_tag("docs/parts/fields.html")
def fields(shape: str, asked: bool = False) -> dict[str, Any]:
    """List the fields of a shape; `asked` for one that a caller sends."""
    return {"shape": shape, "asked": asked, "fields": list(fields_of(shape))}


@register.filter
def ticked(sentence: str) -> SafeString:
    """Return a sentence whose `names` are code."""
    parts = sentence.split("`")
    return format_html_join(
        "",
        "{}",
        ((format_html("<code>{}</code>", p) if n % 2 else p,) for n, p in enumerate(parts)),
    )


@register.simple_tag
def scopes() -> list[tuple[str, str]]:
    """Return what a key may be limited to, with what each opens."""
    return list(restrictions.SCOPES.items())


def fields_of(shape: str) -> Iterator[Field]:
    """Yield the fields of a shape, those of an object in it after it."""
    yield from _fields(SHAPES[shape](), shape=shape, path="")


def _fields(serializer: Any, *, shape: str, path: str) -> Iterator[Field]:
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
            words=WORDS.get((shape, full)) or str(field.help_text or ""),
        )
        if isinstance(field, serializers.Serializer):
            yield from _fields(field, shape=shape, path=f"{full}.")


def _type(field: Any) -> str:
    word = next(word for kind, word in TYPES if isinstance(field, kind))
    if word == "array":
        return f"array of {_type(field.child)}s"
    return f"{word} or null" if field.allow_null else word


def _bounds(field: Any) -> str:
    if (most := getattr(field, "max_length", None)) is not None:
        return f"1 to {most:,} characters"
    least, most = getattr(field, "min_value", None), getattr(field, "max_value", None)
    if least is not None and most is not None:
        return f"{least} to {most}"
    return ""
