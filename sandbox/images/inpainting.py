"""Filling gaps in a picture: smoothly where the surroundings are, else with their own texture.

The thinking is done on a small copy; only the pixels of the gap are touched at full size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from PIL import Image

_SIDE = 220  # longest side of the copy a gap is thought about on
_SAMPLES = 4000
_PLAIN, _ROUGH = 1.2, 3.0  # levels of detail between which smooth filling gives way to texture
_DIRECTIONS = 16
_REACHES = (0.6, 1.0, 1.6, 2.4)  # of the gap's thickness: how far away a patch may come from
_NOWHERE = 4.0e4  # cost of a patch that is not known itself
_WINDOW = 5


def smooth(*, image: Image.Image, gap: Image.Image) -> Image.Image:
    """Return `image` with the gap (an L mask, white where unknown) continued smoothly."""
    small = _Small(image, gap)
    filled = small.enlarge(small.filled)
    return Image.composite(filled, image, gap)


def restore(*, image: Image.Image, gap: Image.Image) -> Image.Image:
    """Return `image` with the gap filled, continuing texture where the surroundings have any.

    For every spot of the gap the best of a few dozen offsets is chosen, by how well the picture
    there agrees with what is known here; its pixels are taken over, and the difference along the
    rim is spread inwards so that no seam shows (as in Poisson cloning).
    """
    small = _Small(image, gap)
    plain = Image.composite(small.enlarge(small.filled), image, gap)
    detail = _detail(small.filled, small.known)
    if small.known.all() or not small.known.any() or float(detail.max()) <= _PLAIN:
        return plain
    offsets = _candidates(small.known)
    best = _vote(small.filled, small.known, offsets)
    copied = _shifted(small.filled, offsets, best)
    rim = small.known & (_box((~small.known).astype(np.float32), 2) > 1e-4)
    step = _fill(small.filled - copied, rim)
    share = ((detail - _PLAIN) / (_ROUGH - _PLAIN)).clip(0, 1)
    return _transplant(plain, gap, small, offsets, best, step, share)


class _Small:
    """A copy of a picture with a gap, reduced by a whole factor, and the gap smoothly filled."""

    def __init__(self, image: Image.Image, gap: Image.Image) -> None:
        self.size = image.size
        self.by = max(1, math.ceil(max(image.size) / _SIDE))
        values = np.asarray(image.reduce(self.by), dtype=np.float32)
        self.known = np.asarray(gap.reduce(self.by)) == 0
        self.filled = _fill(values, self.known)

    def enlarge(self, values: np.ndarray) -> Image.Image:
        """Return small `values` as an image of full size."""
        whole = Image.fromarray(np.rint(values).clip(0, 255).astype(np.uint8))
        grown = (whole.width * self.by, whole.height * self.by)
        return whole.resize(grown, Image.Resampling.BILINEAR).crop((0, 0, *self.size))


def _fill(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return `values` with what is not known continued from what is.

    An even trend is fitted and set aside; what is left of it is averaged down a pyramid, ever
    coarser until no gap is left, and brought back up from coarse to fine.
    """
    if known.all() or not known.any():
        return values
    trend = _trend(values, known)
    whole = trend + _pull_push(values - trend, known.astype(np.float32))
    return np.where(known[:, :, None], values, whole)


