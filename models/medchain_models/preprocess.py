"""From the bytes of an image to the tensor: the same integers as in Rust.

The steps are those of the crate ``medchain-vision``:

1. grey, 8 bit, by integer arithmetic; of a JPEG the luminance plane alone,
2. the centre square of the shorter side,
3. exact area resampling, rounded half up to 8 bit,
4. a constant border and constant corners,
5. ``(v / 255 - mean) / std`` through a table of 256 float32 values a channel.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

Image.MAX_IMAGE_PIXELS = 64_000_000


def decode(data: bytes) -> np.ndarray:
    """Decodes PNG or JPEG to grey, shape (height, width), uint8.

    A JPEG stores luminance as a plane of its own, which *is* the grey: taking
    it as it stands leaves out the way to colours and back, where decoders
    round differently. What remains is the inverse cosine transform, and
    libjpeg-turbo's accurate integer one (``jidctint.c``) is what the Rust
    crate computes too, to the last bit.
    """
    image = Image.open(io.BytesIO(data))
    if image.format == "JPEG" and not _stored_as_rgb(image):
        image.draft("L", None)
    image.load()
    return to_grey(image)


def _stored_as_rgb(image: Image.Image) -> bool:
    """Whether the three planes of a JPEG are red, green and blue.

    The rule of libjpeg (``jdapimin.c``): JFIF means YCbCr, else the Adobe
    marker decides, else the names of the components.
    """
    if len(image.layer) != 3 or "jfif" in image.info:
        return False
    if "adobe" in image.info:
        return image.info.get("adobe_transform") == 0
    return [component[0] for component in image.layer] == [ord(name) for name in "RGB"]


def to_grey(image: Image.Image) -> np.ndarray:
    """Grey by (299 R + 587 G + 114 B + 500) / 1000; alpha over black."""
    if image.mode in ("L", "1"):
        return np.asarray(image.convert("L"))
    if image.mode.startswith("I"):
        wide = np.asarray(image).astype(np.uint32)
        return ((wide * 255 + 32767) // 65535).astype(np.uint8)
    if image.mode == "LA":
        pixels = np.asarray(image).astype(np.uint32)
        return _over_black(pixels[..., 0], pixels[..., 1])
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGB")
    pixels = np.asarray(image).astype(np.uint32)
    grey = (299 * pixels[..., 0] + 587 * pixels[..., 1] + 114 * pixels[..., 2] + 500) // 1000
    if image.mode == "RGBA":
        return _over_black(grey, pixels[..., 3])
    return grey.astype(np.uint8)


def _over_black(grey: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return ((grey * alpha + 127) // 255).astype(np.uint8)


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


def square_pixels(grey: np.ndarray, spec: dict) -> np.ndarray:
    """Steps 2 to 4: (size, size) uint8."""
    pixels = resample(centre_square(grey), spec["size"])
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
