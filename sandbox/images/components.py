"""Connected components: the connected regions of equal value in a map, with numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Components:
    """The connected pieces of a class map."""

    labels: np.ndarray  # (height, width): the number of each pixel's piece
    boxes: np.ndarray  # (pieces, 4): x0, y0, x1, y1, the last two exclusive
    areas: np.ndarray  # (pieces,): pixels
    classes: np.ndarray  # (pieces,): the class of each piece


def label(classes: np.ndarray) -> Components:
    """Find the 4-connected pieces of equal value in a two-dimensional map.

    Works on runs: each row is cut where its value changes, runs that touch in neighboring rows are
    united by hooking to the smaller number and halving paths until nothing moves.
    """
    height, width = classes.shape
    cut = np.ones((height, width), dtype=bool)
    cut[:, 1:] = classes[:, 1:] != classes[:, :-1]
    run_of = (np.cumsum(cut.ravel()) - 1).astype(np.int32)
    starts = np.flatnonzero(cut.ravel())
    runs = starts.size
    lengths = np.diff(np.append(starts, height * width))
    grid = run_of.reshape(height, width)
    meet = (classes[1:] == classes[:-1]) & (cut[1:] | cut[:-1])
    parent = _unite(runs, grid[:-1][meet], grid[1:][meet])
    is_root = parent == np.arange(runs, dtype=np.int32)
    roots = np.flatnonzero(is_root)
    number = (np.cumsum(is_root, dtype=np.int32) - 1)[parent]
    order = np.argsort(number, kind="stable")
    firsts = np.searchsorted(number[order], np.arange(roots.size))
    rows, columns = starts // width, starts % width
    boxes = np.stack(
        [
            np.minimum.reduceat(columns[order], firsts),
            np.minimum.reduceat(rows[order], firsts),
            np.maximum.reduceat((columns + lengths)[order], firsts),
            np.maximum.reduceat(rows[order], firsts) + 1,
        ],
        axis=1,
    )
    return Components(
        labels=number[run_of].reshape(height, width),
        boxes=boxes,
        areas=np.add.reduceat(lengths[order], firsts),
        classes=classes.ravel()[starts[roots]],
    )


def _unite(count: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return for each of `count` runs the smallest run it is joined to by the given pairs."""
    parent = np.arange(count, dtype=np.int32)
    while first.size:
        a, b = parent[first], parent[second]
        apart = a != b
        if not apart.any():
            break
        first, second, a, b = first[apart], second[apart], a[apart], b[apart]
        np.minimum.at(parent, np.maximum(a, b), np.minimum(a, b))
        while True:
            grand = parent[parent]
            if np.array_equal(grand, parent):
                break
            parent = grand
    return parent
