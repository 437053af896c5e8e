"""FAQ of the public pages; numbers come from the catalog and the settings."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from billing import packs
from generation import catalog
from generation.storage import uploads
from vidgo.kernel import images
from vidgo.kernel.web.templatetags.ui import money


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answer, and optionally a link to a page by URL name."""

    text: str
    answer: str
    route: str = ""
    label: str = ""


def of_home() -> list[Question]:
    """Return the FAQ of the home page."""
    return [
        Question(
            "What do I need to get started?",
            "An e-mail address and a password. Your API key is on the next screen, with a working "
            "curl command. You only need a card when you buy credits.",
        ),
        Question(
            "Why prepaid?",
            "You can't spend more than you bought. There is no monthly invoice, no minimum and no "
            "subscription, and each API key can have its own spending cap.",
            "pricing",
            "See the prices",
        ),
        _failures(),
        _duration(),
        _files(),
        Question(
            "Who makes the images?",
            "FLUX Kontext models. An installation without a provider key, such as a copy on your "
            "own machine, uses the built-in sandbox: it draws illustrations and costs nothing "
            "upstream. The examples on these pages were drawn by the sandbox.",
        ),
    ]


def of_model(model: catalog.Model) -> list[Question]:
    """Return the FAQ of a model page."""
    return [
        *([_sources()] if model.is_edit else [_words()]),
        Question(
            "How many images does one task make?",
            f"One, for {model.price_credits} credits. Submit a task for each image you want: "
            f"{settings.ORGANIZATION_CONCURRENCY} of them run at a time, and the rest wait in the "
            "queue.",
        ),
        _duration(),
        Question(
            "Can I get the same image again?",
            f"Send the same prompt with the same seed, from 0 to {catalog.SEED_MAX:,}. The image "
            "is repeated where the provider supports it; the status always includes the seed.",
        ),
        _failures(),
        _files(),
    ]


def of_pricing() -> list[Question]:
    """Return the FAQ of the pricing page."""
    return [
        Question(
            "Do credits expire?",
            "Credits you buy never expire. Granted credits, from a promotion code or from us, may "
            "expire; the billing page shows the date, and they are spent first.",
        ),
        _failures(),
        Question(
            "How do promotion codes work?",
            "Enter the code on the billing page, and its credits are added immediately. A code "
            "works once per organization and may have a limited number of uses.",
        ),
        Question(
            "What happens when a purchase is refunded?",
            "Its credits are removed, in proportion if the refund is partial. If you have already "
            "spent them, you owe them, and your next credits pay that first.",
        ),
        Question(
            "Can credits recharge automatically?",
            "Yes, if you turn it on: below a balance you choose, your saved card is charged, up to "
            "a monthly cap. Automatic recharge stops after repeated failed payments.",
        ),
        Question(
            "Can I buy another amount?",
            f"Any whole number of dollars from {money(packs.SMALLEST_CENTS // 100)} to "
            f"{money(packs.LARGEST_CENTS // 100)}, at {packs.CREDITS_PER_CENT * 100} credits per "
            "dollar. Receipts are on the billing page.",
        ),
    ]


def _failures() -> Question:
    return Question(
        "What do I pay for a task that fails?",
        "Nothing. If a task fails, is rejected by moderation, is canceled before it starts or "
        "times out, its credits are refunded immediately and listed in your statement.",
    )


def _duration() -> Question:
    return Question(
        "How long does an image take?",
        "The status page shows the median of the last hour and of the last day, from request to "
        f"file. A task that takes longer than {_minutes()} minutes fails and is refunded.",
        "status",
        "See the status page",
    )


def _files() -> Question:
    return Question(
        "How long are files kept?",
        f"Results for {settings.RESULT_RETENTION_DAYS} days and uploads for "
        f"{settings.UPLOAD_RETENTION_HOURS} hours. Then they are removed, and their URL "
        "answers 410. Download what you want to keep.",
    )


def _sources() -> Question:
    formats = " or ".join([", ".join(images.FORMATS[:-1]), images.FORMATS[-1]])
    return Question(
        "Which images can I edit?",
        f"{formats} of at most {uploads.MAX_BYTES // 1_000_000} MB, at a public URL or uploaded "
        "first. Images are checked when you submit, before anything is charged.",
    )


def _words() -> Question:
    return Question(
        "How do I write a prompt?",
        f"In plain English, up to {catalog.PROMPT_MAX_CHARACTERS:,} characters: what is in the "
        "picture, where, in what light. Put text that should be readable in quotation marks.",
    )


def _minutes() -> str:
    return f"{settings.JOB_DEADLINE_SECONDS / 60:g}"
