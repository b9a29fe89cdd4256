"""``python -m medchain_models.probes``: how far one gets without a lung.

Three classifiers that cannot see disease tell covid from normal films:

- the *size* of the image file, by a table of how often each size was covid,
- a *thumbnail* of 16 × 16 greys, by logistic regression, once of the whole
  square, once of what the mask leaves, once of what the mask hides.

Each is fitted on the training split and scored on the test split, and once
more on the left-out sources. What they reach inside the archives is what a
network may owe to the archives.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np

from . import config as configuration
from . import data, folds, metrics, preprocess

SIDE = 16


def sizes(films: list[data.Film]) -> list[tuple[int, int]]:
    """Height and width of every film, upright."""
    return [preprocess.read(film.path).shape for film in films]


def size_scores(known: list, is_covid: np.ndarray, asked: list) -> np.ndarray:
    """The share of covid among films of the same size, one film of each class added."""
    count = Counter(known)
    covid = Counter(size for size, yes in zip(known, is_covid) if yes)
    return np.array([(covid[size] + 1) / (count[size] + 2) for size in asked])


def thumbnails(films: list[data.Film], steps: dict) -> dict[str, np.ndarray]:
    """By kind: (films, 256) in 0 to 1."""
    hidden = preprocess.mask(steps["size"], steps["mask_border"], steps["mask_corner"])
    found: dict[str, list[np.ndarray]] = {"whole": [], "behind the mask": [], "what the mask hides": []}
    for film in films:
        grey = preprocess.read(film.path)
        square = preprocess.resample(preprocess.centre_square(grey), steps["size"])
        for kind, pixels in zip(found, (square, np.where(hidden, 0, square), np.where(hidden, square, 0))):
            small = preprocess.resample(pixels.astype(np.uint8), SIDE)
            found[kind].append(small.reshape(-1) / 255.0)
    return {kind: np.array(values) for kind, values in found.items()}


def logistic(values: np.ndarray, is_covid: np.ndarray, penalty: float = 10.0) -> np.ndarray:
    """Weights and intercept of a ridge logistic regression, by Newton's method.

    ``values`` is (films, inputs); the result is (inputs + 1,).
    """
    inputs = np.column_stack([values, np.ones(len(values))])
    weights = np.zeros(inputs.shape[1])
    ridge = np.full(len(weights), penalty / len(values))
    ridge[-1] = 0.0
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        gradient = inputs.T @ (p - is_covid) / len(values) + ridge * weights
        bend = (inputs * (p * (1 - p))[:, None]).T @ inputs / len(values)
        step = np.linalg.solve(bend + np.diag(ridge + 1e-9), gradient)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def probe(config: dict) -> dict[str, dict]:
    """AUC of covid against normal by probe: inside, and on every fold."""
    films = [f for f in data.films(config) if f.label in ("covid", "normal")]
    is_covid = np.array([f.label == "covid" for f in films])
    size = sizes(films)
    small = thumbnails(films, config["preprocessing"])
    parts = [("inside", lambda f: f.split == "train", lambda f: f.split == "test")]
    for out in folds.folds(config, data.films(config)):
        trained = {f.group for f in films if f.split == "train" and f.source not in out}
        parts.append(
            (
                ", ".join(sorted(out)),
                lambda f, out=out: f.split == "train" and f.source not in out,
                lambda f, out=out, trained=trained: f.split != "test"
                and f.source in out
                and f.group not in trained,
            )
        )
    found: dict[str, dict] = {}
    for name, learn, ask in parts:
        known = np.flatnonzero([learn(f) for f in films])
        asked = np.flatnonzero([ask(f) for f in films])
        if len(set(is_covid[known])) < 2 or len(set(is_covid[asked])) < 2:
            continue
        scores = {
            "image size alone": size_scores(
                [size[i] for i in known], is_covid[known], [size[i] for i in asked]
            )
        }
        for kind, values in small.items():
            weights = logistic(values[known], is_covid[known])
            scores[f"thumbnail, {kind}"] = values[asked] @ weights[:-1]
        for kind, values in scores.items():
            area = metrics.auc(values[is_covid[asked]], values[~is_covid[asked]])
            found.setdefault(kind, {})[name] = round(area, 4)
    return found


def main() -> None:
    """Writes ``probes.json`` into the work folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    config = configuration.load(parser.parse_args().config)
    found = probe(config)
    (config["data"]["work"] / "probes.json").write_text(json.dumps(found, indent=1))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
