"""One drawing in every form that loses nothing and can be written here."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def dicom(grey: np.ndarray, syntax: str = EXPLICIT, inverted: bool = False) -> bytes:
    """A DICOM file of twelve bits, of which the upper eight are the drawing."""
    wide = grey.astype(np.uint16)
    words = wide << 4 | wide >> 4
    height, width = grey.shape
    elements = [
        _element(0x0008, 0x0016, b"UI", b"1.2.840.10008.5.1.4.1.1.1", syntax),
        _number(0x0028, 0x0002, 1, syntax),
        _element(0x0028, 0x0004, b"CS", b"MONOCHROME1" if inverted else b"MONOCHROME2", syntax),
        _number(0x0028, 0x0010, height, syntax),
        _number(0x0028, 0x0011, width, syntax),
        _number(0x0028, 0x0100, 16, syntax),
        _number(0x0028, 0x0101, 12, syntax),
        _number(0x0028, 0x0102, 11, syntax),
        _number(0x0028, 0x0103, 0, syntax),
        _element(
            0x7FE0, 0x0010, b"OW", (4095 - words if inverted else words).astype("<u2").tobytes(), syntax
        ),
    ]
    name = _element(0x0002, 0x0010, b"UI", syntax.encode(), EXPLICIT)
    meta = _element(0x0002, 0x0000, b"UL", struct.pack("<I", len(name)), EXPLICIT) + name
    return bytes(128) + b"DICM" + meta + b"".join(elements)


def _number(group: int, element: int, value: int, syntax: str) -> bytes:
    return _element(group, element, b"US", struct.pack("<H", value), syntax)


def _element(group: int, element: int, representation: bytes, value: bytes, syntax: str) -> bytes:
    padding = b"\0" if representation == b"UI" else b" "
    value += padding * (len(value) % 2)
    tag = struct.pack("<HH", group, element)
    if syntax == IMPLICIT:
        return tag + struct.pack("<I", len(value)) + value
    if representation == b"OW":
        return tag + representation + struct.pack("<HI", 0, len(value)) + value
    return tag + representation + struct.pack("<H", len(value)) + value


def forms(grey: np.ndarray) -> dict[str, bytes]:
    """The same film as files of many kinds, by their names."""
    image = Image.fromarray(grey)
    wide = Image.fromarray(grey.astype(np.uint16) * 257)
    unset = Image.merge("LA", [image, Image.new("L", image.size)])
    turned = Image.Exif()
    turned[0x0112] = 6
    return {
        "PNG": saved(image, "PNG"),
        "PNG, 16 bits": saved(wide, "PNG"),
        "PNG, colours": saved(image.convert("RGB"), "PNG"),
        "PNG, palette": saved(image.convert("P"), "PNG"),
        "PNG, alpha that nobody set": saved(unset, "PNG"),
        "PNG, turned": saved(Image.fromarray(np.rot90(grey)), "PNG", exif=turned),
        "TIFF": saved(image, "TIFF"),
        "TIFF, 16 bits": saved(wide, "TIFF"),
        "TIFF, LZW": saved(image, "TIFF", compression="tiff_lzw"),
        "BMP": saved(image, "BMP"),
        "WebP": saved(image, "WEBP", lossless=True),
        "PGM": saved(image, "PPM"),
        "DICOM, explicit": dicom(grey),
        "DICOM, implicit": dicom(grey, IMPLICIT),
        "DICOM, MONOCHROME1": dicom(grey, inverted=True),
    }


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
