"""``python -m medchain_models.evaluate``: the shipped file on the test split.

Runs the ONNX file itself with onnxruntime and writes ``evaluation.json`` and
``predictions.csv`` into the work folder; prints the card's tables.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np

from . import config as configuration
from . import data, metrics
from .runtime import Shipped


def predictions(shipped: Shipped, films: list[data.Film], cache: Path) -> np.ndarray:
    """Probabilities of every film; a finished part is kept for the next start."""
    stamp = f"{shipped.path.stat().st_size}-{_digest(shipped.path)}"
    known: dict[str, list[float]] = {}
    if cache.exists():
        stored = json.loads(cache.read_text())
        known = stored["rows"] if stored["model"] == stamp else {}
    for number, film in enumerate(films, 1):
        if film.id not in known:
            known[film.id] = [float(p) for p in shipped.predict(film.path.read_bytes())]
        if number % 50 == 0 or number == len(films):
            cache.write_text(json.dumps({"model": stamp, "rows": known}))
            print(f"{number}/{len(films)}", flush=True)
    return np.array([known[film.id] for film in films])


def _digest(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def summarise(config: dict, shipped: Shipped, films: list[data.Film], found: np.ndarray) -> dict:
    """Everything that the card says about the test split."""
    labels, threshold = shipped.labels, shipped.spec["confidence_threshold"]
    rows = [i for i, film in enumerate(films) if film.label in labels]
    truth = np.array([labels.index(films[i].label) for i in rows])
    chosen = found[rows]
    groups = [films[i].group for i in rows]
    uncertain = chosen.max(1) < threshold
    right = chosen.argmax(1) == truth
    summary = {
        "films": len(rows),
        "metrics": metrics.table(truth, chosen, labels),
        "intervals": metrics.intervals(truth, chosen, labels, groups),
        "confusion": metrics.confusion(truth, chosen.argmax(1), len(labels)).tolist(),
        "threshold": threshold,
        "uncertain": float(uncertain.mean()),
        "accuracy of the certain": float(right[~uncertain].mean()),
        "share of the errors that are uncertain": float(uncertain[~right].mean()) if (~right).any() else None,
        "by source": {},
    }
    for key in sorted({(f.label, f.source) for f in films}):
        chosen = found[[i for i, f in enumerate(films) if (f.label, f.source) == key]]
        counts = np.bincount(chosen.argmax(1), minlength=len(labels))
        summary["by source"][" / ".join(key)] = {
            "films": len(chosen),
            **{f"called {label}": int(n) for label, n in zip(labels, counts)},
            "uncertain": int((chosen.max(1) < threshold).sum()),
        }
    return summary


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--model", type=Path, default=configuration.SHIPPED)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    config = configuration.load(arguments.config)
    shipped = Shipped(arguments.model, config["model"]["name"], arguments.threads)
    films = [f for f in data.films(config) if f.split == "test"]
    work = config["data"]["work"]
    found = predictions(shipped, films, work / "test-probabilities.json")
    summary = summarise(config, shipped, films, found)
    (work / "evaluation.json").write_text(json.dumps(summary, indent=1))
    with open(work / "predictions.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "path", "class", "source", *shipped.labels])
        for film, row in zip(films, found):
            writer.writerow([film.id, film.path, film.label, film.source, *row])
    print_tables(summary, shipped.labels)


def print_tables(summary: dict, labels: list[str]) -> None:
    """The card's tables, in Markdown."""
    print(f"\n| measure ({summary['films']} films) | value | 95 % interval |\n| --- | --- | --- |")
    for key, value in summary["metrics"].items():
        low, high = summary["intervals"][key]
        print(f"| {key} | {value:.3f} | {low:.3f} to {high:.3f} |")
    print("\n| true \\ called | " + " | ".join(labels) + " |\n|" + " --- |" * (len(labels) + 1))
    for label, row in zip(labels, summary["confusion"]):
        print(f"| {label} | " + " | ".join(map(str, row)) + " |")
    print(f"\nuncertain (below {summary['threshold']}): {summary['uncertain']:.1%};")
    print(f"accuracy of the others: {summary['accuracy of the certain']:.3f}")
    print("\n| class / source | films | " + " | ".join(f"called {l}" for l in labels) + " | uncertain |")
    print("|" + " --- |" * (len(labels) + 3))
    for key, row in summary["by source"].items():
        print(f"| {key} | " + " | ".join(str(v) for v in row.values()) + " |")


if __name__ == "__main__":
    main()
