"""Which sources are left out together, and what the left-out films say.

The score that counts is the AUC of covid films against normal films whose
sources were both never trained on. No test film takes part.
"""

from __future__ import annotations

import json

import numpy as np

from . import data, metrics
from .recipes import RECIPES, slug


def folds(config: dict, films: list[data.Film]) -> list[set[str]]:
    """The left-out sources of every fold.

    From ``sources.folds`` where all of them occur in the manifest. Otherwise
    every class's sources go round: fold ``i`` leaves out the ``i``-th source
    of each class that has at least two, so that every source is left out once.
    """
    known = {film.source for film in films}
    named = [set(fold) for fold in config.get("sources", {}).get("folds", [])]
    if named and set().union(*named) <= known:
        return named
    by_class = {
        label: sorted({film.source for film in films if film.label == label})
        for label in config["model"]["labels"]
    }
    by_class = {label: sources for label, sources in by_class.items() if len(sources) > 1}
    rounds = max((len(sources) for sources in by_class.values()), default=0)
    found = [{sources[i % len(sources)] for sources in by_class.values()} for i in range(rounds)]
    return [fold for fold in found if _leaves_every_class(config, films, fold)]


def _leaves_every_class(config: dict, films: list[data.Film], fold: set[str]) -> bool:
    left = {film.label for film in films if film.split == "train" and film.source not in fold}
    return set(config["model"]["labels"]) <= left


def unseen(config: dict, found: list[dict]) -> list[dict]:
    """The folds without films whose copy or patient was in the training part.

    Two collections of covid films took some films from the same publications.
    """
    films = {film.id: film for film in data.films(config)}
    clean = []
    for fold in found:
        left_out = set(fold["left out"])
        trained = {
            film.group
            for film in films.values()
            if film.split == "train" and film.source not in left_out
        }
        keep = [i for i, name in enumerate(fold["ids"]) if films[name].group not in trained]
        columns = ("ids", "labels", "sources", "logits")
        clean.append(fold | {column: [fold[column][i] for i in keep] for column in columns})
    return clean


def contrast(logits: np.ndarray, labels: list[str]) -> np.ndarray:
    """The score that orders films from normal to covid."""
    return logits[:, labels.index("covid")] - logits[:, labels.index("normal")]


def score(config: dict, fold: dict) -> dict:
    """The numbers of one fold: AUC, films and recall by class."""
    labels = config["model"]["labels"]
    truth, logits = np.array(fold["labels"]), np.array(fold["logits"])
    guess = np.array(labels)[logits.argmax(1)]
    found = {"left out": fold["left out"]}
    if {"covid", "normal"} <= set(labels):
        scores = contrast(logits, labels)
        found["AUC"] = metrics.auc(scores[truth == "covid"], scores[truth == "normal"])
    for label in labels:
        inside = truth == label
        found[f"films {label}"] = int(inside.sum())
        found[f"recall {label}"] = float((guess[inside] == label).mean()) if inside.any() else None
    return found


def stored(config: dict) -> dict[str, dict[int, list[dict]]]:
    """Every stored fold, by recipe and seed."""
    folder = config["data"]["work"] / "sources"
    found: dict[str, dict[int, list[dict]]] = {}
    for name in RECIPES:
        for path in sorted(folder.glob(f"{slug(name)}-[0-9]*-[0-9]*.json")):
            fold = json.loads(path.read_text())
            if fold["recipe"] == name:
                found.setdefault(name, {}).setdefault(fold["seed"], []).append(fold)
    return {
        name: {seed: unseen(config, rows) for seed, rows in seeds.items()}
        for name, seeds in found.items()
    }
