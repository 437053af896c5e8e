"""Reading what an editing prompt asks for, clause by clause."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.images import wording
from sandbox.images.palette import NAMED


@dataclass(frozen=True)
class Step:
    """One clause of a prompt and the edit it asks for: "" if the engine does not know it."""

    clause: str
    verb: str = ""
    old: str = ""  # the words, or the name of the color, to replace
    new: str = ""
    stars: bool = False


_MARK = "\x01"
_QUOTE = re.compile(rf"{_MARK}(\d+){_MARK}")
_BREAK = re.compile(
    r"\s*(?:[,;\n]+(?!\s*with\b)|\.(?=\s|$)|\b(?:and then|and also|then|and|also|plus)\b)\s*", re.I
)
_KEEP = re.compile(r"\b(?:keep|preserve|leave|unchanged|don'?t|do not|same)\b")
_REMOVE = re.compile(r"\b(?:remove|delete|erase|take (?:out|away|off)|get rid of|without)\b")
_ADD = re.compile(r"\b(?:add|put|place|insert|draw|include|write)\b")
_CHANGE = re.compile(r"\b(?:make|turn|change|replace|swap|paint|dye|(?:re)?colou?r)\b")
_INSTEAD = re.compile(r"\b(?:instead of|in place of|rather than)\b", re.I)
# Replace JOY with BFL: capitals need no quotes.
_CAPITALS = re.compile(
    r"\b(?i:replace|change|swap)\s+(?i:the (?:text|words?)\s+)?(?P<old>[A-Z0-9]{2,}(?: [A-Z0-9]+)*)"
    r"\s+(?i:with|to|by|for|into)\s+(?P<new>\S.*)$"
)
_TO = re.compile(r"^(?:to|with|by|into|for)\s+(\S.*)$", re.I)
_WHOLE = re.compile(
    r"\b(?:make|turn|paint|tint|dye|colou?r)\s+(?:it|this|everything|(?:the )?(?:whole )?"
    r"(?:picture|image|photo|scene))\s+(?:all )?(?:in |into |to )?(?P<color>[a-z]+)$"
)
_VERBS = {
    "night": re.compile(r"\b(?:night|night-?time|midnight|moonlit)\b"),
    "sketch": re.compile(r"\b(?:sketch(?:ed)?|pencil drawing|drawn in pencil)\b"),
    "grayscale": re.compile(r"\b(?:monochrome|gr[ae]yscale)$"),
}


def read(prompt: str) -> list[Step]:
    """Return the clauses of an editing prompt in order, without those that ask for no change."""
    marked = re.sub(r"\bblack(?: and |-and-| & )white\b", "monochrome", prompt, flags=re.I)
    found = wording.find_quotes(marked)
    quotes = [text for text, _, _ in found]
    for index, (_, start, end) in reversed(list(enumerate(found))):
        marked = f"{marked[:start]} {_MARK}{index}{_MARK} {marked[end:]}"
    clauses = [" ".join(clause.split()) for clause in _BREAK.split(marked)]
    return [
        _read_clause(clause, quotes)
        for clause in clauses
        if clause and (_QUOTE.search(clause) or not _KEEP.search(clause.lower()))
    ]


def _read_clause(clause: str, quotes: list[str]) -> Step:
    text = _QUOTE.sub(lambda match: f'"{quotes[int(match[1])]}"', clause)
    low = clause.lower()
    quoted = [quotes[int(number)] for number in _QUOTE.findall(clause)]
    if quoted:
        return _read_words(text, clause, quoted)
    if match := _CAPITALS.search(clause):
        return Step(text, "retype", match["old"], match["new"])
    if _REMOVE.search(low) or _ADD.search(low):
        return Step(text)
    colors = [word for word in re.findall(r"[a-z]+", low) if word in NAMED]
    if len(colors) > 1 and _CHANGE.search(low):
        return Step(text, "recolor", colors[0], colors[-1])
    if (whole := _WHOLE.search(low)) and whole["color"] in NAMED:
        return Step(text, "tint", new=whole["color"])
    for verb, pattern in _VERBS.items():
        if pattern.search(low):
            return Step(text, verb, stars=bool(re.search(r"\bstar(?:s|ry|lit)\b", low)))
    return Step(text)


def _read_words(text: str, clause: str, quoted: list[str]) -> Step:
    """Read a clause with quoted words in it: replace or remove them."""
    if len(quoted) > 1:
        old, new = quoted[1::-1] if _INSTEAD.search(clause) else quoted[:2]
        return Step(text, "retype", old, new)
    if _REMOVE.search(clause.lower()):
        return Step(text, "retype", quoted[0])
    match = _TO.match(_QUOTE.split(clause)[-1].strip())
    if match is None or match[1].lower() in NAMED:  # the color of type stays as it is
        return Step(text)
    return Step(text, "retype", quoted[0], match[1])
