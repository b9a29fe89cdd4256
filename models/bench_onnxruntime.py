"""Images a second in onnxruntime, one line of JSON.

The counterpart of ``vision/examples/throughput.rs``: the shipped model, the same
synthetic image, the network alone. With ``--float`` it is a network of floats of the same
shape, with weights of no value.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent))

from medchain_models import config as configuration  # noqa: E402
from medchain_models import graph, synthetic  # noqa: E402
from medchain_models.architecture import BLOCKS  # noqa: E402
from medchain_models.runtime import Shipped  # noqa: E402


def drawing() -> bytes:
    """A synthetic film, as a file."""
    buffer = io.BytesIO()
    Image.fromarray(synthetic.radiograph(1, 512, 512)).save(buffer, "PNG")
    return buffer.getvalue()


def float_session(labels: list[str], threads: int) -> onnxruntime.InferenceSession:
    """A VGG-16 of floats, with the head of the configuration."""
    config = configuration.load()
    size, chance = config["preprocessing"]["size"], np.random.default_rng(1)
    shapes, inputs = {}, 3
    for block, (convolutions, outputs) in enumerate(BLOCKS, 1):
        for i in range(1, convolutions + 1):
            shapes[f"conv{block}_{i}"], inputs = (outputs, inputs, 3, 3), outputs
    inputs *= (size // 2 ** len(BLOCKS)) ** 2
    for i, outputs in enumerate([*config["model"]["head"], len(labels)], 1):
        shapes[f"fc{i}"], inputs = (outputs, inputs), outputs
    weights = {f"{name}.bias": np.zeros(shape[0]) for name, shape in shapes.items()}
    for name, shape in shapes.items():
        deviation = (2 / np.prod(shape[1:])) ** 0.5
        weights[f"{name}.weight"] = chance.standard_normal(shape, np.float32) * deviation
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    file = graph.build(weights, size, len(labels), "").SerializeToString()
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path(__file__).resolve().parent / "shipped")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--float", action="store_true", help="a network of floats of the same shape")
    arguments = parser.parse_args()
    shipped = Shipped(arguments.model, threads=arguments.threads)
    taken = shipped.input(shipped.square(drawing()))
    run = shipped.run
    if arguments.float:
        session = float_session(shipped.labels, arguments.threads)
        taken = taken.astype(np.float32).repeat(3, 1) / 255
        run = lambda image: session.run(None, {"image": image})  # noqa: E731
    run(taken)
    started = time.perf_counter()
    for _ in range(arguments.images):
        run(taken)
    seconds = time.perf_counter() - started
    print(
        json.dumps(
            {
                "runtime": "onnxruntime, float" if arguments.float else "onnxruntime",
                "threads": arguments.threads,
                "images": arguments.images,
                "seconds": round(seconds, 3),
                "images_per_second": round(arguments.images / seconds, 3),
            }
        )
    )


if __name__ == "__main__":
    main()
