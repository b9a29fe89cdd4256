"""Do MedChain's engines and onnxruntime agree over the test split?

    models/run.sh agree target/debug/medchain [--every]

Runs ``medchain predict --json`` over the images of ``predictions.csv``, which
``medchain_models.evaluate`` left in the work folder, on every engine, and compares line
by line. Of an exact model every answer must be equal, and every logit too: the example
program ``logits`` beside the program computes those with each kernel of this machine and
with tract, on one, two and many threads. Of a network of floats, 99.9 % of the labels must
be equal and no probability may differ by more than 1e-3.
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

# Slow paths, and more than one thread, take every so many films.
FEW = 9
FAST = ("avx512vnni", "avx2", "neon", "tract")


def answers(program: Path, engine: str, rows: list[dict]) -> list[dict]:
    """What ``medchain predict`` says."""
    command = [program, "predict", "--json", "--model-dir", configuration.SHIPPED]
    command += ["--engine", engine, *(row["path"] for row in rows)]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout
    return [json.loads(line) for line in text.splitlines()]


def logits(program: Path, path: str, threads: int, rows: list[dict]) -> list[list[int]]:
    """The logits that one path gives."""
    command = [program, configuration.SHIPPED, path, str(threads)]
    names = "\n".join(row["path"] for row in rows)
    done = subprocess.run(command, input=names, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line)["logits"] for line in done.stdout.splitlines()]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--medchain", type=Path, required=True, help="the program")
    parser.add_argument("--every", action="store_true", help="every film on slow paths too (an hour)")
    arguments = parser.parse_args()
    config = configuration.load()
    labels = config["model"]["labels"]
    with open(config["data"]["work"] / "predictions.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    spec = json.loads((configuration.SHIPPED / f"{config['model']['name']}.json").read_text())
    exact = "softmax_scale" in spec
    wrong = []
    for engine in ("exact", "tract") if exact else ("tract",):
        found = agree.compare(rows, answers(arguments.medchain, engine, rows), labels)
        print(json.dumps({"engine": engine, **found}), flush=True)
        wrong += [f"{engine}: {text}" for text in agree.broken(found, exact)]
    if exact:
        program = arguments.medchain.parent / "examples" / "logits"
        if not program.exists():
            sys.exit(f"{program} is missing: cargo build --examples -p medchain-vision")
        paths = subprocess.run([program, "--paths"], stdout=subprocess.PIPE, text=True, check=True)
        for path in paths.stdout.split():
            for threads in (1, 2, 8):
                is_fast = path in FAST and threads == 1
                some = rows if is_fast or arguments.every else rows[::FEW]
                expected = [[int(row[f"logit {label}"]) for label in labels] for row in some]
                given = logits(program, path, threads, some)
                equal = sum(a == b for a, b in zip(given, expected))
                print(json.dumps({"path": path, "threads": threads, "films": len(some), "equal": equal}), flush=True)
                if equal != len(some):
                    wrong.append(f"{path}, {threads} threads: {len(some) - equal} films have other logits")
    if wrong:
        sys.exit("; ".join(wrong))


if __name__ == "__main__":
    main()
