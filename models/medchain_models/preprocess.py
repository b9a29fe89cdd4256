"""From the bytes of an image to the tensor: the same integers as in Rust.

The steps are those of the crate ``medchain-vision``:

1. grey, 8 bit, by integer arithmetic, upright; of a JPEG the luminance plane alone,
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


ORIENTATION = 0x0112


def decode(data: bytes) -> np.ndarray:
    """Decodes PNG or JPEG to upright greys, shape (height, width), uint8.

    A JPEG stores luminance as a plane of its own, which *is* the grey: taking
    it as it stands leaves out the way to colours and back, where decoders
    round differently. What remains is the inverse cosine transform, and
    libjpeg-turbo's accurate integer one (``jidctint.c``) is what the Rust
    crate computes too, to the last bit.

    DICOM and the other formats have one decoder, that of the Rust crate:
    ``cargo run --release -p medchain-vision --example greys -- IN OUT.png``
    writes the greys that it sees, and this function reads them as they are.
    """
    image = Image.open(io.BytesIO(data))
    if image.format not in ("PNG", "JPEG"):
        raise ValueError(
            f"{image.format} is not read in Python; write its greys as PNG with "
            "`cargo run --release -p medchain-vision --example greys -- IN OUT.png`"
        )
    if image.format == "JPEG" and not _stored_as_rgb(image):
        image.draft("L", None)
    image.load()
    return upright(to_grey(image), _orientation(image))


def _orientation(image: Image.Image) -> int:
    """The number in EXIF, 1 to 8; not what XMP says, which Pillow would take too."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))
        number = int(exif.get(ORIENTATION, 1))
    except (SyntaxError, TypeError, ValueError, OSError, KeyError):
        return 1
    return number if 1 <= number <= 8 else 1


def upright(grey: np.ndarray, orientation: int) -> np.ndarray:
    """The picture as every viewer shows it."""
    turns = {1: 0, 2: 0, 3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}
    turned = np.rot90(grey, turns[orientation])
    if orientation in (2, 4):
        turned = turned[:, ::-1]
    elif orientation in (5, 7):
        turned = turned[::-1, :]
    return np.ascontiguousarray(turned)


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
    """Grey by (299 R + 587 G + 114 B + 500) / 1000; alpha over black.

    The colours that a PNG names as transparent (tRNS) stay what they are.
    """
    if image.mode in ("L", "1"):
        return np.asarray(image.convert("L"))
    if image.mode.startswith("I"):
        wide = np.asarray(image).astype(np.uint32)
        used = int(wide.max()).bit_length()
        if 0 < used <= 14:
            raise ValueError(f"16 bits a sample, of which the lowest {max(used, 8)} alone are used")
        return ((wide * 255 + 32767) // 65535).astype(np.uint8)
    if image.mode == "LA":
        pixels = np.asarray(image).astype(np.uint32)
        return _settle(pixels[..., 0], pixels[..., 1])
    if image.mode not in ("RGB", "RGBA"):
        image.info.pop("transparency", None)
        image = image.convert("RGB")
    pixels = np.asarray(image).astype(np.uint32)
    grey = (299 * pixels[..., 0] + 587 * pixels[..., 1] + 114 * pixels[..., 2] + 500) // 1000
    if image.mode == "RGBA":
        return _settle(grey, pixels[..., 3])
    return grey.astype(np.uint8)


def _settle(grey: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Alpha over black, unless it means nothing.

    Nobody set what is zero everywhere. Where it hides exactly the pixels of one grey, also
    inside the film, an optimiser has made a colour transparent.
    """
    hidden = alpha == 0
    if hidden.any():
        key = grey[hidden][0]
        is_key = np.array_equal(alpha, np.where(grey == key, 0, 255))
        if hidden.all() or (is_key and not _is_cut_out(hidden)):
            return grey.astype(np.uint8)
    return ((grey * alpha + 127) // 255).astype(np.uint8)


def _is_cut_out(hidden: np.ndarray) -> bool:
    """Whether every hidden pixel sees an edge along its row or column: a shutter."""
    runs = [
        np.logical_and.accumulate(hidden, axis=0),
        np.logical_and.accumulate(hidden[::-1], axis=0)[::-1],
        np.logical_and.accumulate(hidden, axis=1),
        np.logical_and.accumulate(hidden[:, ::-1], axis=1)[:, ::-1],
    ]
    return np.array_equal(hidden, np.logical_or.reduce(runs))


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
