"""Do tract and onnxruntime agree over the test split?

    models/run.sh agree target/debug/medchain

Runs ``medchain predict --json`` over the images of ``predictions.csv``, which
``medchain_models.evaluate`` left in the work folder, and compares line by line.
Ends with an error where an image fails, where fewer than 99.9 % of the labels
are equal, or where any probability differs by more than 1e-3.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from medchain_models import agree  # noqa: E402
from medchain_models import config as configuration  # noqa: E402


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--medchain", type=Path, required=True, help="the program")
    parser.add_argument("--lines", type=Path, help="its output, where it ran already")
    arguments = parser.parse_args()
    config = configuration.load()
    with open(config["data"]["work"] / "predictions.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if arguments.lines:
        text = arguments.lines.read_text(encoding="utf-8")
    else:
        command = [arguments.medchain, "predict", "--json", "--model-dir", configuration.SHIPPED]
        command += [row["path"] for row in rows]
        text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout
    lines = [json.loads(line) for line in text.splitlines()]
    found = agree.compare(rows, lines, config["model"]["labels"])
    print(json.dumps(found))
    wrong = agree.broken(found)
    if wrong:
        sys.exit("; ".join(wrong))


if __name__ == "__main__":
    main()
