"""Reading what an editing prompt asks for, one step after another."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.images import lexicon, wording
from sandbox.images.palette import NAMED


@dataclass(frozen=True)
class Step:
    """One change to make. `verb` says which; the other fields are what that verb needs."""

    verb: str
    text: str = ""
    new: str = ""
    place: str = "bottom"
    area: str = "all"
    name: str = ""
    source: str | None = None
    colour: str | None = None
    count: int = 1
    amount: float = 1.0


_MARK = "\x01"
_QUOTE = re.compile(_MARK + r"(\d+)" + _MARK)
_BREAK = re.compile(
    r"\s*(?:[,;\n]+|\.(?=\s|$)|\b(?:and then|and also|then|and|also|plus)\b)\s*", re.I
)
_REVERSED = re.compile(r"instead of|in place of|rather than|over the (?:word|text)", re.I)
_REMOVE = re.compile(
    r"\b(?:remove|delete|erase|take (?:out|away|off)|get rid of|without|hide|clear|strip|cut out)\b"
)
_CHANGE = re.compile(
    r"\b(?:replace|change|swap|switch|substitute|turn|convert|set|update|edit|make|rewrite|rename|"
    r"should|have|let)\b"
)
_ADD = re.compile(r"\b(?:add|put|place|insert|draw|include|give|paint in|with|show|hang|write)\b")
_TYPE = re.compile(
    r"\b(?:text|word|words|sign|title|headline|heading|lettering|letters|caption|label|name|logo|"
    r"slogan|says?|reads?|writing|inscription|message)\b"
)
_SAYS = re.compile(r"\b(?:to|with|by|into|says?|reads?|saying|reading|as|for)\s*[:=]?\s*$", re.I)
_TOKENS = re.compile(
    r"\b(?:replace|change|swap|substitute|switch)\s+(?:the\s+)?(?P<kind>text|word|words|lettering|"
    r"title|name)?\s*(?P<old>\S+(?:\s+[A-Z0-9]\S*)*?)\s+(?:with|to|by|for|into)\s+"
    r"(?:the\s+(?:text|word|words)\s+)?(?P<new>\S.*?)\s*$",
    re.I,
)
_KEEP = re.compile(r"\b(?:keep|preserve|maintain|retain|leave|unchanged|don'?t|do not|same)\b")
_COLOUR_VERB = re.compile(
    r"\b(?:make|turn|change|replace|swap|switch|paint|colou?r|recolou?r|tint|dye|all|into|to|in|look|everything|shift)\b"
)
_LESS = re.compile(r"\b(?:less|lower|reduce|decrease|reduced|drop|minimi[sz]e)\b")
_PLACES = ("top left", "top right", "bottom left", "bottom right")
_SIDES = ("top", "bottom", "left", "right", "center")
_SAME_PLACE = {
    "upper": "top", "above": "top", "lower": "bottom", "below": "bottom", "middle": "center",
    "centre": "center",
}  # fmt: skip


def _style(name: str) -> Step:
    return Step("style", name=name)


def _sky(name: str) -> Step:
    return Step("weather", name=name)


# What a clause must hold, and the step it then is. The first match counts.
_TABLE: tuple[tuple[str, Step], ...] = (
    (r"\b(?:monochrome|gr[ae]yscale|noir|b&w|b/w|colou?rless)\b", _style("grayscale")),
    (r"\bsepia\b", _style("sepia")),
    (r"\b(?:invert\w*|negative)\b", _style("invert")),
    (r"\b(?:pixel-art|pixelate\w*|8-?bit|mosaic|pixels)\b", _style("pixelate")),
    (r"\b(?:sketch\w*|line[- ]art|line drawing|pencil|charcoal|drawing)\b", _style("sketch")),
    (r"\b(?:cartoon\w*|anime|comics?|illustration|cel[- ]shaded|pop art)\b", _style("cartoon")),
    (r"\b(?:watercolou?rs?|oil|painting|painted|gouache)\b", _style("watercolour")),
    (r"\b(?:vintage|retro|old photo\w*|polaroid|antique|nostalgic)\b", _style("vintage")),
    (r"\b(?:neon|cyberpunk|synthwave|vaporwave|retrowave)\b", _style("neon")),
    (r"\b(?:rotate|turn)\b.*\b180|upside[- ]down\b", Step("rotate", amount=180)),
    (r"\b(?:flip|mirror)\w*\b.*\bvertical", Step("flip", name="vertical")),
    (r"\b(?:flip|mirror)\w*\b", Step("flip", name="horizontal")),
    (r"\brotate\b", Step("rotate", amount=90)),
    (r"\bzoom|\bcloser\b|\bclose-up\b", Step("zoom")),
    (r"\b(?:blur\w*|bokeh|out of focus|depth of field)\b", Step("blur")),
    (r"\b(?:sharp\w*|crisp\w*|clearer)\b", _style("sharpen")),
    (r"\bvignette\b", Step("vignette")),
    (r"\b(?:border|frame)\b", Step("border")),
    (r"\bcontrast\w*\b", Step("contrast", amount=1.4)),
    (r"\b(?:desaturat\w*|muted|washed out|duller)\b", Step("saturation", amount=0.45)),
    (r"\b(?:saturat\w*|vibran\w*|vivid|colou?rful|richer)\b", Step("saturation", amount=1.55)),
    (r"\b(?:night\w*|midnight|moonlit)\b", _style("night")),
    (r"\b(?:sunset|sunrise|golden-hour|dusk|dawn|evening|twilight)\b", _style("sunset")),
    (r"\b(?:bright\w*|light(?:er|en)|overexpose\w*|illuminate)\b", Step("brightness", amount=1.45)),
    (r"\b(?:dark\w*|dim\w*|underexpose\w*)\b", Step("brightness", amount=0.62)),
    (r"\b(?:warm\w*|cozy)\b", Step("warmth", amount=0.9)),
    (r"\b(?:cool\w*|cold\w*|chilly)\b", Step("warmth", amount=-0.9)),
    (r"\b(?:pastel|dreamy|faded?|softer|soft)\b", _style("fade")),
    (r"\b(?:rain\w*|drizzle|downpour)\b", _sky("rain")),
    (r"\b(?:snow(?!man)\w*|blizzard)\b", _sky("snow")),
    (r"\b(?:winter\w*|frost\w*|frozen|icy)\b", _style("winter")),
    (r"\b(?:autumn\w*|fall colou?rs)\b", _style("autumn")),
    (r"\b(?:fog\w*|mist\w*|haz[ey])\b", _sky("fog")),
    (r"\bconfetti\b", _sky("confetti")),
    (r"\bfireworks?\b", _sky("fireworks")),
    (r"\b(?:lightning|thunder\w*)\b", _sky("lightning")),
    (r"\b(?:fireflies|firefly)\b", _sky("fireflies")),
    (r"\b(?:starry|stars)\b", _sky("stars")),
    (r"\b(?:sun|sunny|sunshine|sunlight|sun rays?)\b", _sky("sun")),
)


def read(prompt: str) -> list[Step]:
    """Return the steps an editing prompt asks for, in order; empty when none is understood."""
    quotes = [text for text, _, _ in wording.find_quotes(prompt)]
    marked = prompt
    for index, (_, start, end) in reversed(list(enumerate(wording.find_quotes(prompt)))):
        marked = f"{marked[:start]} {_MARK}{index}{_MARK} {marked[end:]}"
    for phrase, word in lexicon.PHRASES.items():
        marked = re.sub(re.escape(phrase), word, marked, flags=re.I)
    steps: list[Step] = []
    for clause in _BREAK.split(marked):
        if clause.strip():
            steps += _read_clause(" ".join(clause.split()), quotes, steps)
    return steps


def _read_clause(clause: str, quotes: list[str], before: list[Step]) -> list[Step]:
    low = clause.lower()
    said = [quotes[int(number)] for number in _QUOTE.findall(clause)]
    if said:
        step = _read_type(clause, low, said, before)
        return [step] if step is not None else []
    if _KEEP.search(low):
        return []
    step = _read_bare_type(clause) or _read_removal(low) or _read_colour(low) or _read_turn(low)
    if step is not None:
        return [step]
    steps = _read_table(low)
    if steps:
        return steps
    subject = _read_subject(clause, low, before)
    return [subject] if subject is not None else []


def _read_type(clause: str, low: str, said: list[str], before: list[Step]) -> Step | None:
    """Read a clause with quoted words in it: replace, remove or add them."""
    if len(said) >= 2:
        old, new = said[0], said[1]
        if _REVERSED.search(clause):
            old, new = new, old
        return Step("replace", text=old, new=new)
    if _REMOVE.search(low):
        return Step("remove text", text=said[0])
    match = _QUOTE.search(clause)
    if match is None:
        return None
    left, right = clause[: match.start()], clause[match.end() :].strip()
    to = re.match(r"(?:to|with|by|into|for)\s+(\S.*)$", right, re.I)
    if to and _CHANGE.search(low):
        name = to.group(1).lower()
        if name in NAMED:  # change "JOY" to red: the colour of the type, not its words
            return Step("recolour text", text=said[0], colour=name)
        return Step("replace", text=said[0], new=to.group(1))
    if _CHANGE.search(left.lower()) and _SAYS.search(left):
        named = re.search(
            r"(?:replace|change|swap)\s+(?:the\s+)?(?:text|word)?\s*([A-Z0-9]{2,}\S*)", left
        )
        if named:
            return Step("replace", text=named.group(1), new=said[0])
        if _TYPE.search(low) or not _ADD.search(left.lower()):
            return Step("replace", text="", new=said[0])
    same_place = before[-1].place if before and before[-1].verb == "add text" else "bottom"
    colours = _colours(low)
    return Step(
        "add text",
        text=said[0],
        place=_place(low) or same_place,
        colour=colours[0] if colours else None,
    )


def _read_bare_type(clause: str) -> Step | None:
    """Read "replace JOY with BFL": words in capitals, or said to be words."""
    match = _TOKENS.search(clause)
    if match is None:
        return None
    old, new = match.group("old"), match.group("new")
    capitals = old.isupper() and len(old) > 1 and new[:1].isupper()
    if not (capitals or (match.group("kind") and old.lower() not in NAMED)):
        return None
    return Step("replace", text=old, new=new)


def _read_removal(low: str) -> Step | None:
    if not _REMOVE.search(low):
        return None
    if _TYPE.search(low):
        return Step("remove text")
    if "background" in low:
        return Step("recolour", area="background", colour="white")
    if "colou" in low or "color" in low:
        return Step("style", name="grayscale")
    return None


def _read_colour(low: str) -> Step | None:
    """Read a change of colour: from one named colour to another, or of an area to one."""
    colours = _colours(low)
    if not colours or re.search(r"\b(?:border|frame)\b", low):
        return None
    adds = re.search(r"\b(?:add|put|place|insert|draw|include)\b", low)
    if adds or not (_COLOUR_VERB.search(low) or len(low.split()) <= 2):
        return None
    source = colours[0] if len(colours) > 1 else None
    area = "all"
    if re.search(r"\bback(?:ground|drop)\b|\bwall\b", low):
        area = "background"
    elif re.search(r"\bsky\b", low):
        area = "sky"
    return Step("recolour", source=source, colour=colours[-1], area=area)


def _read_turn(low: str) -> Step | None:
    """Read a rotation with its angle and direction."""
    match = re.search(r"\brotat\w*|\bturn\w*", low)
    angle = re.search(r"(\d{1,3})\s*(?:°|deg)?", low)
    if match is None or not (angle or re.search(r"clockwise|\bleft\b|\bright\b", low)):
        return None
    if match.group().startswith("turn") and not re.search(r"clockwise|degree|°", low):
        return None
    degrees = float(angle.group(1)) if angle else 90.0
    left = re.search(r"counter|anti|\bleft\b|\bccw\b", low)
    return Step("rotate", amount=(-degrees if left else degrees) % 360)


def _read_table(low: str) -> list[Step]:
    """Read the first change the clause names, and the weather that comes with it."""
    if _REMOVE.search(low):
        return []
    found = [_shade(step, low) for pattern, step in _TABLE if re.search(pattern, low)]
    return found[:1] + [step for step in found[1:] if step.verb == "weather"][:1]


def _shade(step: Step, low: str) -> Step:
    """Return `step` with the strength, area or colour the clause gives it."""
    if step.verb == "contrast" and _LESS.search(low):
        return Step("contrast", amount=0.66)
    if step.verb == "saturation" and step.amount > 1 and _LESS.search(low):
        return Step("saturation", amount=0.45)
    if step.verb == "brightness" and _LESS.search(low):
        return Step("brightness", amount=1 / step.amount)
    if step.verb == "blur" and re.search(r"\bback|bokeh|depth of field", low):
        return Step("blur", area="background")
    if step.verb == "border":
        colours = _colours(low)
        return Step("border", colour=colours[0] if colours else "white")
    return step


def _read_subject(clause: str, low: str, before: list[Step]) -> Step | None:
    """Read "add two red balloons": something the engine can draw. A list goes on with its verb."""
    brief = wording.read(clause)
    listed = bool(before) and before[-1].verb == "add subject"
    if not brief.subjects or not (listed or _ADD.search(low) or _CHANGE.search(low)):
        return None
    subject = brief.subjects[-1]
    colour = next((name for name, value in NAMED.items() if value == subject.colour), None)
    return Step(
        "add subject",
        name=subject.name,
        count=subject.count,
        colour=colour,
        place=_place(low) or "",
    )


def _colours(low: str) -> list[str]:
    return [word for word in re.findall(r"[a-z]+", low) if word in NAMED]


def _place(low: str) -> str | None:
    """Return where a clause wants something: a key such as "top" or "bottom left"."""
    words = low
    for said, meant in _SAME_PLACE.items():
        words = words.replace(said, meant)
    corners = [
        place for place in _PLACES if re.search(place.replace(" ", r"[\s-]+(?:the\s+)?"), words)
    ]
    sides = re.findall(r"\b(top|bottom|left|right|center)\b", words)
    return next(iter(corners or sorted(sides, key=_SIDES.index)), None)
