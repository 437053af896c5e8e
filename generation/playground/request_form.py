"""What a person types to order an image, and where each refusal of it is shown."""

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
# Which field of the form a refusal is about, by the name the API calls it.
FIELDS = {
    "model": "tier",
    "input.prompt": "prompt",
    "input.size": "size",
    "input.output_format": "output_format",
    "input.seed": "seed",
    "input.image_urls": "image_url",
    "file": "image",
}
# What a link or a draft may fill in.
TYPED = ("task", "tier", "prompt", "size", "output_format", "seed", "image_url")


class RequestForm(forms.Form):
    """What a person orders; whether it is right is for `orders.parse` to say.

    The model is a task (the tab) and a tier; a form that names the model itself is understood, too.
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
        # Told by `uploads.store` in its own words.
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
    )
    image_url = forms.CharField(
        required=False,
        label="Or its address",
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
        """Return what stands in a field, also before the form is sent.

        Browsers send two characters for each end of a line, and count one.
        """
        return str(self[name].value() or "").replace("\r\n", "\n")

    @property
    def chosen(self) -> catalog.Model | None:
        """Return the model that is chosen, None for one that is not sold."""
        models = catalog.load().models
        for model in models.values():
            if (model.task, model.tier) == (self.value_of("task"), self.value_of("tier")):
                return model
        return models.get(self.value_of("model"))

    def body(self, *, image_url: str = "") -> dict[str, Any]:
        """Return the order as the API takes it, with what is left out left to its defaults."""
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
        """Return what was typed, by field."""
        model = self.chosen
        words = {name: self.value_of(name) for name in TYPED}
        return {**words, "task": model.task, "tier": model.tier} if model else words

    def digest(self) -> str:
        """Return what makes two presses of Run the same wish, an image's content included."""
        whole = hashlib.sha256(repr(sorted(self.typed().items())).encode("utf-8", "replace"))
        if (image := self.cleaned_data.get("image")) is not None:
            for chunk in image.chunks():
                whole.update(chunk)
            image.seek(0)
        return whole.hexdigest()

    def refuse(self, refused: errors.DomainError) -> None:
        """Show a refusal beside the field it is about, in words that need not name the field."""
        self.add_error(FIELDS.get(refused.param or ""), _in_words_of_the_form(refused))

    def replace(self, **values: str) -> None:
        """Put something else into a form that was sent, which a browser then shows."""
        self.data = {**{name: self.value_of(name) for name in self.fields if name != "image"}}
        self.data |= values


def begin(**given: str) -> RequestForm:
    """Return a form that begins with what is given, and the defaults; a new wish each time."""
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
    """Return the task and the tier of a model; nothing for one that is not sold."""
    model = catalog.load().models.get(model_id)
    return {"task": model.task, "tier": model.tier} if model else {}


def of_job(job: Job) -> dict[str, str]:
    """Return what was asked for in a job; its seed is left out, so that Run makes another."""
    return {
        **of_model(job.model),
        "prompt": job.prompt,
        "size": job.size,
        "output_format": job.output_format,
        "image_url": job.image_url,
    }


def image_limit() -> str:
    """Return what may be uploaded, as a sentence."""
    return f"JPEG, PNG, WebP or GIF, at most {uploads.MAX_BYTES // 1_000_000} MB."


def _in_words_of_the_form(refused: errors.DomainError) -> str:
    """Return the sentence without the API's name of the parameter: the field stands beside it."""
    opening = f"'{refused.param}'"
    if refused.param is None or not refused.message.startswith(opening):
        return refused.message
    rest = refused.message.removeprefix(opening)
    if rest.startswith(": "):
        return rest[2:3].upper() + rest[3:]
    return f"This{rest}"
