"""``python -m medchain_models.sources``: does it survive a change of hospital?

Every recipe meets the same folds of left-out sources (``folds.py``). What is
left out is never trained on, and no test film takes part. Finished folds are
kept, so an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from . import config as configuration
from . import data, fit, folds, train
from .recipes import RECIPES, Recipe, slug


def one_fold(
    config: dict, films: fit.Features, rest: fit.Features, left_out: set[str], recipe: Recipe, seed: int
) -> dict:
    """Trains without ``left_out`` and scores it: ids, truths and logits.

    Left-out films of the training and of the validation split are scored.
    """
    labels = config["model"]["labels"]
    rows = train.rows(config, films, recipe, lambda film: film.source not in left_out)
    seeds = list(range(seed, seed + recipe.seeds))
    top = train.network(config, films, rows, recipe, seeds, lambda line: None)
    found = {"left out": sorted(left_out), "ids": [], "labels": [], "sources": [], "logits": []}
    for features in (films, rest):
        out = features.rows(lambda film: film.source in left_out)
        scores = fit.logits(top, features.copies[0], out)[:, : len(labels)]
        found["ids"] += [features.films[r].id for r in out]
        found["labels"] += [features.films[r].label for r in out]
        found["sources"] += [features.films[r].source for r in out]
        found["logits"] += scores.tolist()
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--recipe", action="append", choices=list(RECIPES))
    parser.add_argument("--seed", type=int, action="append")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = configuration.load(arguments.config)
    run(config, arguments.recipe or list(RECIPES), arguments.seed)


def run(config: dict, names: list[str], seeds: list[int] | None = None) -> None:
    """Runs what is not stored yet and prints every score."""
    augmented = any(RECIPES[name].augmented for name in names)
    films, rest = train.cached(config, config["training"]["augmented_copies"] if augmented else 0)
    folder = config["data"]["work"] / "sources"
    folder.mkdir(exist_ok=True)
    for name in names:
        for seed in seeds or [config["training"]["seeds"][0]]:
            for number, left_out in enumerate(folds.folds(config, data.films(config))):
                path = folder / f"{slug(name)}-{seed}-{number}.json"
                if not path.exists():
                    fold = one_fold(config, films, rest, left_out, RECIPES[name], seed)
                    path.write_text(json.dumps({"recipe": name, "seed": seed, **fold}))
                fold = folds.unseen(config, [json.loads(path.read_text())])[0]
                print(f"{name}  seed {seed}  {json.dumps(folds.score(config, fold))}", flush=True)


if __name__ == "__main__":
    main()
