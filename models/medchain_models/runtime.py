"""The shipped model in onnxruntime, with the Python preprocessing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime

from . import exact, preprocess


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

    @property
    def exact(self) -> bool:
        """Whether it computes in integers."""
        return "softmax_scale" in self.spec

    def square(self, image: bytes) -> np.ndarray:
        """The greys of one image file that the network sees: (size, size) uint8."""
        return self.seen(preprocess.decode(image))

    def seen(self, grey: np.ndarray) -> np.ndarray:
        """The square of a film that was decoded."""
        return preprocess.square_pixels(grey, self.steps)

    def input(self, square: np.ndarray) -> np.ndarray:
        """What the network takes: the greys themselves, or three channels of floats."""
        return square[None, None] if self.exact else preprocess.tensor(square, self.steps)[None]

    def run(self, taken: np.ndarray) -> np.ndarray:
        """Logits (classes,) int32 of an exact network, or else probabilities."""
        return self.session.run(None, {"image": taken})[0][0]

    def probabilities(self, answer: np.ndarray) -> np.ndarray:
        """Probabilities of what :meth:`run` gave."""
        return exact.probabilities(answer, self.spec["softmax_scale"]) if self.exact else answer

    def predict(self, image: bytes) -> np.ndarray:
        """Probabilities of one image file."""
        return self.probabilities(self.run(self.input(self.square(image))))
