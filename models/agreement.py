"""Do tract and onnxruntime agree over the test split?

    medchain predict --json FILES > rust.jsonl      (or the example `predict`)
    python agreement.py rust.jsonl

Reads the lines of ``medchain predict --json`` and the probabilities that
``medchain_models.evaluate`` left behind. Ends with an error below 99.9 % equal
labels or above a difference of 1e-3 on images that both decode alike.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from medchain_models import config as configuration  # noqa: E402


def main() -> None:
    """The command line."""
    config = configuration.load()
    labels = config["model"]["labels"]
    ours = {}
    with open(config["data"]["work"] / "predictions.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            ours[Path(row["path"]).stem] = np.array([float(row[label]) for label in labels])
    same, differences, failed = [], [], []
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            name = Path(row["file"]).stem
            if "error" in row:
                failed.append((name, row["error"]))
                continue
            theirs = np.array([row["probabilities"][label] for label in labels])
            same.append(labels[int(ours[name].argmax())] == row["label"])
            differences.append(float(np.abs(ours[name] - theirs).max()))
    worst = max(differences)
    within = float(np.mean(np.array(differences) <= 1e-3))
    print(
        json.dumps(
            {
                "images": len(same),
                "failed": failed,
                "equal_labels": float(np.mean(same)),
                "within_1e-3": within,
                "largest_difference": worst,
            }
        )
    )
    if np.mean(same) < 0.999 or failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
