"""The letters of a word as shapes for comparison, drawn in the bundled face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from types import MappingProxyType

import numpy as np
from PIL import Image

from sandbox.images import components
from sandbox.images.typography import Face

_DRAWN = 48  # pixels per em
_CELLS = 16  # cells per side of the grid on which shapes are compared
_SAMPLES = 3  # samples per cell and axis
# (Stroke in ems, slant): the styles in which a letter is compared.
_LOOKS = ((0.0, 0.0), (0.06, 0.0), (0.03, 0.2))
_BATCH = 1 << 17  # matrix products this small stay on one core
# In many faces the J descends below the line; that form has a name of its own.
_HUNG = "\u2193"
_DROP = 0.2  # ems
# Letters and figures that do not resemble each other.
ALPHABET = "ABCDEFGHJKLMNOPQRSTUVWXYZabdefghjkmnqrty234567"


@dataclass(frozen=True)
class Glyph:
    """One letter, or two that touch, in the bundled face; unit: the em."""

    patches: np.ndarray  # (looks, cells * cells)
    width: float
    top: float  # above the baseline is negative
    bottom: float

    @property
    def height(self) -> float:
        """Height of the ink in ems."""
        return self.bottom - self.top


@dataclass(frozen=True)
class Word:
    """A word prepared for the search."""

    text: str
    length: int
    runs: dict[tuple[int, int], tuple[str, float, float]]  # (index, length): letters, edges
    lead: float  # ems of ink before the first letter and after the last: quotes, dots
    trail: float
    top: float  # ems from the baseline, above is negative
    bottom: float
    marked: bool  # whether it has dots or punctuation


Glyphs = Mapping[str, Glyph]


def prepare(text: str) -> list[Word]:
    """Return the words to search for: `text` as is, in capitals, in lower case and in title case.

    Empty if it has no letter or figure that the bundled face can draw.
    """
    plain = " ".join(text.split())
    cases = dict.fromkeys([plain, plain.upper(), plain.lower(), plain.title()])
    face = Face(size=_DRAWN)
    words = [word for word in (_prepare(face, case) for case in cases) if word is not None]
    return words + [_hang(word) for word in words if "J" in word.text]


def _prepare(face: Face, text: str) -> Word | None:
    spelled = face.spell(text)
    places = [i for i, char in enumerate(spelled) if char.isascii() and char.isalnum()]
    count = len(places)
    if not 0 < count <= 40:
        return None
    runs: dict[tuple[int, int], tuple[str, float, float]] = {}
    for first, many in product(range(count), (1, 2)):
        if first + many <= count:
            start, end = places[first], places[first + many - 1] + 1
            if end - start == many:
                runs[first, many] = (spelled[start:end], *_edges(face, spelled, start, end))
    x0, top, x1, bottom = (edge / face.size for edge in face.measure(spelled))
    return Word(
        text=text,
        length=count,
        runs=runs,
        lead=max(0.0, runs[0, 1][1] - x0),
        trail=max(0.0, x1 - runs[count - 1, 1][2]),
        top=top,
        bottom=bottom,
        marked=any(char in "ij" or not (char.isalnum() or char.isspace()) for char in text),
    )


def _hang(word: Word) -> Word:
    runs = {
        key: (part.replace("J", f"J{_HUNG}") if part == "J" else part, left, right)
        for key, (part, left, right) in word.runs.items()
    }
    return replace(word, runs=runs)


def _edges(face: Face, spelled: str, start: int, end: int) -> tuple[float, float]:
    at = face.font.getlength(spelled[:start]) if start else 0.0
    x0, _, x1, _ = face.font.getbbox(spelled[start:end], anchor="ls")
    return (at + x0) / face.size, (at + x1) / face.size


def _draw_glyph(faces: list[tuple[Face, float]], part: str) -> Glyph:
    if part.endswith(_HUNG):
        return _hang_glyph(_draw_glyph(faces, "J"), _draw_glyph(faces, "j"))
    patches = []
    em = faces[0][0].size
    extent = (0.0, 0.0, 0.0)
    for face, slant in faces:
        mask, _, baseline = face.mask(part)
        if slant:
            size = (mask.width + int(mask.height * slant), mask.height)
            lean = (1, slant, -mask.height * slant, 0, 1, 0)
            mask = mask.transform(size, Image.Transform.AFFINE, lean, Image.Resampling.BILINEAR)
        ink = np.asarray(mask) > 127
        x0, y0, x1, y1 = _ink_box(ink, part)
        box = np.array([[x0, y0, x1, y1]])
        patches.append(sample(ink.astype(np.int32), np.array([1]), box)[0])
        if len(patches) == 1:
            extent = ((x1 - x0) / em, (y0 - baseline) / em, (y1 - baseline) / em)
    return Glyph(np.stack(patches), *extent)


def _hang_glyph(capital: Glyph, small: Glyph) -> Glyph:
    """Return the descending J: taller than a capital, shaped like either case."""
    width = (capital.width + small.width) / 2
    patches = np.concatenate([capital.patches, small.patches])
    return Glyph(patches, width, capital.top, capital.bottom + _DROP)


def _ink_box(ink: np.ndarray, part: str) -> tuple[int, int, int, int]:
    if part not in ("i", "j"):  # dots are added later
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    pieces = components.label(ink.astype(np.uint8))
    inked = np.flatnonzero(pieces.classes)
    x0, y0, x1, y1 = pieces.boxes[inked[int(np.argmax(pieces.areas[inked]))]]
    return int(x0), int(y0), int(x1), int(y1)


@cache
def alphabet() -> Glyphs:
    """Draw every letter and figure of `ALPHABET`; cached."""
    return MappingProxyType(dict(draw(set(ALPHABET))))


def draw(parts: set[str]) -> Glyphs:
    """Draw the glyphs of `parts`, each in every style."""
    faces = [(Face(size=_DRAWN, weight=weight), slant) for weight, slant in _LOOKS]
    return {part: _draw_glyph(faces, part) for part in sorted(parts)}


def sample(labels: np.ndarray, numbers: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return each piece stretched to the comparison grid: coverage per cell, (pieces, cells²)."""
    fine = _CELLS * _SAMPLES
    at = (np.arange(fine) + 0.5) / fine
    xs = (boxes[:, 0:1] + (boxes[:, 2:3] - boxes[:, 0:1]) * at).astype(np.int32)
    ys = (boxes[:, 1:2] + (boxes[:, 3:4] - boxes[:, 1:2]) * at).astype(np.int32)
    hit = labels[ys[:, :, None], xs[:, None, :]] == numbers[:, None, None]
    cells = hit.reshape(len(numbers), _CELLS, _SAMPLES, _CELLS, _SAMPLES).mean(axis=(2, 4))
    return cells.reshape(len(numbers), -1).astype(np.float32)


def likeness(patches: np.ndarray, boxes: np.ndarray, glyphs: Glyphs) -> np.ndarray:
    """Return the likeness of every piece to every glyph, (pieces, glyphs).

    Overlap of the stretched shapes (Tanimoto: shared over united), less where proportions differ.
    """
    stack = np.concatenate([glyph.patches for glyph in glyphs.values()])
    rows = max(1, _BATCH // stack.size)
    parts = [patches[at : at + rows] @ stack.T for at in range(0, len(patches), rows)]
    shared = np.concatenate(parts)
    united = (patches**2).sum(axis=1)[:, None] + (stack**2).sum(axis=1)[None, :] - shared
    counts = [len(glyph.patches) for glyph in glyphs.values()]
    starts = np.cumsum([0, *counts[:-1]])
    overlap = np.maximum.reduceat(shared / np.maximum(united, 1e-6), starts, axis=1)
    ratio = (boxes[:, 2] - boxes[:, 0]) / (boxes[:, 3] - boxes[:, 1])
    own = np.array([glyph.width / glyph.height for glyph in glyphs.values()])
    off = np.maximum(0.0, np.abs(np.log(ratio[:, None] / own[None, :])) - 0.22)
    return overlap * np.exp(-1.3 * off)
