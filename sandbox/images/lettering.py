"""Finding a word in a picture.

This is not text recognition. The picture is cut into pieces of one tone or color in several ways,
every piece is compared with the letters of the wanted word in the bundled face, and pieces are
chained from left to right where shapes, sizes and distances match the word. A chain whose pieces
look more like other letters is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from sandbox.images import cuts, glyphs
from sandbox.images.components import Components
from sandbox.images.cuts import Pieces, View
from sandbox.images.glyphs import Glyphs, Word

Box = tuple[int, int, int, int]

_BEAM = 10
# By number of letters: the score that counts as found, and the one that ends the search.
_ENOUGH = {1: 0.93, 2: 0.74, 3: 0.64}
_CERTAIN = {1: 0.97, 2: 0.86, 3: 0.79}
_FAINT = 0.34  # the least likeness of a letter and its piece
_FUSED = 0.66  # the same for two letters in one piece
_BEYOND_DOUBT = 0.86  # a score that needs no comparison with other letters
_TINY = 0.022  # below this share of the shorter side, letters need a higher score
_TINY_ENOUGH = 0.76
CAPITALS = 0.72  # the height of a capital in ems


@dataclass(frozen=True)
class Lettering:
    """A word found in a picture, in that picture's pixels."""

    text: str  # as drawn: its case may differ from the request
    box: Box  # round its ink
    ink: Image.Image  # L mask of its pieces, the size of the box
    score: float  # how well it fits, 0 to 1
    em: float  # type size in the bundled face, in pixels
    baseline: float


@dataclass(frozen=True)
class Chain:
    """Pieces matched to the first letters of a word."""

    pieces: tuple[int, ...]
    letters: int
    total: float
    scale: float  # pixels per em
    baseline: float
    right: float
    end: float  # where the template's ink ends, in ems

    @property
    def mean(self) -> float:
        """Likeness per letter."""
        return self.total / max(1, self.letters)


def find(*, view: View, text: str) -> Lettering | None:
    """Return where the viewed RGB picture says `text`, or None if nothing looks like it."""
    words = glyphs.prepare(text)
    if not words:
        return None
    drawn = glyphs.draw({part for word in words for part, _, _ in word.runs.values()})
    best: Lettering | None = None
    for cut in view.cuts():
        found = _search(cut, words, drawn)
        if found is not None and (best is None or found.score > best.score):
            best = found
            if best.score >= _CERTAIN[min(3, words[0].length)]:
                break
    return None if best is None else _enlarge(best, view.size, view.looked_at)


def _enlarge(found: Lettering, size: tuple[int, int], small: tuple[int, int]) -> Lettering:
    """Return `found` in the pixels of the full-size picture."""
    if size == small:
        return found
    across, down = size[0] / small[0], size[1] / small[1]
    x0, y0, x1, y1 = found.box
    box = (
        max(0, int(x0 * across)),
        max(0, int(y0 * down)),
        min(size[0], int(np.ceil(x1 * across))),
        min(size[1], int(np.ceil(y1 * down))),
    )
    ink = found.ink.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BICUBIC)
    return replace(found, box=box, ink=ink, em=found.em * down, baseline=found.baseline * down)


def _round_all(boxes: np.ndarray) -> Box:
    """Return the box around several boxes."""
    x0, y0 = boxes[:, :2].min(axis=0)
    x1, y1 = boxes[:, 2:].max(axis=0)
    return int(x0), int(y0), int(x1), int(y1)


def _search(cut: Components, words: list[Word], drawn: Glyphs) -> Lettering | None:
    pieces = cuts.letterlike(cut, drawn, alone=words[0].length == 1)
    if pieces is None:
        return None
    best: tuple[float, Chain, Word] | None = None
    least, usual = _TINY * min(cut.labels.shape), _ENOUGH[min(3, words[0].length)]
    for word in words:
        chain = _chain(pieces, word, drawn)
        if chain is None:
            continue
        enough = usual if CAPITALS * chain.scale > least else _TINY_ENOUGH
        score = _judge(pieces, chain) - _strangeness(word.text, words[0].text)
        if best is not None and score <= best[0] + 0.01:
            continue
        if enough <= score < _BEYOND_DOUBT:
            score -= _doubt(pieces, chain, word)
        if score >= enough:
            best = (score, chain, word)
    return None if best is None else _gather(pieces, best[1], best[2], best[0])


def _strangeness(text: str, asked: str) -> float:
    """Return the penalty for a case that was not asked for; capitals cost less."""
    return 0.0 if text == asked else 0.03 if text.isupper() else 0.08


def _doubt(pieces: Pieces, chain: Chain, word: Word) -> float:
    """Return how much better, on average, the chain's pieces fit other letters."""
    if len(chain.pieces) < chain.letters:
        return 0.0  # fused letters resemble no single letter
    chosen = list(chain.pieces)
    rivals = glyphs.alphabet()
    like = glyphs.likeness(pieces.patches[chosen], pieces.boxes[chosen], rivals)
    loss = 0.0
    for index, piece in enumerate(chosen):
        part, _, _ = word.runs[index, 1]
        others = [i for i, letter in enumerate(rivals) if letter.lower() != part[0].lower()]
        loss += max(0.0, float(like[index, others].max() - pieces.like[part][piece]) - 0.06)
    return 1.2 * loss / len(chosen)


