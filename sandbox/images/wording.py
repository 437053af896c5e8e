"""Reading a prompt into a brief."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from random import Random

from sandbox.images import lexicon
from sandbox.images.palette import NAMED, Color

# An apostrophe inside a word does not open a quotation.
_QUOTED = re.compile(
    r'"([^"]*)"|“([^”]*)”|„([^“”]*)[“”]|«([^»]*)»|「([^」]*)」'
    r"|‘([^’]*)’(?!\w)|(?<!\w)'([^']*)'(?!\w)|`([^`]*)`"
)
_WORD = re.compile(r"[\w&'-]+")
_LONGEST_QUOTE = 80
_KNOWN = frozenset().union(
    NAMED, lexicon.PLAIN, lexicon.PLACES, lexicon.FEATURES, lexicon.LIGHTS, lexicon.WEATHER,
    lexicon.SUBJECTS,
)  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """The thing to paint, and the color that the prompt gives it."""

    name: str
    color: Color | None = None


@dataclass(frozen=True)
class Brief:
    """What a prompt asks for."""

    quotes: tuple[str, ...]
    words: tuple[str, ...]
    strange: frozenset[str]  # the words that the engine does not know
    places: tuple[str, ...]
    light: str | None
    weather: frozenset[str]
    subjects: tuple[Subject, ...]
    tint: Color | None


def chance(*, prompt: str, seed: int) -> Random:
    """Return the random generator of `prompt` and `seed`."""
    digest = hashlib.sha256(f"{seed}\n{prompt}".encode("utf-8", "surrogatepass")).digest()
    return Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - it draws pictures


def find_quotes(text: str) -> list[tuple[str, int, int]]:
    """Return each quoted string of `text` with where it starts and ends, quotes included."""
    found = []
    for match in _QUOTED.finditer(text):
        inner = next(group for group in match.groups() if group is not None)
        found.append((inner, match.start(), match.end()))
    return found


def words_of(text: str) -> list[str]:
    """Return the lower-case words of `text`, known phrases joined into one."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    for phrase, word in lexicon.PHRASES.items():
        folded = folded.replace(phrase, word)
    return [word.strip("'-") for word in _WORD.findall(folded)]


def read(prompt: str) -> Brief:
    """Read a text-to-image prompt."""
    quotes = find_quotes(prompt)
    plain = prompt
    for _, start, end in reversed(quotes):
        plain = f"{plain[:start]} , {plain[end:]}"
    words = words_of(plain)
    subjects, tint = _cast(words)
    said = [" ".join(text.split())[:_LONGEST_QUOTE] for text, _, _ in quotes]
    return Brief(
        quotes=tuple(text for text in said if text)[:4],
        words=tuple(words),
        strange=frozenset(words) - _KNOWN,
        places=tuple(dict.fromkeys(lexicon.PLACES[w] for w in words if w in lexicon.PLACES)),
        light=next((light for word, light in lexicon.LIGHTS.items() if word in words), None),
        weather=frozenset(lexicon.WEATHER[word] for word in words if word in lexicon.WEATHER),
        subjects=subjects,
        tint=tint,
    )


def _cast(words: list[str]) -> tuple[tuple[Subject, ...], Color | None]:
    """Find the subjects; a color applies to the next subject, or else to the whole scene."""
    subjects: dict[str, Subject] = {}
    color: Color | None = None
    tint: Color | None = None
    since = 0
    for word in words:
        since += 1
        if since > 3:
            tint, color = tint or color, None
        if word in NAMED:
            tint, color, since = tint or color, NAMED[word], 0
        elif name := lexicon.SUBJECTS.get(word):
            subjects.setdefault(name, Subject(name, color))
            color = None
    return tuple(subjects.values()), tint or color
