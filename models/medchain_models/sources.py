"""``python -m medchain_models.sources``: does it survive a change of hospital?

Each fold leaves out one source of covid films, one of normal films and one or
two of other images; what is left out is never trained on. The score that
counts is the AUC of left-out covid films against left-out normal films. Every
recipe meets the same folds. The test split and every sealed set stay unused.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from . import config as configuration
from . import data, fit, metrics, train

def folds(config: dict) -> list[set[str]]:
    """The left-out sources, from the configuration."""
    return [set(fold) for fold in config["sources"]["folds"]]


def one_fold(config: dict, films: fit.Features, left_out: set[str], recipe: fit.Recipe, seed: int) -> dict:
    """Trains without ``left_out`` and scores on it: ids, truths and logits."""
    labels = config["model"]["labels"]
    rows = train.train_rows(config, films, recipe, lambda film: film.source not in left_out)

    def quiet(line: str) -> None:
        """Folds are many; only their results are printed."""

    top = train.starting_point(config, films, rows, recipe, seed, quiet)
    if recipe.block5:
        names = fit.classes(config, recipe)
        sampler = fit.Sampler(films, rows, names, recipe.augmented, seed)
        fit.fit_block5(top, sampler, config, quiet)
    out = films.rows(lambda film: film.source in left_out)
    logits = fit.logits(top, films.copies[0], out)[:, : len(labels)]
    return {
        "left out": sorted(left_out),
        "ids": [films.films[r].id for r in out],
        "labels": [films.films[r].label for r in out],
        "sources": [films.films[r].source for r in out],
        "logits": logits.tolist(),
    }


def unseen(config: dict, folds: list[dict]) -> list[dict]:
    """The folds without films whose copy or patient was in the training part.

    Two collections of covid films took some films from the same publications.
    """
    films = {film.id: film for film in data.films(config)}
    found = []
    for fold in folds:
        left_out = set(fold["left out"])
        trained = {
            film.group
            for film in films.values()
            if film.split == "train" and film.source not in left_out
        }
        keep = [i for i, name in enumerate(fold["ids"]) if films[name].group not in trained]
        columns = ("ids", "labels", "sources", "logits")
        found.append(fold | {column: [fold[column][i] for i in keep] for column in columns})
    return found


def score(config: dict, fold: dict) -> dict:
    """The numbers of one fold."""
    labels = config["model"]["labels"]
    truth, logits = np.array(fold["labels"]), np.array(fold["logits"])
    guess = np.array(labels)[logits.argmax(1)]
    contrast = logits[:, labels.index("covid")] - logits[:, labels.index("normal")]
    found = {
        "left out": fold["left out"],
        "AUC": metrics.auc(contrast[truth == "covid"], contrast[truth == "normal"]),
    }
    for label in labels:
        inside = truth == label
        found[f"films {label}"] = int(inside.sum())
        found[f"recall {label}"] = float((guess[inside] == label).mean()) if inside.any() else None
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--recipe", action="append", choices=list(fit.RECIPES))
    parser.add_argument("--seed", type=int, action="append")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = configuration.load(arguments.config)
    names = arguments.recipe or list(fit.RECIPES)
    augmented = any(fit.RECIPES[name].augmented for name in names)
    films, _ = train.cached(config, config["training"]["augmented_copies"] if augmented else 0)
    folder = config["data"]["work"] / "sources"
    folder.mkdir(exist_ok=True)
    for name in names:
        for seed in arguments.seed or [config["training"]["seeds"][0]]:
            for number, left_out in enumerate(folds(config)):
                path = folder / f"{name.replace(', ', '-').replace(' ', '_')}-{seed}-{number}.json"
                if not path.exists():
                    fold = one_fold(config, films, left_out, fit.RECIPES[name], seed)
                    path.write_text(json.dumps(fold))
                fold = unseen(config, [json.loads(path.read_text())])[0]
                print(f"{name}  seed {seed}  {json.dumps(score(config, fold))}", flush=True)


if __name__ == "__main__":
    main()
