"""The greys of PNG and JPEG by Pillow, with which the tests compare the decoder.

It is the second implementation, written apart from the crate's, and nothing but a test uses
it. Of 16-bit *colour* PNGs Pillow reads 8 bits, so there it may be off by one.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

ORIENTATION = 0x0112


def decode(data: bytes) -> np.ndarray:
    """Decodes PNG or JPEG to upright greys, shape (height, width), uint8.

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
