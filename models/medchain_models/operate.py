"""``python -m medchain_models.operate``: where the model decides and abstains.

Three numbers are chosen, none of them on the test split:

- the *shift* of the covid logit, on left-out sources: a network that has never
  seen a hospital leans towards covid there, and the shift takes that back,
- the *temperature*, on the validation split, with the shift in place,
- the *threshold* of certainty, on left-out sources again.

The shift and the temperature are folded into the last layer at export.
"""

from __future__ import annotations

import json

import numpy as np

from . import card, metrics
from . import config as configuration


def shifted(logits: np.ndarray, labels: list[str], shift: float) -> np.ndarray:
    """The logits with the covid logit moved by ``shift``."""
    moved = logits.copy()
    moved[:, labels.index("covid")] += shift
    return moved


def recalls(truth: np.ndarray, guess: np.ndarray, labels: list[str]) -> dict[str, float]:
    """Recall of every label that occurs."""
    return {
        label: float((guess[truth == i] == i).mean())
        for i, label in enumerate(labels)
        if (truth == i).any()
    }


def _fold_arrays(folds: list[dict], labels: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    found = []
    for fold in folds:
        keep = [i for i, label in enumerate(fold["labels"]) if label in labels]
        truth = np.array([labels.index(fold["labels"][i]) for i in keep])
        found.append((truth, np.array(fold["logits"])[keep]))
    return found


def choose_shift(folds, val, labels: list[str], least_recall: float) -> float:
    """The shift with the best mean of covid and normal recall over the folds.

    Validation recall of covid and normal must stay at ``least_recall``.
    """
    best, best_score = 0.0, -1.0
    for shift in np.arange(0.0, -4.01, -0.1):
        inside = recalls(val[0], shifted(val[1], labels, shift).argmax(1), labels)
        if min(inside["covid"], inside["normal"]) < least_recall:
            continue
        each = [
            recalls(truth, shifted(logits, labels, shift).argmax(1), labels)
            for truth, logits in folds
        ]
        score = np.mean([(r["covid"] + r["normal"]) / 2 for r in each])
        if score > best_score + 1e-9:
            best, best_score = float(round(shift, 2)), score
    return best


def at_threshold(folds, val, labels, shift, temperature, threshold) -> dict[str, float]:
    """What a threshold does, on left-out sources (mean over folds) and inside."""
    covid, normal = labels.index("covid"), labels.index("normal")
    rows = []
    for truth, logits in folds:
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
    names = ["normal called covid, certain", "normal uncertain", "covid called normal, certain", "covid uncertain"]
    found = dict(zip(names, np.mean(rows, 0).tolist()))
    found["validation uncertain"] = float((p.max(1) < threshold).mean())
    return found


def main() -> None:
    """Writes ``run/operation.json``."""
    config = configuration.load()
    labels, rule = config["model"]["labels"], config["operation"]
    run = config["data"]["work"] / "run"
    stored = json.loads((run / "validation-logits.json").read_text())
    val = (np.array(stored["truth"]), np.array(stored["logits"]))
    folds = _fold_arrays(card.load_folds(config)[config["training"]["recipe"]], labels)
    shift = choose_shift(folds, val, labels, rule["least_validation_recall"])
    temperature = metrics.fit_temperature(shifted(val[1], labels, shift), val[0])
    chosen = None
    for threshold in np.round(np.arange(0.50, 0.991, 0.01), 2):
        found = at_threshold(folds, val, labels, shift, temperature, threshold)
        if found["validation uncertain"] > rule["most_validation_uncertain"]:
            break
        chosen = {"confidence_threshold": float(threshold), **found}
        if found["normal called covid, certain"] <= rule["most_certain_false_covid"]:
            break
    p = metrics.softmax(shifted(val[1], labels, shift) / temperature)
    result = {
        "shift": shift,
        "temperature": temperature,
        **chosen,
        "left-out recalls": [
            recalls(truth, shifted(logits, labels, shift).argmax(1), labels) for truth, logits in folds
        ],
        "validation": metrics.table(val[0], p, labels),
    }
    (run / "operation.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
