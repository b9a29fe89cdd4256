"""Numbers about predictions, each with an interval where it is published."""

from __future__ import annotations

import numpy as np


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """The chance that a positive scores above a negative (ties count half)."""
    if not len(positive) or not len(negative):
        return float("nan")
    scores = np.concatenate([positive, negative])
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ordered = scores[order]
    # Ties share the mean of their ranks.
    _, start, count = np.unique(ordered, return_index=True, return_counts=True)
    ranks[order] = np.repeat(start + (count + 1) / 2, count)
    wins = ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2
    return float(wins / (len(positive) * len(negative)))


def confusion(truth: np.ndarray, guess: np.ndarray, classes: int) -> np.ndarray:
    """Rows are true classes, columns are predicted ones."""
    table = np.zeros((classes, classes), int)
    np.add.at(table, (truth, guess), 1)
    return table


def ece(truth: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error of the top class in equal-width bins."""
    top = probabilities.max(1)
    right = probabilities.argmax(1) == truth
    place = np.minimum((top * bins).astype(int), bins - 1)
    error = 0.0
    for number in range(bins):
        inside = place == number
        if inside.any():
            error += inside.mean() * abs(top[inside].mean() - right[inside].mean())
    return float(error)


def reliability(truth: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> list[list[float]]:
    """By bin of the top probability: its mean, the share that is right, films."""
    top = probabilities.max(1)
    right = probabilities.argmax(1) == truth
    place = np.minimum((top * bins).astype(int), bins - 1)
    return [
        [float(top[place == b].mean()), float(right[place == b].mean()), int((place == b).sum())]
        for b in range(bins)
        if (place == b).any()
    ]


def roc(positive: np.ndarray, negative: np.ndarray, points: int = 60) -> list[list[float]]:
    """False and true positive rate at falling thresholds, thinned out to ``points``."""
    if not len(positive) or not len(negative):
        return []
    cuts = np.unique(np.concatenate([positive, negative]))[::-1]
    if len(cuts) > points:
        cuts = cuts[np.unique(np.linspace(0, len(cuts) - 1, points).astype(int))]
    curve = [[0.0, 0.0]]
    curve += [[round(float((s >= cut).mean()), 4) for s in (negative, positive)] for cut in cuts]
    return curve


def table(truth: np.ndarray, probabilities: np.ndarray, labels: list[str]) -> dict[str, float]:
    """Every published number of one set of predictions."""
    counts = confusion(truth, probabilities.argmax(1), len(labels))
    hits = np.diag(counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = hits / counts.sum(0)
        recall = hits / counts.sum(1)
        f1 = 2 * hits / (counts.sum(0) + counts.sum(1))
    found = {"accuracy": hits.sum() / counts.sum(), "macro F1": float(np.nanmean(f1))}
    areas = []
    for i, label in enumerate(labels):
        found[f"precision {label}"] = precision[i]
        found[f"recall {label}"] = recall[i]
        found[f"F1 {label}"] = f1[i]
        areas.append(auc(probabilities[truth == i, i], probabilities[truth != i, i]))
    found["macro AUC (one against the rest)"] = float(np.nanmean(areas))
    if "covid" in labels and "normal" in labels:
        covid, normal = labels.index("covid"), labels.index("normal")
        score = np.log(probabilities[:, covid] + 1e-9) - np.log(probabilities[:, normal] + 1e-9)
        found["AUC covid against normal"] = auc(score[truth == covid], score[truth == normal])
    found["expected calibration error"] = ece(truth, probabilities)
    return {key: float(value) for key, value in found.items()}


def intervals(
    truth: np.ndarray,
    probabilities: np.ndarray,
    labels: list[str],
    groups: list[str],
    rounds: int = 1000,
    seed: int = 1,
) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals; whole patients are drawn, not films."""
    rng = np.random.default_rng(seed)
    _, group = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(group == g) for g in range(group.max() + 1)]
    draws: dict[str, list[float]] = {}
    for _ in range(rounds):
        chosen = rng.integers(0, len(members), len(members))
        rows = np.concatenate([members[c] for c in chosen])
        for key, value in table(truth[rows], probabilities[rows], labels).items():
            draws.setdefault(key, []).append(value)
    found = {}
    for key, values in draws.items():
        # A class that was never called has no precision in that draw.
        known = [v for v in values if not np.isnan(v)] or [float("nan")]
        low, high = np.percentile(known, [2.5, 97.5])
        found[key] = (float(low), float(high))
    return found


def softmax(logits: np.ndarray) -> np.ndarray:
    """Row-wise softmax in double precision."""
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    powers = np.exp(shifted)
    return powers / powers.sum(1, keepdims=True)


def mean_probabilities(networks: list[np.ndarray], temperature: float) -> np.ndarray:
    """What several networks say together: the mean of their probabilities at a temperature."""
    return np.mean([softmax(logits / temperature) for logits in networks], 0)


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The temperature with the smallest log loss, to 1 %."""
    grid = np.exp(np.arange(np.log(0.25), np.log(10), 0.01))
    rows = np.arange(len(truth))
    losses = [-np.log(softmax(logits / t)[rows, truth] + 1e-12).mean() for t in grid]
    return float(round(grid[int(np.argmin(losses))], 3))
