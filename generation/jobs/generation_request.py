"""Generation requests: validated the same way for the API and the playground."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from generation import catalog
from generation.callbacks.endpoints import BadCallbackUrl
from generation.storage import files
from vidgo.kernel import errors, http

# JSON Schema of each field of `input`, by its name.
Fields = Mapping[str, Mapping[str, Any]]

KNOWN_FIELDS = frozenset(catalog.input_fields())


class BadParameter(errors.Invalid):
    """A parameter is missing, has the wrong type, or is not one of the choices."""


class PromptTooLong(errors.ContentTooLong):
    """The prompt has more than `catalog.PROMPT_MAX_CHARACTERS` characters."""


class ImageMissing(errors.Invalid):
    """An edit model was requested without an image."""


class ImageNotWanted(errors.Invalid):
    """A text-to-image model was sent an image; the message names the model that edits."""


class BadImageUrl(errors.Invalid):
    """We may not fetch this image URL."""


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A valid request for one image."""

    model: catalog.Model
    prompt: str
    size: catalog.Size
    output_format: str
    seed: int | None = None
    image_url: str = ""
    callback_url: str = ""
    # Messages to the caller about input that was ignored.
    warnings: tuple[str, ...] = ()

    @property
    def price_credits(self) -> int:
        """Return the price of this request."""
        return self.model.price_credits


def parse(*, model: object, input: object, callback_url: object = None) -> GenerationRequest:
    """Return the request in a decoded body.

    Raises `UnknownModel`, `BadParameter`, `PromptTooLong`, `ImageMissing`, `ImageNotWanted`,
    `BadImageUrl` or `BadCallbackUrl`; each names the parameter at fault.
    """
    if not isinstance(model, str):
        raise BadParameter("'model' is required.", param="model")
    chosen = catalog.get_model(model)
    if not isinstance(input, Mapping):
        raise BadParameter("'input' is required and must be an object.", param="input")
    fields = catalog.input_fields()
    sizes = catalog.load().sizes
    return GenerationRequest(
        model=chosen,
        prompt=_prompt(input.get("prompt"), most=fields["prompt"]["maxLength"]),
        # Unlisted sizes are accepted, too.
        size=sizes[_choice(input.get("size"), "size", fields, unlisted=sizes)],
        output_format=_choice(input.get("output_format"), "output_format", fields),
        seed=_whole_number(input.get("seed"), "seed", fields),
        image_url=_image_url(input.get("image_urls"), model=chosen),
        callback_url=_callback_url(callback_url),
        warnings=tuple(
            _storable(f"Unknown field input.{name} was ignored."[:200])
            for name in list(input)[:20]
            if name not in KNOWN_FIELDS
        ),
    )


def _prompt(value: object, *, most: int) -> str:
    param = "input.prompt"
    if value is None:
        raise BadParameter("'input.prompt' is required.", param=param)
    if not isinstance(value, str):
        raise BadParameter("'input.prompt' must be a string.", param=param)
    prompt = _storable(value).strip()
    if not prompt:
        raise BadParameter("'input.prompt' must not be empty.", param=param)
    if len(prompt) > most:
        raise PromptTooLong(
            f"'input.prompt' has {len(prompt):,} characters; at most {most:,} are allowed.",
            param=param,
        )
    return prompt


def _storable(text: str) -> str:
    """Drop NUL, which PostgreSQL can't store, and replace surrogates, which UTF-8 can't encode."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _choice(value: object, name: str, fields: Fields, *, unlisted: Container[str] = ()) -> str:
    choices = fields[name]["enum"]
    if value is None:
        return str(fields[name]["default"])
    if not isinstance(value, str) or (value not in choices and value not in unlisted):
        raise BadParameter(
            f"'input.{name}' must be one of: {', '.join(choices)}.", param=f"input.{name}"
        )
    return value


def _whole_number(value: object, name: str, fields: Fields) -> int | None:
    least, most = fields[name]["minimum"], fields[name]["maximum"]
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadParameter(
            f"'input.{name}' must be a whole number from {least} to {most}.", param=f"input.{name}"
        )
    return value


def _image_url(value: object, *, model: catalog.Model) -> str:
    param = "input.image_urls"
    if not model.is_edit:
        # Some clients always send an empty list or null; only a real image is a mistake.
        if value:
            raise ImageNotWanted(
                f"'{model.id}' takes no image. Use '{model.sibling_id}' to edit one.", param=param
            )
        return ""
    if not value:
        raise ImageMissing(f"'input.image_urls' is required for '{model.id}'.", param=param)
    if not isinstance(value, list) or not isinstance(value[0], str):
        raise BadParameter("'input.image_urls' must be an array of addresses.", param=param)
    # Our own files are read from the storage, whatever host this installation runs on.
    if files.find_name(value[0]) is None:
        try:
            http.check_url(url=value[0], policy=http.CUSTOMER_IMAGE)
        except http.UrlRefused as refused:
            raise BadImageUrl(f"'input.image_urls': {refused}", param=param) from None
    return value[0]


def _callback_url(value: object) -> str:
    param = "callback_url"
    if value is None or value == "":
        return ""
    if not isinstance(value, str):
        raise BadParameter("'callback_url' must be a string.", param=param)
    try:
        http.check_url(url=value, policy=http.CALLBACK)
    except http.UrlRefused as refused:
        raise BadCallbackUrl(f"'callback_url': {refused}", param=param) from None
    return value
