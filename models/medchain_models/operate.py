"""``python -m medchain_models.operate``: where the model decides and abstains.

Three numbers are chosen, none of them on the test split:

- the *shift* of the covid logit, on left-out sources: a network that has never
  seen a hospital leans towards covid there, and the shift takes that back,
- the *temperature*, on the validation split, with the shift in place,
- the *threshold* of certainty, on left-out sources again.

The shift and the temperature are folded into the last layer at export.
Needs no torch: it reads what ``train`` and ``sources`` left in the work folder.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from . import config as configuration
from . import folds, metrics


def shifted(logits: np.ndarray, labels: list[str], shift: float) -> np.ndarray:
    """The logits with the covid logit moved by ``shift``."""
    moved = logits.copy()
    if "covid" in labels:
        moved[:, labels.index("covid")] += shift
    return moved


def recalls(truth: np.ndarray, guess: np.ndarray, labels: list[str]) -> dict[str, float]:
    """Recall of every label that occurs."""
    return {
        label: float((guess[truth == i] == i).mean())
        for i, label in enumerate(labels)
        if (truth == i).any()
    }


def standard_error(share: float, count: int) -> float:
    """Of a share that was seen among ``count`` films."""
    return float(np.sqrt(share * (1 - share) / count))


def fold_arrays(found: list[dict], labels: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Truths (films,) and logits (films, classes) of every fold, without other classes."""
    arrays = []
    for fold in found:
        keep = [i for i, label in enumerate(fold["labels"]) if label in labels]
        truth = np.array([labels.index(fold["labels"][i]) for i in keep])
        arrays.append((truth, np.array(fold["logits"])[keep]))
    return arrays


def choose_shift(found, val, labels: list[str], least_recall: float) -> float:
    """The shift with the best mean of covid and normal recall over the folds.

    Validation recall of covid and of normal must stay one standard error above
    ``least_recall``: the validation split is small.
    """
    best, best_score = 0.0, -1.0
    for shift in np.arange(0.0, -4.01, -0.1):
        inside = recalls(val[0], shifted(val[1], labels, shift).argmax(1), labels)
        if not all(
            inside[label] - standard_error(inside[label], (val[0] == labels.index(label)).sum())
            >= least_recall
            for label in ("covid", "normal")
            if label in inside
        ):
            continue
        each = [
            recalls(truth, shifted(logits, labels, shift).argmax(1), labels)
            for truth, logits in found
        ]
        score = np.mean([(r.get("covid", 0.0) + r.get("normal", 0.0)) / 2 for r in each])
        if score > best_score + 1e-9:
            best, best_score = float(round(shift, 2)), score
    return best


def at_threshold(found, val, labels, shift, temperature, threshold) -> dict[str, float]:
    """What a threshold does, on left-out sources (mean over folds) and inside."""
    covid, normal = labels.index("covid"), labels.index("normal")
    rows = []
    for truth, logits in found:
        p = metrics.softmax(shifted(logits, labels, shift) / temperature)
        certain, guess = p.max(1) >= threshold, p.argmax(1)
        rows.append(
            [
                (certain & (guess == covid))[truth == normal].mean(),
                (~certain)[truth == normal].mean(),
                (certain & (guess == normal))[truth == covid].mean(),
                (~certain)[truth == covid].mean(),
            ]
        )
    p = metrics.softmax(shifted(val[1], labels, shift) / temperature)
    names = [
        "normal called covid, certain",
        "normal uncertain",
        "covid called normal, certain",
        "covid uncertain",
    ]
    result = dict(zip(names, np.mean(rows, 0).tolist()))
    result["validation uncertain"] = float((p.max(1) < threshold).mean())
    return result


def choose(found, val, labels: list[str], rule: dict) -> dict:
    """Shift, temperature and threshold by the rule of the configuration.

    ``found`` and ``val`` are pairs of truths and logits. The threshold rises
    until few enough films of left-out sources are wrong with certainty, covid
    and normal ones alike, or until too many validation films are uncertain.
    """
    shift = choose_shift(found, val, labels, rule["least_validation_recall"])
    temperature = metrics.fit_temperature(shifted(val[1], labels, shift), val[0])
    chosen = None
    grid = [*np.arange(0.50, 0.985, 0.01), *np.arange(0.985, 0.9995, 0.001)]
    for threshold in np.round(grid, 3):
        at = at_threshold(found, val, labels, shift, temperature, threshold)
        if chosen and at["validation uncertain"] > rule["most_validation_uncertain"]:
            break
        chosen = {"confidence_threshold": float(threshold), **at}
        wrong = (at["normal called covid, certain"], at["covid called normal, certain"])
        if max(wrong) <= rule["most_certain_wrong"]:
            break
    return {"shift": shift, "temperature": temperature, **chosen}


def without_folds(val, labels: list[str], rule: dict) -> dict:
    """Where no source could be left out: no shift, and the threshold by the share alone."""
    temperature = metrics.fit_temperature(val[1], val[0])
    top = metrics.softmax(val[1] / temperature).max(1)
    threshold = float(np.clip(np.quantile(top, rule["most_validation_uncertain"]), 0.5, 0.999))
    return {"shift": 0.0, "temperature": temperature, "confidence_threshold": round(threshold, 3)}


def main() -> None:
    """Writes ``run/operation.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    config = configuration.load(parser.parse_args().config)
    print(json.dumps(run(config), indent=1))


def run(config: dict) -> dict:
    """Chooses from what is in the work folder."""
    labels, rule = config["model"]["labels"], config["operation"]
    folder = config["data"]["work"] / "run"
    stored = json.loads((folder / "validation-logits.json").read_text())
    val = (np.array(stored["truth"]), np.array(stored["logits"]))
    # Of the first seed alone: other seeds of the recipe are there only to be compared.
    seeds = folds.stored(config).get(config["training"]["recipe"], {})
    found = fold_arrays(seeds.get(config["training"]["seeds"][0], []), labels)
    found = [(t, z) for t, z in found if {"covid", "normal"} <= {labels[i] for i in set(t.tolist())}]
    result = choose(found, val, labels, rule) if found else without_folds(val, labels, rule)
    p = metrics.softmax(shifted(val[1], labels, result["shift"]) / result["temperature"])
    result["validation"] = metrics.table(val[0], p, labels)
    (folder / "operation.json").write_text(json.dumps(result, indent=1))
    return result


if __name__ == "__main__":
    main()
