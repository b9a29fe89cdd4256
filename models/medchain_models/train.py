"""``python -m medchain_models.train``: features, head, block 5.

Every seed's run is kept, so an interrupted training goes on with the next
seed. What comes out is ``run/top.pt`` and ``run/curves.txt`` in the work folder.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from . import config as configuration
from . import data, features, fit, metrics


def cached(config: dict, copies: int) -> tuple[fit.Features, fit.Features]:
    """Features of the training films (all copies) and of validation (plain)."""
    films = data.films(config)
    train = [f for f in films if f.split == "train"]
    val = [f for f in films if f.split == "val"]
    plain = features.compute(train + val, 0, config)
    stores = [plain[: len(train)]]
    stores += [features.compute(train, copy, config) for copy in range(1, copies + 1)]
    return fit.Features(train, stores), fit.Features(val, [plain[len(train) :]])


def starting_point(config, train: fit.Features, rows, recipe: fit.Recipe, seed: int, log):
    """A network whose head is fitted on the frozen block 5."""
    top = fit.new_top(config, recipe, seed)
    sampler = fit.Sampler(train, rows, fit.classes(config, recipe), recipe.augmented, seed)
    flat = fit.pooled(config, train, len(train.copies) if recipe.augmented else 1)
    fit.fit_head(top, flat, sampler, config, log)
    return top


def train_rows(config: dict, train: fit.Features, recipe: fit.Recipe, keep=lambda film: True):
    """The films that a recipe learns from."""
    names = fit.classes(config, recipe)
    return train.rows(lambda film: film.label in names and keep(film))


def validate(config: dict, top, val: fit.Features) -> tuple[dict, dict]:
    """Logits of the validation films of the exported classes, and their numbers."""
    labels = config["model"]["labels"]
    rows = val.rows(lambda film: film.label in labels)
    truth = np.array([labels.index(val.films[r].label) for r in rows])
    logits = fit.logits(top, val.copies[0], rows)[:, : len(labels)]
    stored = {"truth": truth.tolist(), "logits": logits.tolist()}
    return stored, metrics.table(truth, metrics.softmax(logits), labels)


def run(config: dict, recipe: fit.Recipe) -> None:
    """Fits the head; with block 5, fine-tunes every seed from there and averages.

    Weights can be averaged because every seed starts from the same head.
    """
    training = config["training"]
    folder = config["data"]["work"] / "run"
    folder.mkdir(exist_ok=True)
    torch.use_deterministic_algorithms(True, warn_only=True)
    train, val = cached(config, training["augmented_copies"] if recipe.augmented else 0)
    rows = train_rows(config, train, recipe)
    curves: list[str] = []

    def log(line: str) -> None:
        curves.append(line)
        print(line, flush=True)

    start = folder / "start.pt"
    if not start.exists():
        top = starting_point(config, train, rows, recipe, training["seeds"][0], log)
        torch.save(top.state_dict(), start)
    top = fit.new_top(config, recipe, training["seeds"][0])
    states = [] if recipe.block5 else [torch.load(start, weights_only=True)]
    for seed in training["seeds"] if recipe.block5 else []:
        path = folder / f"seed{seed}.pt"
        top = fit.new_top(config, recipe, seed)
        if not path.exists():
            top.load_state_dict(torch.load(start, weights_only=True))
            names = fit.classes(config, recipe)
            sampler = fit.Sampler(train, rows, names, recipe.augmented, seed)
            fit.fit_block5(top, sampler, config, lambda line: log(f"seed {seed} {line}"))
            torch.save(top.state_dict(), path)
        top.load_state_dict(torch.load(path, weights_only=True))
        log(f"seed {seed} {json.dumps(validate(config, top, val)[1])}")
        states.append(top.state_dict())
    top.load_state_dict(fit.soup(states))
    stored, numbers = validate(config, top, val)
    log(f"averaged {json.dumps(numbers)}")
    torch.save(top.state_dict(), folder / "top.pt")
    (folder / "validation-logits.json").write_text(json.dumps(stored))
    (folder / "curves.txt").write_text("\n".join(curves) + "\n")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = configuration.load(arguments.config)
    run(config, fit.RECIPES[config["training"]["recipe"]])


if __name__ == "__main__":
    main()
