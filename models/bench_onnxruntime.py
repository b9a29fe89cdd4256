"""Images a second of the shipped model in onnxruntime, one line of JSON.

The counterpart of ``vision/examples/throughput.rs``: the same model, the same
synthetic image, the network alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from medchain_models import preprocess, synthetic  # noqa: E402
from medchain_models.runtime import Shipped  # noqa: E402


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path(__file__).resolve().parent / "shipped")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--images", type=int, default=20)
    arguments = parser.parse_args()
    shipped = Shipped(arguments.model, threads=arguments.threads)
    square = preprocess.square_pixels(synthetic.radiograph(1, 512, 512), shipped.steps)
    tensor = preprocess.tensor(square, shipped.steps)[None]
    shipped.run(tensor)
    started = time.perf_counter()
    for _ in range(arguments.images):
        shipped.run(tensor)
    seconds = time.perf_counter() - started
    print(
        json.dumps(
            {
                "runtime": "onnxruntime",
                "threads": arguments.threads,
                "images": arguments.images,
                "seconds": round(seconds, 3),
                "images_per_second": round(arguments.images / seconds, 3),
            }
        )
    )


if __name__ == "__main__":
    main()
