"""Template context of the playground form: prices, code snippets and samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from generation import catalog
from generation.models import Job
from generation.playground import request_form, samples, snippets
from generation.playground.request_form import RequestForm
from generation.site.examples import Example
from generation.storage import files
from vidgo.kernel.web.templatetags.ui import money


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier in the form, with its model for each task."""

    id: str
    models: Mapping[str, catalog.Model]

    @property
    def name(self) -> str:
        """Return the name of its first model."""
        return next(iter(self.models.values())).name

    @property
    def price(self) -> str:
        """Return the price of an image in credits and dollars; the lowest if they differ."""
        cheapest = min(self.models.values(), key=lambda model: model.price_credits)
        differ = len({model.price_credits for model in self.models.values()}) > 1
        price = f"{cheapest.price_credits} credits · {money(cheapest.price_usd)}"
        return f"from {price}" if differ else price


@dataclass(frozen=True, slots=True)
class Sample:
    """The sample of a task, and the URL of the image it edits."""

    task: str
    example: Example
    image_url: str


@dataclass(frozen=True, slots=True)
class PlaygroundContext:
    """Context of templates/playground/form.html."""

    form: RequestForm
    model: catalog.Model
    # The URL that the form posts to.
    action: str
    is_member: bool = False
    may_run: bool = True
    job: Job | None = None
    # The API request of the job, or of the form if there is no job.
    code: list[snippets.Snippet] = field(default_factory=list)
    tasks: tuple[tuple[str, str], ...] = request_form.TASKS

    @property
    def tiers(self) -> list[Tier]:
        """Return the tiers in the catalog's order."""
        found: dict[str, dict[str, catalog.Model]] = {}
        for model in catalog.load().models.values():
            found.setdefault(model.tier, {})[model.task] = model
        return [Tier(id=name, models=models) for name, models in found.items()]

    @property
    def models(self) -> list[catalog.Model]:
        """Return every model."""
        return list(catalog.load().models.values())

    @property
    def sizes(self) -> tuple[catalog.Size, ...]:
        """Return the available sizes."""
        return catalog.load().listed_sizes

    @property
    def formats(self) -> list[catalog.Format]:
        """Return the available formats."""
        return list(catalog.load().formats.values())

    @property
    def samples(self) -> list[Sample]:
        """Return the chosen tier's sample for each task."""
        return [_sample(model) for model in self.models if model.tier == self.model.tier]

    @property
    def held_image(self) -> str:
        """Return the path of the form's image if we host it; the CSP allows no other images."""
        url = self.form.value_of("image_url")
        name = files.find_name(url)
        if name is not None and files.is_name(name):
            return f"{files.URL_PREFIX}{name}"
        for example in (samples.of(model).before for model in self.models if model.is_edit):
            if example is not None and samples.url_of(example) == url:
                return url.removeprefix(_origin(url))
        return ""

    @property
    def image_limit(self) -> str:
        """Return the upload limit as text."""
        return request_form.image_limit()


def of(
    form: RequestForm, *, action: str, job: Job | None = None, **options: Any
) -> PlaygroundContext:
    """Return the context of a form, with the job that was run from it."""
    model = form.chosen or next(iter(catalog.load().models.values()))
    if job is not None:
        body = snippets.body_of(job)
    else:
        body = form.body(image_url=form.value_of("image_url").strip())
        body["model"] = model.id
    return PlaygroundContext(
        form=form, model=model, action=action, job=job, code=snippets.for_body(body), **options
    )


def for_model(*, request: HttpRequest, model_id: str) -> dict[str, Any]:
    """Return the playground context for the public page of a model.

    Run asks visitors to sign up first. Raises `KeyError` for an unknown model.
    """
    model = catalog.load().models[model_id]
    form = request_form.begin(**samples.filled_in(model))
    if request.user.is_authenticated:
        return {
            "playground": of(
                form,
                action=reverse("playground"),
                is_member=True,
                may_run=_may_run(request),
            )
        }
    return {"playground": of(form, action=reverse("playground_visitor"))}


def _may_run(request: HttpRequest) -> bool:
    member: Any = request
    return "generate" in member.abilities and not member.organization.is_suspended


def _sample(model: catalog.Model) -> Sample:
    example = samples.of(model)
    image_url = samples.url_of(example.before) if example.before else ""
    return Sample(task=model.task, example=example, image_url=image_url)


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
