"""The playground's form, and which field each API error belongs to."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms

from generation import catalog
from generation.models import Job
from generation.storage import uploads
from vidgo.kernel import errors, http
from vidgo.kernel.db import ids

TOKEN_LENGTH = 22
TASKS = (("text-to-image", "Text to Image"), ("image-to-image", "Image to Image"))
# The form's field for each `param` of an API error.
FIELDS = {
    "model": "tier",
    "input.prompt": "prompt",
    "input.size": "size",
    "input.output_format": "output_format",
    "input.seed": "seed",
    "input.image_urls": "image_url",
    "file": "image",
}
# Fields that a link or a draft may fill in.
TYPED = ("task", "tier", "prompt", "size", "output_format", "seed", "image_url")


class RequestForm(forms.Form):
    """A generation request as typed; `generation_request.parse` validates it.

    The model is chosen by task (the tab) and tier; links may name the model itself.
    """

    token = forms.CharField(required=False, max_length=TOKEN_LENGTH, widget=forms.HiddenInput)
    task = forms.CharField(required=False)
    tier = forms.CharField(required=False)
    model = forms.CharField(required=False)
    prompt = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"maxlength": catalog.PROMPT_MAX_CHARACTERS, "rows": 5}),
    )
    size = forms.CharField(required=False)
    output_format = forms.CharField(required=False, label="Format")
    seed = forms.CharField(
        required=False,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "placeholder": "Random"}
        ),
    )
    image = forms.FileField(
        required=False,
        label="Upload an image",
        # `uploads.store` has a better error message.
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
    )
    image_url = forms.CharField(
        required=False,
        label="Or paste an image URL",
        widget=forms.TextInput(
            attrs={
                "inputmode": "url",
                "placeholder": "https://",
                "autocomplete": "off",
                "maxlength": http.MAX_URL_LENGTH,
            }
        ),
    )

    def value_of(self, name: str) -> str:
        """Return the value of a field, bound or not.

        Line ends are normalized: browsers send two characters for each, but count one.
        """
        return str(self[name].value() or "").replace("\r\n", "\n")

    @property
    def chosen(self) -> catalog.Model | None:
        """Return the chosen model, None if it does not exist."""
        models = catalog.load().models
        for model in models.values():
            if (model.task, model.tier) == (self.value_of("task"), self.value_of("tier")):
                return model
        return models.get(self.value_of("model"))

    def body(self, *, image_url: str = "") -> dict[str, Any]:
        """Return the API request body, without the fields that were left empty."""
        model = self.chosen
        wanted: dict[str, Any] = {"prompt": self.value_of("prompt")}
        for name in ("size", "output_format"):
            if value := self.value_of(name):
                wanted[name] = value
        if seed := self.value_of("seed").strip():
            is_number = seed.isascii() and seed.isdigit() and len(seed) <= 20
            wanted["seed"] = int(seed) if is_number else seed
        if model is not None and model.is_edit:
            wanted["image_urls"] = [image_url] if image_url else []
        return {"model": model.id if model else "", "input": wanted}

    def typed(self) -> dict[str, str]:
        """Return the typed values by field."""
        model = self.chosen
        values = {name: self.value_of(name) for name in TYPED}
        return {**values, "task": model.task, "tier": model.tier} if model else values

    def digest(self) -> str:
        """Return a hash of the form and its image: the same for two presses of Run."""
        digest = hashlib.sha256(repr(sorted(self.typed().items())).encode("utf-8", "replace"))
        if (image := self.cleaned_data.get("image")) is not None:
            for chunk in image.chunks():
                digest.update(chunk)
            image.seek(0)
        return digest.hexdigest()

    def add_domain_error(self, error: errors.DomainError) -> None:
        """Show an API error beside the field it is about."""
        self.add_error(FIELDS.get(error.param or ""), _message_for_form(error))

    def replace(self, **values: str) -> None:
        """Replace values of a bound form."""
        self.data = {**{name: self.value_of(name) for name in self.fields if name != "image"}}
        self.data |= values


def begin(**given: str) -> RequestForm:
    """Return an unbound form with these values and the defaults, and a new token."""
    first = next(iter(catalog.load().models.values()))
    return RequestForm(
        initial={
            "task": first.task,
            "tier": first.tier,
            "size": catalog.DEFAULT_SIZE,
            "output_format": catalog.DEFAULT_FORMAT,
            **{name: value for name, value in given.items() if name in TYPED and value},
            "token": ids.random_base62(TOKEN_LENGTH),
        }
    )


def of_model(model_id: str) -> dict[str, str]:
    """Return the task and the tier of a model, nothing for an unknown one."""
    model = catalog.load().models.get(model_id)
    return {"task": model.task, "tier": model.tier} if model else {}


def of_job(job: Job) -> dict[str, str]:
    """Return the fields of a job, without its seed, so that Run makes a different image."""
    return {
        **of_model(job.model),
        "prompt": job.prompt,
        "size": job.size,
        "output_format": job.output_format,
        "image_url": job.image_url,
    }


def image_limit() -> str:
    """Return the upload limit as text."""
    return f"JPEG, PNG, WebP or GIF, at most {uploads.MAX_BYTES // 1_000_000} MB."


def _message_for_form(error: errors.DomainError) -> str:
    """Return the message without the API's parameter name, since it appears beside the field."""
    opening = f"'{error.param}'"
    if error.param is None or not error.message.startswith(opening):
        return error.message
    rest = error.message.removeprefix(opening)
    if rest.startswith(": "):
        return rest[2:3].upper() + rest[3:]
    return f"This{rest}"
