"""Placing the subject of a prompt in its scene."""

from __future__ import annotations

from sandbox.images.canvas import Frame
from sandbox.images.stage import Stage
from sandbox.images.subjects import MODELS, Model
from sandbox.images.wording import Subject


def enter(stage: Stage, subject: Subject) -> None:
    """Draw the subject: on the ground, on the water, in the sky or floating in space."""
    model = MODELS[subject.name]
    if stage.airless:
        frame = _floating(stage, model)
    else:
        frame = (_flying if model.where == "sky" else standing)(stage, model)
    model.draw(frame, subject.color or model.color, stage.rng)


def standing(stage: Stage, model: Model) -> Frame:
    """Return the frame of a subject on the ground or, if it can float, on the water."""
    afloat = stage.afloat if model.where == "water" else None
    y = stage.ground if afloat is None else afloat
    return Frame(
        stage.canvas, stage.light, x=stage.canvas.width * 0.5, y=y, size=_size(stage, model)
    )


def _size(stage: Stage, model: Model) -> float:
    """Return a subject's height in pixels at which it fits the picture."""
    canvas = stage.canvas
    size = model.size * canvas.short * 1.16 * (0.86 if stage.titled else 1.0)
    return min(size, canvas.width * 0.94 / (2 * model.reach), canvas.height * 0.62)


def _flying(stage: Stage, model: Model) -> Frame:
    canvas = stage.canvas
    top = canvas.height * (0.37 if stage.titled else 0.04)
    highest = max(canvas.short * 0.12, stage.horizon * 0.94 - top)
    size = min(_size(stage, model) * 1.15, highest)
    y = (top + size + max(top + size, stage.horizon * 0.94)) / 2
    flip = stage.rng.random() < 0.5
    return Frame(canvas, stage.light, x=canvas.width * 0.5, y=y, size=size, flip=flip)


def _floating(stage: Stage, model: Model) -> Frame:
    canvas, rng, size = stage.canvas, stage.rng, _size(stage, model)
    lean, flip = rng.uniform(-14, 14), rng.random() < 0.5
    y = canvas.height * (0.56 if stage.titled else 0.48) + size / 2
    return Frame(canvas, stage.light, x=canvas.width * 0.5, y=y, size=size, flip=flip, lean=lean)
