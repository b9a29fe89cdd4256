"""A hospital's folder in miniature: drawings, a manifest, weights of no value."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from drawn import dicom
from medchain_models import config as configuration
from medchain_models import synthetic
from medchain_models.architecture import BLOCKS
from PIL import Image

SOURCES = {"covid": ("north", "south"), "ignore": ("photos",), "normal": ("east", "west")}


def _draw(label: str, seed: int) -> np.ndarray:
    if label == "ignore":
        return np.random.default_rng(seed).integers(0, 256, (64, 80)).astype(np.uint8)
    grey = synthetic.radiograph(seed, 72, 64).astype(int)
    return np.clip(grey + (60 if label == "covid" else 0), 0, 255).astype(np.uint8)


def _manifest(folder) -> None:
    with open(folder / "manifest.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "class", "source_repo", "split", "path"])
        number = 0
        for label, sources in SOURCES.items():
            for source in sources:
                for split, count in (("train", 6), ("val", 3), ("test", 4)):
                    for _ in range(count):
                        number += 1
                        grey = _draw(label, number)
                        name = f"{number:04x}" + (".png", ".jpg", "")[number % 3]
                        if number % 3 == 2:
                            (folder / name).write_bytes(dicom(grey))
                        else:
                            Image.fromarray(grey).save(folder / name, quality=90)
                        writer.writerow([f"{number:04x}", label, source, split, name])


def _weights(path) -> None:
    rng = np.random.default_rng(0)
    found, inputs = {}, 3
    for block, (convolutions, outputs) in enumerate(BLOCKS, 1):
        for i in range(1, convolutions + 1):
            values = rng.normal(0, (2 / (9 * inputs)) ** 0.5, (outputs, inputs, 3, 3))
            found[f"conv{block}_{i}.weight"] = values.astype(np.float16)
            found[f"conv{block}_{i}.bias"] = np.zeros(outputs, np.float16)
            inputs = outputs
    np.savez(path, **found)


@pytest.fixture(scope="session")
def hospital(tmp_path_factory):
    """The configuration of a folder with 65 drawings of 64 pixels."""
    folder = tmp_path_factory.mktemp("hospital")
    _manifest(folder)
    _weights(folder / "weights.npz")
    text = (configuration.MODELS / "config.toml").read_text()
    text = text.replace("crops = \"crops.csv\"", "")
    for key, value in {
        "root": '"."',
        "convolutions": '"weights.npz"',
        "work": '"work"',
        "head": "[16, 8]",
        "auxiliary": "[]",
        "size": "64",
        "mask_border": "2",
        "mask_corner": "6",
        "recipe": '"block 5, augmented, styles"',
        "augmented_copies": "1",
        "epochs_head": "2",
        "epochs": "1",
        "batch": "8",
    }.items():
        lines = text.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{key} = "))
        lines[at] = f"{key} = {value}"
        text = "\n".join(lines)
    path = folder / "config.toml"
    path.write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MEDCHAIN_DATA", raising=False)
        patch.delenv("MEDCHAIN_ML_WORK", raising=False)
        yield configuration.load(path)