def _chain(pieces: Pieces, word: Word, drawn: Glyphs) -> Chain | None:
    """Return the best chain that spells the whole word, or None."""
    chains = _begin(pieces, word, drawn)
    finished: list[Chain] = []
    while chains:
        grown: list[Chain] = []
        for chain in chains:
            if chain.letters == word.length:
                finished.append(chain)
            else:
                grown += _grow(pieces, word, drawn, chain)
        grown.sort(key=lambda chain: -chain.mean)
        chains = grown[:_BEAM]
    return max(finished, key=lambda chain: chain.mean, default=None)


def _begin(pieces: Pieces, word: Word, drawn: Glyphs) -> list[Chain]:
    chains = []
    for many in (1, 2):
        if (0, many) not in word.runs or (many == word.length and many > 1):
            continue
        part, _, end = word.runs[0, many]
        glyph, like = drawn[part], pieces.like[part]
        for piece in np.argsort(-like, kind="stable")[:_BEAM]:
            if like[piece] < (0.5 if many == 1 else _FUSED):
                break
            _, y0, x1, y1 = pieces.boxes[piece]
            scale = (y1 - y0) / glyph.height
            baseline = y1 - glyph.bottom * scale
            total = float(like[piece]) * many
            chains.append(Chain((int(piece),), many, total, scale, baseline, x1, end))
    chains.sort(key=lambda chain: -chain.mean)
    return chains[: 2 * _BEAM]


def _grow(pieces: Pieces, word: Word, drawn: Glyphs, chain: Chain) -> list[Chain]:
    """Return `chain` extended by each piece that fits the next letters."""
    grown = []
    x0, y0, x1, y1 = pieces.boxes.T
    tall = y1 - y0
    done = chain.letters
    for many in (1, 2):
        if (done, many) not in word.runs:
            continue
        part, left, end = word.runs[done, many]
        glyph, like = drawn[part], pieces.like[part]
        scale = tall / glyph.height
        stretch = np.abs(np.log(scale / chain.scale))
        high = np.abs(y0 - (chain.baseline + glyph.top * chain.scale)) / chain.scale
        low = np.abs(y1 - (chain.baseline + glyph.bottom * chain.scale)) / chain.scale
        rise = np.minimum(high, low) + 0.25 * np.maximum(high, low)
        gap = left - chain.end
        off = (x0 - chain.right) / chain.scale - gap
        fits = (stretch < 0.34) & (rise < 0.16) & (off > -0.24)
        fits &= (off < 0.30 + 0.6 * max(0.0, gap - 0.15)) & (
            like > (_FAINT if many == 1 else _FUSED)
        )
        fits &= x1 > chain.right
        cost = 0.25 * stretch + 0.3 * rise + 0.2 * np.abs(off)
        gain = (like - cost) * many
        picked = np.flatnonzero(fits)
        for piece in picked[np.argsort(-gain[picked], kind="stable")[:3]]:
            share = many / (done + many)
            base = y1[piece] - glyph.bottom * scale[piece]
            grown.append(
                Chain(
                    (*chain.pieces, int(piece)),
                    done + many,
                    chain.total + float(gain[piece]),
                    chain.scale + (scale[piece] - chain.scale) * share,
                    chain.baseline + (base - chain.baseline) * share,
                    x1[piece],
                    end,
                )
            )
    return grown


def _judge(pieces: Pieces, chain: Chain) -> float:
    """Return the chain's likeness, less for mixed kinds and for letters beyond either end."""
    chosen = list(chain.pieces)
    mixed = 0.12 if np.unique(pieces.kinds[chosen]).size > 1 else 0.0
    x0, y0, x1, y1 = pieces.boxes.T
    tall = CAPITALS * chain.scale
    same = (pieces.kinds == pieces.kinds[chosen[0]]) & (np.abs(y1 - chain.baseline) < 0.3 * tall)
    same &= (y1 - y0 > 0.6 * tall) & (y1 - y0 < 1.5 * tall)
    same[chosen] = False
    first, last = pieces.boxes[chosen[0]], pieces.boxes[chosen[-1]]
    before = same & (x1 < first[0] + 0.1 * tall) & (x1 > first[0] - 0.28 * tall)
    after = same & (x0 > last[2] - 0.1 * tall) & (x0 < last[2] + 0.28 * tall)
    return chain.mean - mixed - 0.08 * (int(before.any()) + int(after.any()))


def _gather(pieces: Pieces, chain: Chain, word: Word, score: float) -> Lettering:
    """Collect the chain's pieces, and the dots and punctuation of its letters."""
    cut = pieces.source
    every = pieces.numbers[list(chain.pieces)]
    if word.marked:
        em = chain.scale
        x0, _, x1, _ = _round_all(cut.boxes[every])
        slack = 0.08 * em
        marks = np.isin(cut.classes, cut.classes[every]) & (cut.areas < 0.7 * em * em)
        marks &= cut.boxes[:, 0] >= x0 - word.lead * 1.3 * em - slack
        marks &= cut.boxes[:, 2] <= x1 + word.trail * 1.3 * em + slack
        marks &= cut.boxes[:, 1] >= chain.baseline + word.top * em - 1.5 * slack
        marks &= cut.boxes[:, 3] <= chain.baseline + word.bottom * em + slack
        every = np.union1d(every, np.flatnonzero(marks))
    box = _round_all(cut.boxes[every])
    window = cut.labels[box[1] : box[3], box[0] : box[2]]
    ink = Image.fromarray(np.where(np.isin(window, every), 255, 0).astype(np.uint8))
    return Lettering(word.text, box, ink, min(1.0, score), chain.scale, chain.baseline)
