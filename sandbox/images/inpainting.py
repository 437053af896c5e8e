"""Filling gaps in a picture: smoothly, and then with the fine texture found close by."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageFilter

_SIDE = 220  # longest side of the copy a gap is smoothly filled on
_SAMPLES = 4000
_DIRECTIONS = 16
_REACHES = (1.0, 1.6, 2.4, 4.0)  # of the gap's thickness: how far away texture may come from


def smooth(*, image: Image.Image, gap: Image.Image) -> Image.Image:
    """Return `image` with the gap (an L mask, white where unknown) continued smoothly."""
    by = max(1, math.ceil(max(image.size) / _SIDE))
    values = np.asarray(image.reduce(by), dtype=np.float32)
    filled = _fill(values, np.asarray(gap.reduce(by)) == 0)
    small = Image.fromarray(np.rint(filled).clip(0, 255).astype(np.uint8))
    whole = small.resize((small.width * by, small.height * by), Image.Resampling.BILINEAR)
    return Image.composite(whole.crop((0, 0, *image.size)), image, gap)


def restore(*, image: Image.Image, gap: Image.Image) -> Image.Image:
    """Return `image` with the gap filled, continuing the texture and grain of its surroundings."""
    plain = np.asarray(smooth(image=image, gap=gap), dtype=np.int16)
    thick = _thickness(np.asarray(gap) > 0)
    blur = ImageFilter.BoxBlur(max(1, thick // 4))
    fine = np.asarray(image, dtype=np.int16) - np.asarray(image.filter(blur), dtype=np.int16)
    known = np.asarray(gap.filter(blur)) == 0
    usual = int(np.median(np.abs(fine[known]))) if known.any() else 0
    fine = fine.clip(-3 * usual, 3 * usual)  # grain and weave, but no edges of things
    rows, columns = np.nonzero(np.asarray(gap))
    texture = np.zeros((len(rows), 3), dtype=np.int16)
    missing = np.ones(len(rows), dtype=bool)
    for down, across in _offsets(thick):
        row, column = rows + down, columns + across
        inside = (row >= 0) & (row < image.height) & (column >= 0) & (column < image.width)
        row, column = row.clip(0, image.height - 1), column.clip(0, image.width - 1)
        taken = missing & inside & known[row, column]
        texture[taken] = fine[row[taken], column[taken]]
        missing &= ~taken
    result = plain.copy()
    result[rows, columns] += texture
    return Image.fromarray(result.clip(0, 255).astype(np.uint8))


def fit_plane(xs: np.ndarray, ys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the value, and its change along x and y, that fit (points, channels) best.

    By the normal equations: a least-squares routine would call up threads for so small a sum.
    """
    at = np.stack([np.ones(len(xs)), xs, ys])
    sums = np.stack([[(one * other).sum() for other in at] for one in at])
    goal = np.stack([(one[:, None] * values).sum(axis=0) for one in at])
    return np.linalg.solve(sums + np.eye(3) * 1e-6 * len(xs), goal).astype(np.float32)


def _fill(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return `values` with what is not known continued from what is.

    An even trend is fitted and set aside; what is left of it is averaged over ever smaller
    surroundings, as far as these hold anything known.
    """
    if known.all() or not known.any():
        return values
    trend = _trend(values, known)
    weight = known.astype(np.float32)[:, :, None]
    rest = (values - trend) * weight
    whole = np.zeros_like(rest)
    for reach in (64, 32, 16, 8, 4, 2):
        share = _box(weight, reach)
        near = _box(rest, reach) / np.maximum(share, 1e-6)
        whole += (near - whole) * np.clip(share * 5, 0, 1)
    return np.where(known[:, :, None], values, trend + whole)


def _trend(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fit a plane to the known values."""
    rows, columns = np.nonzero(known)
    height, width = known.shape
    step = max(1, len(rows) // _SAMPLES)
    rows, columns = rows[::step], columns[::step]
    terms = fit_plane(columns / width, rows / height, values[rows, columns])
    xs = (np.arange(width, dtype=np.float32) / width)[None, :, None]
    ys = (np.arange(height, dtype=np.float32) / height)[:, None, None]
    return terms[0] + xs * terms[1] + ys * terms[2]


def _box(values: np.ndarray, reach: int) -> np.ndarray:
    """Return the mean over a square window of (height, width, channels), by running sums."""
    size = 2 * reach + 1
    padded = np.pad(values, ((reach + 1, reach), (reach + 1, reach), (0, 0)), mode="edge")
    sums = padded.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    window = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    return (window / size**2).astype(np.float32)


def _thickness(gap: np.ndarray) -> int:
    """Return roughly how thick the strokes of the gap are."""
    rim = max(1, int((gap[:, 1:] != gap[:, :-1]).sum() + (gap[1:] != gap[:-1]).sum()))
    return max(4, round(2.4 * float(gap.sum()) / rim))


def _offsets(thick: int) -> list[tuple[int, int]]:
    """Return offsets (rows, columns) in all directions, the nearest first."""
    return [
        (
            round(reach * thick * math.sin(2 * math.pi * turn / _DIRECTIONS)),
            round(reach * thick * math.cos(2 * math.pi * turn / _DIRECTIONS)),
        )
        for reach in _REACHES
        for turn in range(_DIRECTIONS)
    ]
