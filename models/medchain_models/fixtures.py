"""``python -m medchain_models.fixtures``: what Rust must reproduce.

Writes small synthetic images in every kind that is taken and, for each, what
this package computes: SHA-256 of the greys and of the square, some values of the
tensor that a network of floats would get, and the shipped model's logits by
onnxruntime with its answer in steps of 1/10,000. The images
are drawings; no patient's image is in the repository.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from . import config as configuration
from . import exact, graph, preprocess, synthetic
from .architecture import BLOCKS
from .runtime import Shipped

FOLDER = configuration.MODELS / "fixtures"
ORIENTATION = 0x0112


def _encode(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _colour(grey: np.ndarray) -> np.ndarray:
    """Three channels that differ, so that the weights of grey matter."""
    wide = grey.astype(np.int64)
    return np.stack([wide, 255 - wide // 2, wide * 3 // 4 + 20], -1).astype(np.uint8)


def _turned(number: int) -> Image.Exif:
    """EXIF that says which way is up."""
    exif = Image.Exif()
    exif[ORIENTATION] = number
    return exif


def images() -> dict[str, bytes]:
    """Every fixture by its file name."""
    draw = synthetic.radiograph
    grey16 = draw(3, 300, 260).astype(np.uint16) * 257
    grey16 = np.clip(grey16.astype(np.int64) + np.arange(300)[None, :], 0, 65535).astype(np.uint16)
    alpha = Image.merge(
        "LA",
        [
            Image.fromarray(draw(5, 240, 240)),
            Image.fromarray(np.tile(np.arange(240, dtype=np.uint8), (240, 1))),
        ],
    )
    checks = np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((20, 25))).astype(np.uint8) * 255
    return {
        "grey8.png": _encode(Image.fromarray(draw(1, 320, 288)), "PNG", optimize=True),
        "grey8-small.png": _encode(Image.fromarray(draw(2, 97, 131)), "PNG", optimize=True),
        "grey16.png": _encode(Image.fromarray(grey16), "PNG", optimize=True),
        "rgb8.png": _encode(Image.fromarray(_colour(draw(4, 256, 224))), "PNG", optimize=True),
        "grey-alpha8.png": _encode(alpha, "PNG", optimize=True),
        "palette.png": _encode(Image.fromarray(checks).convert("P"), "PNG", optimize=True),
        "turned.png": _encode(
            Image.fromarray(draw(11, 180, 150)), "PNG", optimize=True, exif=_turned(6)
        ),
        "unset-alpha.png": _encode(
            Image.merge("LA", [Image.fromarray(draw(12, 160, 160)), Image.new("L", (160, 160))]),
            "PNG", optimize=True,
        ),
        "white-is-transparent.png": _encode(
            Image.fromarray(np.minimum(draw(13, 150, 150), 120) + np.uint8(135)), "PNG",
            optimize=True, transparency=255,
        ),
        "turned.jpg": _encode(
            Image.fromarray(draw(14, 190, 170)), "JPEG", quality=88, exif=_turned(7)
        ),
        "grey.jpg": _encode(Image.fromarray(draw(6, 400, 360)), "JPEG", quality=90),
        "rgb.jpg": _encode(
            Image.fromarray(_colour(draw(7, 320, 320))), "JPEG", quality=90, subsampling=0
        ),
        "progressive.jpg": _encode(
            Image.fromarray(draw(8, 350, 300)), "JPEG", quality=85, progressive=True
        ),
        "restarts.jpg": _encode(
            Image.fromarray(_colour(draw(9, 251, 203))),
            "JPEG", quality=80, progressive=True, subsampling=2, restart_marker_rows=3,
        ),
        "stored-as-rgb.jpg": _encode(
            Image.fromarray(_colour(draw(10, 230, 260))), "JPEG", quality=80, keep_rgb=True
        ),
    }


def expectation(shipped: Shipped, config: dict, data: bytes) -> dict:
    """What this package computes for one image."""
    grey = preprocess.decode(data)
    square = preprocess.square_pixels(grey, shipped.steps)
    tensor = preprocess.tensor(square, config["preprocessing"])
    places = [0, 24_000, 25_200, 75_000, 100_352, 150_527]
    logits = [int(z) for z in shipped.run(shipped.input(square))]
    return {
        "width": int(grey.shape[1]),
        "height": int(grey.shape[0]),
        "grey_sha256": hashlib.sha256(grey.tobytes()).hexdigest(),
        "square_sha256": hashlib.sha256(square.tobytes()).hexdigest(),
        "tensor": {str(p): float(tensor.reshape(-1)[p]) for p in places},
        "logits": logits,
        "output": exact.output(logits, shipped.spec["softmax_scale"]),
    }


def small_float_network(config: dict, folder: Path) -> None:
    """Writes a network of floats with four channels a layer and weights of no value."""
    chance = np.random.default_rng(11)
    shapes, inputs = {}, 3
    for block, (convolutions, _) in enumerate(BLOCKS, 1):
        for i in range(1, convolutions + 1):
            shapes[f"conv{block}_{i}"], inputs = (4, inputs, 3, 3), 4
    shapes |= {"fc1": (4, 4), "fc2": (4, 4), "fc3": (3, 4)}
    weights = {}
    for name, shape in shapes.items():
        weights[f"{name}.weight"] = chance.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape)
        weights[f"{name}.bias"] = chance.normal(0, 0.1, shape[0])
    spec = {
        "id": "small-32-v1", "model": "small", "version": "1", "size": 32,
        "crop": "centre-square", "resampling": "area-u8",
        "mask": {"border": 1, "corner": 5, "value": 0},
        "mean": config["preprocessing"]["mean"], "std": config["preprocessing"]["std"],
        "labels": config["model"]["labels"], "temperature": 1.0, "confidence_threshold": 0.5,
    }
    folder.mkdir(exist_ok=True)
    model = graph.build(weights, spec["size"], len(spec["labels"]), "A fixture.")
    (folder / "small.onnx").write_bytes(model.SerializeToString(deterministic=True))
    (folder / "small.json").write_text(json.dumps(spec, indent=1) + "\n")


def main() -> None:
    """Writes the images, the small network and ``expected.json``."""
    config = configuration.load()
    shipped = Shipped(configuration.SHIPPED, config["model"]["name"])
    FOLDER.mkdir(exist_ok=True)
    small_float_network(config, FOLDER / "float")
    small = Shipped(FOLDER / "float", "small")
    expected = {
        "model_sha256": hashlib.sha256(shipped.path.read_bytes()).hexdigest(),
        "mean": config["preprocessing"]["mean"],
        "std": config["preprocessing"]["std"],
        "synthetic": {
            f"{seed}:{width}x{height}": hashlib.sha256(
                synthetic.radiograph(seed, width, height).tobytes()
            ).hexdigest()
            for seed, width, height in ((0, 64, 64), (1, 320, 288), (2**63 + 5, 33, 57))
        },
        "images": {},
        "small": {},
    }
    for name, data in images().items():
        (FOLDER / name).write_bytes(data)
        expected["images"][name] = expectation(shipped, config, data)
        expected["small"][name] = [float(p) for p in small.predict(data)]
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(f"{len(expected['images'])} fixtures in {FOLDER}")


if __name__ == "__main__":
    main()
