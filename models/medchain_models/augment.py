"""Changes that must not change the verdict, alike for all classes.

They aim at what tells the archives apart without being disease: size and
sharpness, framing and proportions, contrast, compression, letters and arrows.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WORKING_SIZE = 288


def augment(grey: np.ndarray, seed: tuple[int, ...]) -> np.ndarray:
    """One random version of a grey image; the seed decides everything."""
    rng = np.random.default_rng(seed)
    image = _frame(Image.fromarray(grey), rng)
    image = _tone(image, rng)
    if rng.random() < 0.5:
        _overlay(image, rng)
    image = _resolution(image, rng)
    if rng.random() < 0.5:
        image = _recompress(image, rng)
    if rng.random() < 0.3:
        image = _noise(image, rng)
    return np.asarray(image)


def _frame(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Crop, proportions, rotation, mirror: one affine map to a square."""
    width, height = image.size
    side = min(width, height)
    zoom = side * rng.uniform(0.75, 1.08)
    aspect = np.exp(rng.uniform(-0.22, 0.22))
    scale = np.array([zoom * np.sqrt(aspect), zoom / np.sqrt(aspect)]) / WORKING_SIZE
    angle = np.deg2rad(rng.uniform(-12, 12))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.diag(scale * [mirror, 1.0])
    slack = side * 0.06
    centre = np.array([width, height]) / 2 + rng.uniform(-slack, slack, 2)
    offset = centre - matrix @ np.array([WORKING_SIZE / 2, WORKING_SIZE / 2])
    data = (matrix[0, 0], matrix[0, 1], offset[0], matrix[1, 0], matrix[1, 1], offset[1])
    fill = 0 if rng.random() < 0.7 else int(rng.integers(0, 256))
    return image.transform(
        (WORKING_SIZE, WORKING_SIZE), Image.Transform.AFFINE, data,
        resample=Image.Resampling.BILINEAR, fillcolor=fill,
    )


def _tone(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    values = np.arange(256) / 255.0
    gamma = np.exp(rng.uniform(-0.5, 0.5))
    contrast, brightness = rng.uniform(0.65, 1.35), rng.uniform(-0.15, 0.15)
    values = (values**gamma - 0.5) * contrast + 0.5 + brightness
    return image.point([int(v) for v in np.clip(values * 255, 0, 255)])


def _overlay(image: Image.Image, rng: np.random.Generator) -> None:
    """Letters, arrows and boxes, as publications and consoles add them."""
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(1, 5)):
        x, y = rng.integers(0, WORKING_SIZE, 2).tolist()
        ink = int(rng.choice([0, 255, 230, 40]))
        kind = rng.integers(0, 4)
        if kind == 0:
            text = "".join(rng.choice(list("ABCDLRPAabc0123456789"), rng.integers(1, 7)))
            draw.text((x, y), text, fill=ink, font_size=int(rng.integers(8, 36)))
        elif kind == 1:
            dx, dy = rng.integers(-40, 41, 2).tolist()
            draw.line((x, y, x + dx, y + dy), fill=ink, width=int(rng.integers(1, 5)))
            draw.regular_polygon((x, y, int(rng.integers(3, 9))), 3, fill=ink)
        elif kind == 2:
            w, h = rng.integers(8, 60, 2).tolist()
            draw.rectangle((x, y, x + w, y + h), fill=ink if rng.random() < 0.5 else None, outline=ink)
        else:
            r = int(rng.integers(3, 20))
            draw.ellipse((x - r, y - r, x + r, y + r), outline=ink, width=2)


def _resolution(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The archives differ in sharpness: every class gets every sharpness."""
    draw = rng.random()
    if draw < 0.45:
        side = int(rng.integers(90, 224))
        small = image.resize((side, side), Image.Resampling.BOX)
        return small.resize((WORKING_SIZE, WORKING_SIZE), Image.Resampling.BILINEAR)
    if draw < 0.6:
        return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.6)))
    if draw < 0.75:
        return image.filter(ImageFilter.UnsharpMask(2, int(rng.integers(50, 160)), 2))
    return image


def _recompress(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(rng.integers(30, 95)))
    return Image.open(buffer).convert("L")


def _noise(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    noise = rng.normal(0, rng.uniform(2, 10), (WORKING_SIZE, WORKING_SIZE))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))
