"""The shipped model in onnxruntime, with the Python preprocessing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime

from . import preprocess


class Shipped:
    """An ONNX file and the JSON beside it."""

    def __init__(self, folder: Path, name: str = "medchain-vgg16", threads: int = 2):
        self.path = folder / f"{name}.onnx"
        self.spec = json.loads((folder / f"{name}.json").read_text())
        mask = self.spec["mask"]
        self.steps = self.spec | {f"mask_{k}": v for k, v in mask.items()}
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            self.path, options, providers=["CPUExecutionProvider"]
        )

    @property
    def labels(self) -> list[str]:
        """The classes, in the order of the output."""
        return self.spec["labels"]

    def tensor(self, image: bytes) -> np.ndarray:
        """The input of one image file: (1, 3, size, size) float32."""
        pixels = preprocess.square_pixels(preprocess.decode(image), self.steps)
        return preprocess.tensor(pixels, self.steps)[None]

    def run(self, tensor: np.ndarray) -> np.ndarray:
        """Probabilities of one tensor."""
        return self.session.run(None, {"image": tensor})[0][0]

    def predict(self, image: bytes) -> np.ndarray:
        """Probabilities of one image file."""
        return self.run(self.tensor(image))
