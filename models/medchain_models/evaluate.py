"""``python -m medchain_models.evaluate``: an exported model on the test split.

Runs the ONNX file itself with onnxruntime, prints the card's tables and writes
``evaluation.json`` and ``predictions.csv`` into the work folder. With
``--against FILE`` it ends with an error where a number is further from those in
the file than the configuration's tolerance. Needs no torch.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from . import config as configuration
from . import data, exact, metrics, preprocess
from .runtime import Shipped


def answers(shipped: Shipped, films: list[data.Film], cache: Path) -> np.ndarray:
    """What the network answers (films, classes): logits where it is exact, or else
    probabilities. A finished part is kept for the next start."""
    stamp = hashlib.sha256(shipped.path.read_bytes()).hexdigest() + shipped.spec["id"]
    known: dict[str, list[float]] = {}
    if cache.exists():
        stored = json.loads(cache.read_text())
        known = stored["rows"] if stored["model"] == stamp else {}
    for number, film in enumerate(films, 1):
        fresh = film.id not in known
        if fresh:
            known[film.id] = shipped.run(shipped.input(shipped.seen(preprocess.read(film.path)))).tolist()
        if number == len(films) or (fresh and number % 50 == 0):
            cache.write_text(json.dumps({"model": stamp, "rows": known}))
            print(f"{number}/{len(films)}", file=sys.stderr, flush=True)
    return np.array([known[film.id] for film in films])


def summarise(shipped: Shipped, films: list[data.Film], found: np.ndarray, rounds: int = 1000) -> dict:
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
        "labels": labels,
        "metrics": metrics.table(truth, chosen, labels),
        "intervals": metrics.intervals(truth, chosen, labels, groups, rounds),
        "confusion": metrics.confusion(truth, chosen.argmax(1), len(labels)).tolist(),
        "threshold": threshold,
        "uncertain": float(uncertain.mean()),
        "accuracy of the certain": _mean(right[~uncertain]),
        "share of the errors that are uncertain": _mean(uncertain[~right]),
        "reliability": metrics.reliability(truth, chosen),
        "roc": {
            label: metrics.roc(chosen[truth == i, i], chosen[truth != i, i])
            for i, label in enumerate(labels)
        },
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


def answers_given(summary: dict, labels: list[str]) -> dict[str, int]:
    """How often each label was the answer on the test split, and how many answers were uncertain.

    Takes a summary or a published ``metrics.json``. Of the films in the card's tables, so without
    those whose class is no label. The worker's drift alarm compares its own answers with these.
    """
    columns = zip(labels, zip(*summary["confusion"]))
    counts = {label: sum(column) for label, column in columns}
    of_labels = [line for key, line in summary["by source"].items() if key.split(" / ")[0] in labels]
    return counts | {"uncertain": sum(line["uncertain"] for line in of_labels)}


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def departures(summary: dict, published: dict, tolerance: dict) -> list[str]:
    """What is further from the published numbers than the tolerance allows."""
    found = []
    for key, allowed in tolerance.items():
        ours, theirs = summary["metrics"].get(key), published["metrics"].get(key)
        if ours is None or theirs is None:
            found.append(f"{key} is missing")
        elif abs(ours - theirs) > allowed:
            found.append(f"{key} is {ours:.3f}, published is {theirs:.3f} ± {allowed}")
    return found


def run(config: dict, model: Path, threads: int = 2, rounds: int = 1000) -> dict:
    """Predicts the test split and writes both files."""
    shipped = Shipped(model, config["model"]["name"], threads)
    films = [f for f in data.films(config) if f.split == "test"]
    work = config["data"]["work"]
    given = answers(shipped, films, work / "test-answers.json")
    found = shipped.probabilities(given)
    summary = summarise(shipped, films, found, rounds)
    (work / "evaluation.json").write_text(json.dumps(summary, indent=1))
    with open(work / "predictions.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        logits = [f"logit {label}" for label in shipped.labels] if shipped.exact else []
        writer.writerow(["id", "path", "class", "source", *shipped.labels, *logits])
        for film, row, answer in zip(films, found, given):
            if shipped.exact:
                steps = exact.output(answer.tolist(), shipped.spec["softmax_scale"])
                row = [*(step / exact.STEPS for step in steps), *answer]
            writer.writerow([film.id, film.path, film.label, film.source, *row])
    return summary


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--model", type=Path, default=configuration.SHIPPED)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    config = configuration.load(arguments.config)
    configuration.need_data(config)
    summary = run(config, arguments.model, arguments.threads)
    print_tables(summary)
    if arguments.against:
        published = json.loads(arguments.against.read_text())
        wrong = departures(summary, published, config["reproduction"])
        print("\n" + ("; ".join(wrong) or "all published numbers are met within the tolerance"))
        sys.exit(1 if wrong else 0)


def metrics_rows(summary: dict) -> list[list[str]]:
    """Measure, value and interval."""
    return [
        [key, f"{value:.3f}", "{:.3f} to {:.3f}".format(*summary["intervals"][key])]
        for key, value in summary["metrics"].items()
    ]


def markdown(header: list[str], body: list[list]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in line) + " |" for line in body]
    return "\n".join(lines)


def tables(summary: dict) -> dict[str, str]:
    """The card's tables of the test split, in Markdown."""
    labels = summary["labels"]
    certain, caught = summary["accuracy of the certain"], summary["share of the errors that are uncertain"]
    text = f"Below {summary['threshold']} a film is uncertain: {summary['uncertain']:.1%} of these are."
    if certain is not None:
        text += f" The others are right in {certain:.1%}."
    if caught is not None:
        text += f" Of the wrong answers {caught:.0%} are marked uncertain."
    return {
        "metrics_table": markdown(
            [f"measure ({summary['films']} films)", "value", "95 % interval"], metrics_rows(summary)
        ),
        "confusion_table": markdown(
            ["true, down; called, across", *labels],
            [[label, *line] for label, line in zip(labels, summary["confusion"])],
        ),
        "uncertain_text": text,
        "source_table": markdown(
            ["class / source", "films", *(f"called {label}" for label in labels), "uncertain"],
            [[key, *line.values()] for key, line in summary["by source"].items()],
        ),
    }


def print_tables(summary: dict) -> None:
    """All of them."""
    print("\n\n".join(tables(summary).values()))


if __name__ == "__main__":
    main()
