"""Bringing the subjects of a prompt on stage."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.images.canvas import Frame
from sandbox.images.palette import Colour, mix
from sandbox.images.stage import Stage
from sandbox.images.subjects import MODELS, Model
from sandbox.images.wording import Subject

# Where a subject is at home when the prompt names no place.
HOMES: dict[str, frozenset[str]] = {
    "space": frozenset({"astronaut", "planet", "rocket", "ufo"}),
    "underwater": frozenset({"fish"}),
    "sea": frozenset({"sailboat", "ship", "whale", "lighthouse", "palm"}),
    "desert": frozenset({"cactus"}),
    "forest": frozenset({"owl", "bear", "fox", "wolf", "mushroom", "deer"}),
    "room": frozenset({"chair", "lamp", "book"}),
    "city": frozenset({"car", "bus", "streetlamp"}),
    "studio": frozenset(
        {
            "cup", "bottle", "cake", "apple", "gift", "guitar", "camera", "clock", "screen",
            "crown", "sneaker", "icecream", "burger", "pizza", "diamond", "robot", "plant",
            "heart", "star",
        }
    ),
}  # fmt: skip

_MOST_OF_ONE = 7
_DEPTH = {"sky": 0, "back": 1, "water": 2, "ground": 3}
_LEANING = {"bird", "butterfly", "plane", "kite"}
_CARRIERS = {"person", "woman"}


@dataclass(frozen=True)
class Entry:
    """A subject about to be drawn: its place in the order, and how many share the stage."""

    subject: Subject
    model: Model
    rank: int
    crowd: int

    @property
    def count(self) -> int:
        """How many of it to draw."""
        return min(self.subject.count, _MOST_OF_ONE)

    def colour(self, index: int) -> Colour:
        """Return the colour of the one at `index`: a group differs a little among itself."""
        colour = self.subject.colour or self.model.colour
        if self.subject.colour is not None or index == 0:
            return colour
        others = ((244, 186, 84), (92, 162, 178), (226, 110, 110), (150, 118, 186), (110, 168, 110))
        return mix(colour, others[(index - 1) % len(others)], 0.55)


def enter(stage: Stage) -> None:
    """Draw every subject of the brief, far ones first, the first named in the best place."""
    named = [subject for subject in stage.brief.subjects if subject.name in MODELS]
    held = _held_umbrella(named)
    named = [subject for subject in named if subject is not held][: 3 if stage.titled else 4]
    on_foot = [subject for subject in named if stage.airless or _stands(stage, subject)]
    for subject in sorted(named, key=lambda one: _DEPTH[MODELS[one.name].where]):
        rank = on_foot.index(subject) if subject in on_foot else 0
        entry = Entry(subject, MODELS[subject.name], rank, max(1, len(on_foot)))
        if stage.airless:
            _float(stage, entry)
        elif subject in on_foot:
            _stand(stage, entry, held if subject.name in _CARRIERS else None)
        else:
            _fly(stage, entry, hero=not on_foot and subject is named[0])


def spot(stage: Stage, subject: Subject) -> Frame:
    """Return the frame of a subject that stands on the ground, as `enter` places it."""
    on_foot = [s for s in stage.brief.subjects if s.name in MODELS and _stands(stage, s)]
    entry = Entry(subject, MODELS[subject.name], on_foot.index(subject), len(on_foot))
    size = _size(stage, entry)
    x = stage.canvas.width * _places(entry.crowd)[entry.rank]
    return _frame(stage, entry, x, stage.ground, size)


def _stands(stage: Stage, subject: Subject) -> bool:
    return MODELS[subject.name].where != "sky" or stage.indoors


def _held_umbrella(named: list[Subject]) -> Subject | None:
    if not any(subject.name in _CARRIERS for subject in named):
        return None
    return next((subject for subject in named if subject.name == "umbrella"), None)


def _frame(
    stage: Stage,
    entry: Entry,
    x: float,
    y: float,
    size: float,
    *,
    flip: bool = False,
    lean: float = 0.0,
    distance: float = 0.0,
) -> Frame:
    half = max(1.0, size * entry.model.reach)
    margin = stage.canvas.width * 0.02
    if half * 2 + margin * 2 < stage.canvas.width:
        x = min(max(x, half + margin), stage.canvas.width - half - margin)
    return Frame(
        stage.canvas, stage.light, x=x, y=y, size=size, flip=flip, lean=lean, distance=distance
    )


def _size(stage: Stage, entry: Entry) -> float:
    """Return a subject's height in pixels: smaller in company, never wider than its share."""
    size = entry.model.size * stage.canvas.short * 1.16
    size *= {1: 1.0, 2: 0.84}.get(entry.crowd, 0.7)
    size *= {1: 1.0, 2: 0.9, 3: 0.78}.get(entry.count, 0.64)
    if stage.titled:
        size *= 0.86
    room = stage.canvas.width * 0.94 / (2 * entry.model.reach)
    return min(size, room, stage.canvas.height * 0.62)


