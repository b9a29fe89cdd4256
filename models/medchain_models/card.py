"""``python -m medchain_models.card``: the model card from what was measured.

Numbers come from the work folder alone: ``evaluation.json`` (evaluate) and
``sources/`` (sources). Prose comes from ``card_template.md`` and
``card_notes.toml``, which a person writes after reading the numbers.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np

from . import config as configuration
from . import data, fit, metrics, sources


def rows(header: list[str], body: list[list]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in line) + " |" for line in body]
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "–" if value is None or np.isnan(value) else f"{value:.3f}"


def data_table(films: list[data.Film]) -> str:
    """Films by class, source and split."""
    count = Counter((f.label, f.source, f.split) for f in films)
    keys = sorted({(f.label, f.source) for f in films})
    return rows(
        ["class", "source", "train", "val", "test"],
        [[*key, *(count[(*key, split)] for split in ("train", "val", "test"))] for key in keys],
    )


def load_folds(config: dict) -> dict[str, list[dict]]:
    """Every stored fold by its recipe."""
    found: dict[str, list[dict]] = {}
    folder = config["data"]["work"] / "sources"
    for name in fit.RECIPES:
        stem = name.replace(", ", "-").replace(" ", "_")
        paths = sorted(folder.glob(f"{stem}-[0-9]*-[0-9]*.json"))
        if paths:
            found[name] = sources.unseen(config, [json.loads(path.read_text()) for path in paths])
    return found


def folds_table(config: dict, folds: list[dict], operation: dict) -> str:
    """The left-out sources of one recipe, decided as the shipped model decides."""
    labels = config["model"]["labels"]
    body = []
    for fold in folds:
        found = sources.score(config, fold)
        logits, truth = np.array(fold["logits"]), np.array(fold["labels"])
        logits[:, labels.index("covid")] += operation["shift"]
        probabilities = metrics.softmax(logits / operation["temperature"])
        certain = probabilities.max(1) >= operation["confidence_threshold"]
        guess = np.array(labels)[probabilities.argmax(1)]
        normal = truth == "normal"
        wrong = normal & (guess == "covid")
        body.append(
            [
                ", ".join(fold["left out"]),
                f"{_number(found['AUC'])} ({found['films covid']} covid, {found['films normal']} normal)",
                *(f"{(guess == label)[truth == label].mean():.3f}" for label in labels),
                f"{(~certain)[normal].mean():.0%}",
                f"{(wrong & certain).sum()} of {normal.sum()}",
            ]
        )
    header = ["left out", "AUC covid against normal", *(f"recall {label}" for label in labels)]
    return rows(header + ["normal films uncertain", "normal films called covid, certain"], body)


def recipes_table(config: dict, folds: dict[str, list[dict]]) -> str:
    """Every recipe on the same folds."""
    body = []
    for name, found in folds.items():
        scores = [sources.score(config, fold) for fold in found]
        areas = [score["AUC"] for score in scores]
        ignore = [score["recall ignore"] for score in scores if score["recall ignore"] is not None]
        body.append([name, len(scores), _number(np.mean(areas)), _number(min(areas)), _number(np.mean(ignore))])
    return rows(["recipe", "folds", "mean AUC", "lowest AUC", "mean recall ignore"], body)


def main() -> None:
    """Writes ``shipped/MODEL_CARD.md``."""
    config = configuration.load()
    work, name = config["data"]["work"], config["model"]["name"]
    spec = json.loads((configuration.SHIPPED / f"{name}.json").read_text())
    onnx = (configuration.SHIPPED / f"{name}.onnx").read_bytes()
    summary = json.loads((work / "evaluation.json").read_text())
    with open(configuration.MODELS / "card_notes.toml", "rb") as file:
        notes = tomllib.load(file)
    operation = json.loads((work / "run" / "operation.json").read_text())
    films = data.films(config)
    folds = load_folds(config)
    labels = spec["labels"]
    intervals = summary["intervals"]
    errors = summary["share of the errors that are uncertain"]
    text = (configuration.MODELS / "card_template.md").read_text(encoding="utf-8").format(
        version=spec["version"],
        bytes=f"{len(onnx):,}",
        sha256=hashlib.sha256(onnx).hexdigest(),
        head=" and ".join(map(str, config["model"]["head"])),
        preprocessing=spec["id"],
        labels=", ".join(labels),
        temperature=spec["temperature"],
        shift=operation["shift"],
        threshold=spec["confidence_threshold"],
        films=f"{len(films):,}",
        data_table=data_table(films),
        metrics_table=rows(
            [f"measure ({summary['films']} films)", "value", "95 % interval"],
            [
                [key, f"{value:.3f}", f"{intervals[key][0]:.3f} to {intervals[key][1]:.3f}"]
                for key, value in summary["metrics"].items()
            ],
        ),
        confusion_table=rows(
            ["true, down; called, across", *labels],
            [[label, *line] for label, line in zip(labels, summary["confusion"])],
        ),
        uncertain_text=(
            f"Of these films {summary['uncertain']:.1%} are uncertain; the others are right in "
            f"{summary['accuracy of the certain']:.1%}. Of the wrong answers "
            f"{errors:.0%} are marked uncertain."
        ),
        source_table=rows(
            ["class / source", "films", *(f"called {label}" for label in labels), "uncertain"],
            [[key, *line.values()] for key, line in summary["by source"].items()],
        ),
        folds_table=folds_table(config, folds[config["training"]["recipe"]], operation),
        recipes_table=recipes_table(config, folds),
        **{key: value.strip() for key, value in notes["text"].items()},
    )
    (configuration.SHIPPED / "MODEL_CARD.md").write_text(text, encoding="utf-8")
    print(configuration.SHIPPED / "MODEL_CARD.md")


if __name__ == "__main__":
    main()
