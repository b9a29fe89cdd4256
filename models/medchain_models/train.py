"""``python -m medchain_models.train``: features, head, block 5.

Every finished step is kept, so an interrupted training goes on with the next
seed. What comes out is ``run/top.pt`` and ``run/curves.json`` in the work folder.
"""

from __future__ import annotations

import argparse
import json
from functools import cache
from pathlib import Path

import numpy as np
import torch

from . import config as configuration
from . import data, features, fit, metrics
from .recipes import RECIPES, Recipe, targets


def cached(config: dict, copies: int) -> tuple[fit.Features, fit.Features]:
    """Features of the training films (all copies) and of validation (plain)."""
    films = data.films(config)
    train = [f for f in films if f.split == "train"]
    val = [f for f in films if f.split == "val"]
    plain = features.compute(train + val, 0, config)
    stores = [plain[: len(train)]]
    stores += [features.compute(train, copy, config) for copy in range(1, copies + 1)]
    return fit.Features(train, stores), fit.Features(val, [plain[len(train) :]])


def rows(config: dict, films: fit.Features, recipe: Recipe, keep=lambda film: True) -> np.ndarray:
    """The rows of the films that a recipe learns from."""
    return films.rows(lambda film: targets(config, recipe, film.label) is not None and keep(film))


def start(config: dict, films: fit.Features, chosen, recipe: Recipe, seed: int, log):
    """A network whose head is fitted on the frozen block 5."""
    top = fit.new_top(config, recipe, seed)
    sampler = fit.Sampler(config, films, chosen, recipe, seed)
    flat = fit.pooled(config, films, len(films.copies) if recipe.augmented else 1)
    fit.fit_head(top, flat, sampler, config, log)
    return top


def tune(config: dict, films: fit.Features, chosen, recipe: Recipe, seed: int, begin: dict, log, taught=None):
    """Block 5 and the head, from the weights ``begin``; ``taught`` is what teachers say."""
    top = fit.new_top(config, recipe, seed)
    top.load_state_dict(begin)
    sampler = fit.Sampler(config, films, chosen, recipe, seed, taught)
    fit.fit_block5(top, sampler, config, log)
    return top


def network(
    config: dict, films: fit.Features, chosen, recipe: Recipe, seeds: list[int], log, keep: Path | None = None
):
    """The whole recipe: a head, block 5 from there with every seed, their mean.

    Weights can be averaged because every seed starts from the same head, that
    of the first. Finished parts are kept in the folder ``keep``.
    """
    seed = seeds[0]

    def once(name: str, make) -> dict:
        path = keep / f"{name}.pt" if keep else None
        if path is None or not path.exists():
            state = make().state_dict()
            if path is None:
                return state
            torch.save(state, path)
        return torch.load(path, weights_only=True)

    def made(state: dict):
        top = fit.new_top(config, recipe, seed)
        top.load_state_dict(state)
        return top.eval()

    def tuned(role: str, numbers: list[int], taught=lambda: None) -> list[dict]:
        def one(number: int):
            def tell(row: dict) -> None:
                log({"seed": number if role == "seed" else f"{number}, {role}", **row})

            return tune(config, films, chosen, recipe, number, begin, tell, taught())

        return [once(f"{role}{number}", lambda number=number: one(number)) for number in numbers]

    begin = once("start", lambda: start(config, films, chosen, recipe, seed, log))
    if not recipe.block5:
        return made(begin)
    if not recipe.teachers:
        return made(fit.soup(tuned("seed", seeds)))

    @cache
    def taught() -> np.ndarray:
        teachers = tuned("teacher", list(range(seed, seed + recipe.teachers)))
        return fit.teach([made(state) for state in teachers], films, chosen, recipe)

    return made(fit.soup(tuned("seed", seeds, taught)))


def validate(config: dict, top, val: fit.Features) -> tuple[dict, dict]:
    """Logits of the validation films of the exported classes, and their numbers."""
    labels = config["model"]["labels"]
    chosen = val.rows(lambda film: film.label in labels)
    truth = np.array([labels.index(val.films[r].label) for r in chosen])
    logits = fit.logits(top, val.copies[0], chosen)[:, : len(labels)]
    stored = {"truth": truth.tolist(), "logits": logits.tolist()}
    return stored, metrics.table(truth, metrics.softmax(logits), labels)


def run(config: dict, recipe: Recipe) -> None:
    """Trains the recipe on all training films and writes the run's folder."""
    folder = config["data"]["work"] / "run"
    folder.mkdir(exist_ok=True)
    torch.use_deterministic_algorithms(True, warn_only=True)
    films, val = cached(config, config["training"]["augmented_copies"] if recipe.augmented else 0)
    path = folder / "curves.jsonl"

    def log(row: dict) -> None:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)

    chosen = rows(config, films, recipe)
    top = network(config, films, chosen, recipe, config["training"]["seeds"], log, folder)
    stored, numbers = validate(config, top, val)
    print(f"validation {json.dumps(numbers)}")
    torch.save(top.state_dict(), folder / "top.pt")
    (folder / "validation-logits.json").write_text(json.dumps(stored))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = configuration.load(arguments.config)
    run(config, RECIPES[config["training"]["recipe"]])


if __name__ == "__main__":
    main()