def _places(crowd: int) -> tuple[float, ...]:
    return {1: (0.5,), 2: (0.36, 0.7), 3: (0.5, 0.2, 0.8)}.get(crowd, (0.42, 0.14, 0.68, 0.88))


def _stand(stage: Stage, entry: Entry, held: Subject | None) -> None:
    canvas, rng, model = stage.canvas, stage.rng, entry.model
    size, ground, distance = _size(stage, entry), stage.ground, 0.0
    if model.where == "water" and stage.afloat is not None:
        ground = stage.afloat
    elif model.where == "back" and entry.crowd > 1:
        ground -= (stage.ground - stage.horizon) * 0.42
        distance = 0.08
    place = _places(entry.crowd)[entry.rank]
    spread = min(size * model.reach * 2.2, canvas.width * 0.86 / entry.count)
    for i in range(entry.count):
        x = canvas.width * place + (i - (entry.count - 1) / 2) * spread
        y = ground + (((i * 5) % 3 - 1) * canvas.short * 0.02 if entry.count > 2 else 0.0)
        scale = size * (1.0 if entry.count == 1 else rng.uniform(0.86, 1.04))
        flip = rng.random() < 0.5 if entry.count > 1 else place > 0.55
        if entry.subject.name == "sign":
            flip = False
        frame = _frame(stage, entry, x, y, scale, flip=flip, distance=distance)
        model.draw(frame, entry.colour(i), rng)
        if held is not None:
            umbrella = MODELS[held.name]
            umbrella.draw(frame.inner(0.19, 0.35, 1.08), held.colour or umbrella.colour, rng)


def _fly(stage: Stage, entry: Entry, *, hero: bool) -> None:
    canvas, rng = stage.canvas, stage.rng
    size = _size(stage, Entry(entry.subject, entry.model, 0, 1)) * (1.15 if hero else 0.8)
    top = canvas.height * (0.37 if stage.titled else 0.04)
    size = min(size, max(canvas.short * 0.12, stage.horizon * 0.94 - top))
    for i in range(entry.count):
        scale = size * (1.0 if i == 0 else rng.uniform(0.45, 0.75))
        low = max(top + scale, stage.horizon * 0.94)
        if i == 0:
            x = canvas.width * (0.5 if hero else rng.choice((0.26, 0.74)))
            y = (top + scale + low) / 2
        else:
            x = canvas.width * ((0.5 + 0.381966 * i) % 1.0)
            y = rng.uniform(top + scale, low)
        frame = _frame(
            stage,
            entry,
            x,
            y,
            scale,
            flip=rng.random() < 0.5,
            lean=rng.uniform(-10, 10) if entry.subject.name in _LEANING else 0.0,
            distance=0.0 if i == 0 else 0.14,
        )
        entry.model.draw(frame, entry.colour(i), rng)


def _float(stage: Stage, entry: Entry) -> None:
    canvas, rng = stage.canvas, stage.rng
    size = _size(stage, entry)
    middle = 0.56 if stage.titled else 0.48
    for i in range(entry.count):
        scale = size * (1.0 if i == 0 else rng.uniform(0.5, 0.85))
        x = canvas.width * ((_places(entry.crowd)[entry.rank] + 0.381966 * i) % 1.0)
        y = canvas.height * (middle + (0.0 if i == 0 else rng.uniform(-0.24, 0.24))) + scale / 2
        level = entry.subject.name == "sign"
        lean = 0.0 if level else rng.uniform(-14, 14)
        flip = not level and rng.random() < 0.5
        frame = _frame(stage, entry, x, y, scale, flip=flip, lean=lean)
        entry.model.draw(frame, entry.colour(i), rng)
