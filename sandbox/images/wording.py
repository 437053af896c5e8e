"""Reading a prompt: what it wants painted, in plain terms."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from random import Random

from sandbox.images import lexicon
from sandbox.images.palette import NAMED, Colour

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
    """The thing to paint, and its colour if the prompt named one."""

    name: str
    colour: Colour | None = None


@dataclass(frozen=True)
class Brief:
    """A prompt, read."""

    quotes: tuple[str, ...]
    words: tuple[str, ...]
    strange: frozenset[str]  # the words that mean nothing here
    places: tuple[str, ...]
    light: str | None
    weather: frozenset[str]
    subjects: tuple[Subject, ...]
    tint: Colour | None


def chance(*, prompt: str, seed: int) -> Random:
    """Return the source of chance that belongs to `prompt` and `seed`, the same everywhere."""
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
        light=_strongest(words, lexicon.LIGHTS),
        weather=frozenset(lexicon.WEATHER[word] for word in words if word in lexicon.WEATHER),
        subjects=subjects,
        tint=tint,
    )


def _strongest(words: list[str], meanings: dict[str, str]) -> str | None:
    """Return the meaning that stands first in the lexicon: an hour outweighs a season."""
    said = {meanings[word] for word in words if word in meanings}
    return next((meaning for meaning in meanings.values() if meaning in said), None)


def _cast(words: list[str]) -> tuple[tuple[Subject, ...], Colour | None]:
    """Find the subjects; a colour belongs to the next subject, or else to the whole scene."""
    subjects: dict[str, Subject] = {}
    colour: Colour | None = None
    tint: Colour | None = None
    since = 0
    for word in words:
        since += 1
        if since > 3:
            tint, colour = tint or colour, None
        if word in NAMED:
            tint, colour, since = tint or colour, NAMED[word], 0
        elif name := lexicon.SUBJECTS.get(word):
            subjects.setdefault(name, Subject(name, colour))
            colour = None
    return tuple(subjects.values()), tint or colour
