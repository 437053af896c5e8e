"""Questions and answers of the public pages; their numbers are the catalog's and the settings'."""

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
    """A question and its answer, and perhaps the name of the page that says more."""

    asked: str
    answer: str
    route: str = ""
    label: str = ""


def of_home() -> list[Question]:
    """Return what a newcomer asks."""
    return [
        Question(
            "What do I need to begin?",
            "An e-mail address and a password. Your key is on the next screen, with a curl line "
            "that works. A card is asked for when you buy credits, not before.",
        ),
        Question(
            "Why prepaid?",
            "You spend what you bought and nothing else. There is no invoice at the end of a "
            "month, no minimum and no subscription; a key can have a cap of its own on top.",
            "pricing",
            "See the prices",
        ),
        _failures(),
        _duration(),
        _files(),
        Question(
            "Who makes the images?",
            "FLUX Kontext models. An installation without a key for them, such as a copy on your "
            "own machine, draws with the sandbox: illustrations made on the spot that cost "
            "nothing upstream. The examples on these pages are the sandbox's.",
        ),
    ]


def of_model(model: catalog.Model) -> list[Question]:
    """Return what is asked about a model."""
    return [
        *([_sources()] if model.is_edit else [_words()]),
        Question(
            "How many images does one task make?",
            f"One, for {model.price_credits} credits. Send a task for each image you want: "
            f"{settings.ORGANIZATION_CONCURRENCY} of yours are made at once, and the others wait "
            "their turn.",
        ),
        _duration(),
        Question(
            "Can I get the same image again?",
            f"Send a seed from 0 to {catalog.SEED_MAX:,} and the same prompt. The maker repeats "
            "the image where it can; the status always tells the seed that was used.",
        ),
        _failures(),
        _files(),
    ]


def of_pricing() -> list[Question]:
    """Return what is asked about money."""
    return [
        Question(
            "Do credits expire?",
            "Bought credits never do. Credits that were given, by a promotion code or by us, may "
            "have a last day; the billing page shows it, and they are spent first.",
        ),
        _failures(),
        Question(
            "How do promotion codes work?",
            "Enter the code on the billing page and its credits are there at once. A code counts "
            "once for an organization and can end early when it has been used often enough.",
        ),
        Question(
            "What happens when a purchase is refunded?",
            "Its credits are taken back, in proportion if a part of it is refunded. What of them "
            "was spent already is noted as owed, and the next credits pay it first.",
        ),
        Question(
            "Can it top up by itself?",
            "Yes, if you switch it on: below a balance of your choice the kept card is charged, up "
            "to a cap for the month. It stops by itself when a payment fails repeatedly.",
        ),
        Question(
            "Can I buy another amount?",
            f"Any whole number of dollars from {money(packs.SMALLEST_CENTS // 100)} to "
            f"{money(packs.LARGEST_CENTS // 100)}, at {packs.CREDITS_PER_CENT * 100} credits a "
            "dollar. Receipts are on the billing page.",
        ),
    ]


def _failures() -> Question:
    return Question(
        "What do I pay for a task that fails?",
        "Nothing. Failed, refused by moderation, canceled before it began or out of time: the "
        "credits are back in the same moment, as an entry of their own in your statement.",
    )


def _duration() -> Question:
    return Question(
        "How long does an image take?",
        "The status page shows the median of the last hour and of the last day, measured from the "
        f"call to the file. A task that is not done after {_minutes()} minutes fails and is free.",
        "status",
        "Look at the status",
    )


def _files() -> Question:
    return Question(
        "How long are files kept?",
        f"Results for {settings.RESULT_RETENTION_DAYS} days and uploads for "
        f"{settings.UPLOAD_RETENTION_HOURS} hours; then they are removed and their address "
        "answers 410. Download what you want to keep.",
    )


def _sources() -> Question:
    formats = " or ".join([", ".join(images.FORMATS[:-1]), images.FORMATS[-1]])
    return Question(
        "Which images can I edit?",
        f"{formats} of at most {uploads.MAX_BYTES // 1_000_000} MB, at a public address or "
        "uploaded first. What is wrong with an image is told when you submit, before anything "
        "is charged.",
    )


def _words() -> Question:
    return Question(
        "How do I write a prompt?",
        f"As a sentence, up to {catalog.PROMPT_MAX_CHARACTERS:,} characters: what is in the "
        "picture, where, in which light. Put words that should be readable in quotation marks.",
    )


def _minutes() -> str:
    return f"{settings.JOB_DEADLINE_SECONDS / 60:g}"
