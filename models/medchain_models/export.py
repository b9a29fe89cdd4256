"""``python -m medchain_models.export``: the trained run to ONNX and JSON."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from . import config as configuration
from . import graph, preprocess
from .architecture import STRIDE

MAX_FILE_BYTES = 48_000_000


def weights(config: dict, state: dict[str, torch.Tensor], operation: dict) -> dict[str, np.ndarray]:
    """All weights by their name in the graph.

    Blocks 1 to 4 come from ImageNet. The auxiliary classes' logits are cut
    off; the shift of the covid logit and the temperature are folded into the
    last layer.
    """
    found = {k: v for k, v in np.load(config["data"]["convolutions"]).items()}
    for layer, i in ((0, 1), (2, 2), (4, 3)):
        for kind in ("weight", "bias"):
            found[f"conv5_{i}.{kind}"] = state[f"block5.{layer}.{kind}"].float().numpy()
    for i in (1, 2, 3):
        for kind in ("weight", "bias"):
            found[f"fc{i}.{kind}"] = state[f"fc{i}.{kind}"].float().numpy()
    labels = config["model"]["labels"]
    for kind in ("weight", "bias"):
        found[f"fc3.{kind}"] = found[f"fc3.{kind}"][: len(labels)].copy()
    if "covid" in labels:
        found["fc3.bias"][labels.index("covid")] += operation["shift"]
    for kind in ("weight", "bias"):
        found[f"fc3.{kind}"] /= operation["temperature"]
    return found


def specification(config: dict, operation: dict) -> dict:
    """The JSON that the Rust crate ``medchain-vision`` reads."""
    steps, model = config["preprocessing"], config["model"]
    if steps["crop"] != preprocess.EXPORTED_CROP:
        raise SystemExit(
            f"the crop {steps['crop']!r} is an experiment that no worker computes: "
            f"train with {preprocess.EXPORTED_CROP!r} for a model that is exported"
        )
    return {
        "id": steps["id"],
        "model": model["name"],
        "version": model["version"],
        "size": steps["size"],
        "crop": steps["crop"],
        "resampling": steps["resampling"],
        "mask": {
            "border": steps["mask_border"],
            "corner": steps["mask_corner"],
            "value": steps["mask_value"],
        },
        "mean": steps["mean"],
        "std": steps["std"],
        "labels": model["labels"],
        "temperature": operation["temperature"],
        "confidence_threshold": operation["confidence_threshold"],
    }


def export(config: dict, state: dict, operation: dict, to: Path) -> None:
    """Writes ``<name>.onnx`` and ``<name>.json`` into the folder ``to``."""
    to.mkdir(parents=True, exist_ok=True)
    name = config["model"]["name"]
    model = graph.build(
        weights(config, state, operation),
        config["preprocessing"]["size"],
        len(config["model"]["labels"]),
        "Not for clinical use. See MODEL_CARD.md.",
    )
    if config["preprocessing"]["size"] % STRIDE:
        raise ValueError(f"the size must be a multiple of {STRIDE}")
    data = model.SerializeToString(deterministic=True)
    if len(data) > MAX_FILE_BYTES and config["model"]["head"][0] < 4096:
        raise ValueError(f"the file has {len(data)} bytes, {MAX_FILE_BYTES} are allowed")
    (to / f"{name}.onnx").write_bytes(data)
    text = json.dumps(specification(config, operation), indent=2)
    (to / f"{name}.json").write_text(text + "\n")
    print(f"{to / name}.onnx: {len(data)} bytes")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--to", type=Path, default=configuration.SHIPPED)
    arguments = parser.parse_args()
    config = configuration.load(arguments.config)
    run = config["data"]["work"] / "run"
    state = torch.load(run / "top.pt", weights_only=True)
    operation = json.loads((run / "operation.json").read_text())
    export(config, state, operation, arguments.to)


if __name__ == "__main__":
    main()
