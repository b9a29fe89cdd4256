"""From the bytes of an image to the tensor: the same integers as in Rust.

The steps are those of the crate ``medchain-vision``, which takes the first for both:

1. grey, 8 bit, by integer arithmetic, upright; of a JPEG the luminance plane alone,
2. the centre square of the shorter side,
3. exact area resampling, rounded half up to 8 bit,
4. a constant border and constant corners,
5. ``(v / 255 - mean) / std`` through a table of 256 float32 values a channel.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from . import greys, lungs

# The crop that workers know.
EXPORTED_CROP = "centre-square"


def decode(data: bytes) -> np.ndarray:
    """Any film that MedChain reads to upright greys, (height, width) uint8.

    Whatever the worker decodes, with the worker's decoder (``greys.py``): DICOM, PNG, JPEG,
    TIFF and the others. A ValueError says what is refused, and why.
    """
    return greys.decode(data)


def read(path: Path) -> np.ndarray:
    """The greys of a file. A refusal names it, and so does a decoder that ends."""
    try:
        return decode(path.read_bytes())
    except ValueError as error:
        raise ValueError(
            f"{path}: {error}. Mend the file, or take it out of the manifest (its id goes into "
            "`left_out` in the configuration)"
        ) from None
    except RuntimeError as error:
        raise RuntimeError(f"{path}: {error}") from None


def centre_square(grey: np.ndarray) -> np.ndarray:
    """The centre square of the shorter side; odd remainders go right and down."""
    height, width = grey.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return grey[top : top + side, left : left + side]


def area_weights(source: int, target: int) -> np.ndarray:
    """Overlaps of target and source pixels in units of 1/target source pixel.

    Shape (target, source); every row adds up to ``source``.
    """
    start = np.arange(target, dtype=np.int64)[:, None] * source
    place = np.arange(source, dtype=np.int64)[None, :] * target
    overlap = np.minimum(start + source, place + target) - np.maximum(start, place)
    return np.maximum(overlap, 0)


def resample(square: np.ndarray, size: int) -> np.ndarray:
    """Exact area resampling of a square image, rounded half up, uint8.

    All sums are integers below 2^53, so float64 products are exact.
    """
    side = square.shape[0]
    weights = area_weights(side, size).astype(np.float64)
    sums = weights @ square.astype(np.float64) @ weights.T
    total = side * side
    return ((2 * sums.astype(np.int64) + total) // (2 * total)).astype(np.uint8)


def mask(size: int, border: int, corner: int) -> np.ndarray:
    """True where the constant stands: a frame, and triangles in its corners."""
    inner = np.arange(size) - border
    outer = size - 1 - border - np.arange(size)
    rows, columns = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    frame = (
        (inner[rows] < 0) | (inner[columns] < 0) | (outer[rows] < 0) | (outer[columns] < 0)
    )
    nearest = np.minimum(inner, outer)
    return frame | (nearest[rows] + nearest[columns] < corner)


def cropped(grey: np.ndarray, crop: str) -> np.ndarray:
    """Step 2: the square that a network is shown.

    ``"lungs"`` is an experiment: no worker knows that crop, so ``export`` refuses it.
    """
    square = centre_square(grey)
    if crop == EXPORTED_CROP:
        return square
    if crop == "lungs":
        return lungs.crop(square, resample(square, lungs.THUMBNAIL))
    raise ValueError(f"the crop {crop!r} is unknown: write {EXPORTED_CROP!r}, or 'lungs' for an experiment")


def square_pixels(grey: np.ndarray, spec: dict) -> np.ndarray:
    """Steps 2 to 4: (size, size) uint8."""
    pixels = resample(cropped(grey, spec["crop"]), spec["size"])
    hidden = mask(spec["size"], spec["mask_border"], spec["mask_corner"])
    return np.where(hidden, np.uint8(spec["mask_value"]), pixels)


def tables(spec: dict) -> np.ndarray:
    """Shape (3, 256), float32: the value of every grey in every channel."""
    greys = np.arange(256, dtype=np.float64) / 255.0
    rows = [(greys - m) / s for m, s in zip(spec["mean"], spec["std"])]
    return np.stack(rows).astype(np.float32)


def tensor(pixels: np.ndarray, spec: dict) -> np.ndarray:
    """Step 5: (3, size, size) float32."""
    return np.ascontiguousarray(tables(spec)[:, pixels])
