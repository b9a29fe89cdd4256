"""A crop around the lungs, by integers alone: an experiment that no worker knows.

On a thumbnail of the centre square, what is dark and not joined to the edge by darkness
is taken for lung, at the grey that shows most of it on both sides. The crop is the square
around its rows and columns.
"""

from __future__ import annotations

import numpy as np

THUMBNAIL = 64
# Greys that are tried for the border between dark and bright: so many shares of the pixels.
LEVELS = 12
# Pixels of lung on either side below which nothing is cropped.
LEAST_AREA = THUMBNAIL * THUMBNAIL // 32
# A row or column belongs to the lungs where at least so many of its pixels are dark.
LEAST = 4
# Space around the lungs, in pixels of the thumbnail.
MARGIN = 3
# The side of the crop is at least so many hundredths of the centre square's.
LEAST_SIDE = 60


def reached(dark: np.ndarray) -> np.ndarray:
    """The dark pixels that are joined to the edge by dark ones, through sides."""
    edge = np.ones_like(dark)
    edge[1:-1, 1:-1] = False
    found = edge & dark
    while True:
        wider = found.copy()
        wider[1:] |= found[:-1]
        wider[:-1] |= found[1:]
        wider[:, 1:] |= found[:, :-1]
        wider[:, :-1] |= found[:, 1:]
        wider &= dark
        if (wider == found).all():
            return found
        found = wider


def enclosed(thumbnail: np.ndarray) -> np.ndarray:
    """What is taken for lung, at the grey that shows most of the side that shows less."""
    ordered = np.sort(thumbnail.reshape(-1))
    best, chosen = LEAST_AREA - 1, np.zeros(thumbnail.shape, bool)
    for level in range(1, LEVELS + 1):
        # Up to two thirds of the pixels are called dark.
        dark = thumbnail <= ordered[2 * level * len(ordered) // (3 * LEVELS) - 1]
        found = dark & ~reached(dark)
        half = thumbnail.shape[1] // 2
        both = min(int(found[:, :half].sum()), int(found[:, half:].sum()))
        if both > best:
            best, chosen = both, found
    return chosen


def box(thumbnail: np.ndarray) -> tuple[int, int, int]:
    """Top, left and side of the crop, in pixels of the thumbnail."""
    size = thumbnail.shape[0]
    lungs = enclosed(thumbnail)
    rows, columns = (np.flatnonzero(lungs.sum(axis) >= LEAST) for axis in (1, 0))
    if not len(rows) or not len(columns):
        return 0, 0, size
    first = np.array([rows[0], columns[0]]) - MARGIN
    last = np.array([rows[-1], columns[-1]]) + MARGIN + 1
    side = int(min(max((last - first).max(), -(-LEAST_SIDE * size // 100)), size))
    # Around the middle of the lungs, moved where it would leave the square.
    top, left = (int(min(max(corner, 0), size - side)) for corner in (first + last - side) // 2)
    return top, left, side


def crop(square: np.ndarray, thumbnail: np.ndarray) -> np.ndarray:
    """The part of a square film around its lungs; all of it where none are found."""
    top, left, side = (value * square.shape[0] // THUMBNAIL for value in box(thumbnail))
    return square[top : top + max(side, 1), left : left + max(side, 1)]
