"""The panel: the form, what it costs, the code for it, and a sample; the same for everybody."""

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
    """A choice of quality: what it is called, and its model for each task."""

    id: str
    models: Mapping[str, catalog.Model]

    @property
    def name(self) -> str:
        """Return the name of its first model."""
        return next(iter(self.models.values())).name

    @property
    def price(self) -> str:
        """Return the price of an image in credits and dollars; from the lowest, if they differ."""
        cheapest = min(self.models.values(), key=lambda model: model.price_credits)
        differ = len({model.price_credits for model in self.models.values()}) > 1
        price = f"{cheapest.price_credits} credits · {money(cheapest.price_usd)}"
        return f"from {price}" if differ else price


@dataclass(frozen=True, slots=True)
class Sample:
    """What is shown under a task before one's own first image, and where an edit's began."""

    task: str
    example: Example
    address: str


@dataclass(frozen=True, slots=True)
class PlaygroundContext:
    """All that templates/playground/form.html shows."""

    form: RequestForm
    model: catalog.Model
    # Where Run posts to, and the address that opens the form anew.
    action: str
    is_member: bool = False
    may_run: bool = True
    job: Job | None = None
    # Of a job, what was run; of a form, what would be.
    code: list[snippets.Snippet] = field(default_factory=list)
    tasks: tuple[tuple[str, str], ...] = request_form.TASKS

    @property
    def tiers(self) -> list[Tier]:
        """Return the tiers, in the catalog's order."""
        found: dict[str, dict[str, catalog.Model]] = {}
        for model in catalog.load().models.values():
            found.setdefault(model.tier, {})[model.task] = model
        return [Tier(id=name, models=models) for name, models in found.items()]

    @property
    def models(self) -> list[catalog.Model]:
        """Return every model, for the script that follows what is chosen."""
        return list(catalog.load().models.values())

    @property
    def sizes(self) -> tuple[catalog.Size, ...]:
        """Return the sizes on offer."""
        return catalog.load().listed_sizes

    @property
    def formats(self) -> list[catalog.Format]:
        """Return the formats on offer."""
        return list(catalog.load().formats.values())

    @property
    def samples(self) -> list[Sample]:
        """Return a sample for each task, made by the chosen tier."""
        return [_sample(model) for model in self.models if model.tier == self.model.tier]

    @property
    def held_image(self) -> str:
        """Return the address of the image in the form where it is one of ours and can be shown."""
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
        """Return what may be uploaded."""
        return request_form.image_limit()


def of(
    form: RequestForm, *, action: str, job: Job | None = None, **options: Any
) -> PlaygroundContext:
    """Return the panel around a form, beside the job that was run from it."""
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
    """Return what templates/playground/form.html needs on the public page of a model.

    A visitor's Run asks to sign up and comes back; a member's runs. Raises `KeyError` for a model
    that is not sold.
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
    address = samples.url_of(example.before) if example.before else ""
    return Sample(task=model.task, example=example, address=address)


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