def _trend(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fit a plane to the known values."""
    rows, columns = np.nonzero(known)
    height, width = known.shape
    if len(rows) < 3:
        return np.zeros((height, width, 3), dtype=np.float32)
    step = max(1, len(rows) // _SAMPLES)
    rows, columns = rows[::step], columns[::step]
    terms = fit_plane(columns / width, rows / height, values[rows, columns])
    xs = (np.arange(width, dtype=np.float32) / width)[None, :, None]
    ys = (np.arange(height, dtype=np.float32) / height)[:, None, None]
    return terms[0] + xs * terms[1] + ys * terms[2]


def fit_plane(xs: np.ndarray, ys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the value, and its change along x and y, that fit (points, channels) best.

    By the normal equations: a least-squares routine would call up threads for so small a sum.
    """
    at = np.stack([np.ones(len(xs)), xs, ys])
    sums = np.stack([[(one * other).sum() for other in at] for one in at])
    goal = np.stack([(one[:, None] * values).sum(axis=0) for one in at])
    return np.linalg.solve(sums + np.eye(3) * 1e-6 * len(xs), goal).astype(np.float32)


def _pull_push(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    levels = [(values * weight[:, :, None], weight[:, :, None])]
    while min(levels[-1][1].shape[:2]) > 2 and (levels[-1][1] < 0.99).any():
        weighted, weight = (_halve(plane) for plane in levels[-1])
        over = np.maximum(weight, 1.0)
        levels.append((weighted / over, weight / over))
    weighted, weight = levels[-1]
    whole = weighted / np.maximum(weight, 1e-6)
    empty = weight[:, :, 0] <= 0
    if empty.any() and not empty.all():
        whole[empty] = whole[~empty].mean(axis=0)
    for weighted, weight in reversed(levels[:-1]):
        height, width = weight.shape[:2]
        above = _double(whole)[:height, :width]
        whole = weighted + above * (1 - weight)  # a weight of 1 or less: its own share first
        for _ in range(2):
            whole = np.where(weight >= 1.0, whole, _soften(whole))
    return whole


def _halve(values: np.ndarray) -> np.ndarray:
    """Add up blocks of two by two."""
    odd = ((0, values.shape[0] % 2), (0, values.shape[1] % 2), (0, 0))
    values = np.pad(values, odd) if odd[0][1] or odd[1][1] else values
    values = values[0::2] + values[1::2]
    return values[:, 0::2] + values[:, 1::2]


def _double(values: np.ndarray) -> np.ndarray:
    size = (values.shape[1] * 2, values.shape[0] * 2)
    channels = [
        Image.fromarray(np.ascontiguousarray(values[:, :, c])).resize(
            size, Image.Resampling.BILINEAR
        )
        for c in range(values.shape[2])
    ]
    return np.stack([np.asarray(channel) for channel in channels], axis=2)


def _soften(values: np.ndarray) -> np.ndarray:
    edge = np.pad(values, ((1, 1), (1, 1), (0, 0)), mode="edge")
    sides = edge[:-2, 1:-1] + edge[2:, 1:-1] + edge[1:-1, :-2] + edge[1:-1, 2:]
    return (values + sides) * 0.2


def _detail(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return how much detail the known surroundings of each pixel have, in levels."""
    gray = np.pad(values.mean(axis=2), 1, mode="edge")
    sure = np.pad(known, 1, mode="edge")
    bend = np.abs(
        gray[1:-1, 1:-1] * 4 - gray[:-2, 1:-1] - gray[2:, 1:-1] - gray[1:-1, :-2] - gray[1:-1, 2:]
    )
    whole = known & sure[:-2, 1:-1] & sure[2:, 1:-1] & sure[1:-1, :-2] & sure[1:-1, 2:]
    reach = 2 * _thickness(known)
    share = _box(whole.astype(np.float32), reach)
    return _box(np.minimum(bend, 30.0) * whole, reach) / np.maximum(share, 1e-3)


def _thickness(known: np.ndarray) -> int:
    """Return roughly how thick the strokes of the gap are."""
    gap = ~known
    rim = max(1, int((gap[:, 1:] != gap[:, :-1]).sum() + (gap[1:] != gap[:-1]).sum()))
    return max(4, round(2.4 * float(gap.sum()) / rim))


def _candidates(known: np.ndarray) -> list[tuple[int, int]]:
    """Return offsets (rows, columns) in all directions, from just outside the gap's strokes."""
    thick = _thickness(known)
    offsets = {
        (
            round(reach * thick * math.sin(2 * math.pi * turn / _DIRECTIONS)),
            round(reach * thick * math.cos(2 * math.pi * turn / _DIRECTIONS)),
        )
        for reach in _REACHES
        for turn in range(_DIRECTIONS)
    }
    return sorted(offsets - {(0, 0)})


def _vote(values: np.ndarray, known: np.ndarray, offsets: list[tuple[int, int]]) -> np.ndarray:
    """Return for each pixel the offset whose patch agrees best with the known and the smooth."""
    height, width = known.shape
    reach = max(max(abs(down), abs(across)) for down, across in offsets)
    planes = np.ascontiguousarray(values.transpose(2, 0, 1))
    around = np.pad(planes, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    blocked = np.pad((~known).astype(np.float32), reach, constant_values=1.0) * _NOWHERE
    trust = np.where(known, 1.0, 0.12).astype(np.float32)
    lowest = np.full((height, width), np.inf, dtype=np.float32)
    best = np.zeros((height, width), dtype=np.int32)
    for index, (down, across) in enumerate(offsets):
        rows = slice(reach + down, reach + down + height)
        columns = slice(reach + across, reach + across + width)
        off = around[:, rows, columns] - planes
        off *= off
        cost = _box(off.sum(axis=0) * trust, _WINDOW) + blocked[rows, columns]
        better = cost < lowest
        lowest[better] = cost[better]
        best[better] = index
    return best


def _shifted(values: np.ndarray, offsets: list[tuple[int, int]], best: np.ndarray) -> np.ndarray:
    """Return each pixel's value at its chosen offset."""
    table = np.asarray(offsets)
    rows = np.arange(best.shape[0])[:, None] + table[best, 0]
    columns = np.arange(best.shape[1])[None, :] + table[best, 1]
    return values[rows.clip(0, best.shape[0] - 1), columns.clip(0, best.shape[1] - 1)]


def _transplant(
    plain: Image.Image,
    gap: Image.Image,
    small: _Small,
    offsets: list[tuple[int, int]],
    best: np.ndarray,
    step: np.ndarray,
    share: np.ndarray,
) -> Image.Image:
    """Bring the choice made on the small copy to the pixels of the gap at full size."""
    pixels = np.asarray(plain)
    height, width = pixels.shape[:2]
    mixed = np.asarray(small.enlarge(np.repeat(share[:, :, None], 3, axis=2) * 255))[:, :, 0]
    rows, columns = np.nonzero(np.minimum(np.asarray(gap), mixed))
    flat = pixels.reshape(-1, 3)
    moves = np.asarray(offsets) * small.by
    there = np.zeros((len(rows), 3), dtype=np.float32)
    for cell, weight in _cells(rows, columns, small.by, best.shape):
        move = moves[best[cell]]
        from_row = (rows + move[:, 0]).clip(0, height - 1)
        from_column = (columns + move[:, 1]).clip(0, width - 1)
        there += flat.take(from_row * width + from_column, axis=0) * weight[:, None]
    at = rows * width + columns
    lift = small.enlarge(step + 128.0)
    there += np.asarray(lift).reshape(-1, 3).take(at, axis=0).astype(np.float32) - 128.0
    part = mixed.ravel().take(at)[:, None].astype(np.float32) / 255
    own = flat.take(at, axis=0)
    result = pixels.copy()
    result[rows, columns] = np.rint(own + (there - own) * part).clip(0, 255)
    return Image.fromarray(result)


def _cells(
    rows: np.ndarray, columns: np.ndarray, by: int, shape: tuple[int, ...]
) -> Iterator[tuple[tuple[np.ndarray, np.ndarray], np.ndarray]]:
    """Yield the four small cells round each full-size pixel with their bilinear weights."""
    y, x = (rows + 0.5) / by - 0.5, (columns + 0.5) / by - 0.5
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = np.abs(1 - down - (y - top)) * np.abs(1 - across - (x - left))
        cell = ((top + down).clip(0, shape[0] - 1), (left + across).clip(0, shape[1] - 1))
        yield cell, weight.astype(np.float32)


def _box(values: np.ndarray, reach: int) -> np.ndarray:
    """Return the mean over a square window, by running sums."""
    size = 2 * reach + 1
    padded = np.pad(values, ((reach + 1, reach), (reach + 1, reach)), mode="edge")
    sums = padded.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    window = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    return (window / size**2).astype(np.float32)
