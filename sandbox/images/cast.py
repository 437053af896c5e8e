"""Bringing the subject of a prompt on stage."""

from __future__ import annotations

from sandbox.images.canvas import Frame
from sandbox.images.stage import Stage
from sandbox.images.subjects import MODELS, Model
from sandbox.images.wording import Subject


def enter(stage: Stage, subject: Subject) -> None:
    """Draw the subject: on the ground, on the water, in the sky or afloat in space."""
    model = MODELS[subject.name]
    model.draw(_spot(stage, model), subject.colour or model.colour, stage.rng)


def standing(stage: Stage, model: Model) -> Frame:
    """Return the frame of what stands on the ground or, if it can, on the water."""
    afloat = stage.afloat if model.where == "water" else None
    y = stage.ground if afloat is None else afloat
    return Frame(
        stage.canvas, stage.light, x=stage.canvas.width * 0.5, y=y, size=_size(stage, model)
    )


def _spot(stage: Stage, model: Model) -> Frame:
    if stage.airless:
        return _floating(stage, model)
    return _flying(stage, model) if model.where == "sky" else standing(stage, model)


def _size(stage: Stage, model: Model) -> float:
    """Return a subject's height in pixels, never wider than the picture."""
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
