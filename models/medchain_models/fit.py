"""Fitting block 5 and the head on cached features."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .data import Film
from .features import cache_key
from .network import Top


@dataclass
class Features:
    """Cached features of one list of films: copy 0 is plain."""

    films: list[Film]
    copies: list[np.ndarray]

    def rows(self, keep) -> np.ndarray:
        """The row numbers of the films for which ``keep`` holds."""
        return np.array([i for i, film in enumerate(self.films) if keep(film)], int)


@dataclass(frozen=True)
class Recipe:
    """What the comparison of recipes varies."""

    augmented: bool = True
    block5: bool = True
    auxiliary: bool = True


RECIPES = {
    "head only, plain": Recipe(augmented=False, block5=False, auxiliary=False),
    "head only, augmented": Recipe(augmented=True, block5=False, auxiliary=False),
    "head only, augmented, pneumonia": Recipe(augmented=True, block5=False, auxiliary=True),
    "block 5, plain": Recipe(augmented=False, block5=True, auxiliary=False),
    "block 5, augmented": Recipe(augmented=True, block5=True, auxiliary=False),
    "block 5, augmented, pneumonia": Recipe(augmented=True, block5=True, auxiliary=True),
}


def classes(config: dict, recipe: Recipe) -> list[str]:
    """The labels, and behind them the classes that are cut off at export."""
    return config["model"]["labels"] + (config["model"]["auxiliary"] if recipe.auxiliary else [])


def sampling_weights(films: list[Film]) -> np.ndarray:
    """Every class alike; within a class every source by the root of its size."""
    sizes: dict[tuple[str, str], int] = {}
    for film in films:
        key = (film.label, film.source)
        sizes[key] = sizes.get(key, 0) + 1
    totals: dict[str, float] = {}
    for (label, _), size in sizes.items():
        totals[label] = totals.get(label, 0.0) + size**0.5
    return np.array(
        [sizes[(f.label, f.source)] ** -0.5 / totals[f.label] for f in films]
    )


def new_top(config: dict, recipe: Recipe, seed: int) -> Top:
    """Block 5 from ImageNet and a fresh head."""
    torch.manual_seed(seed)
    training = config["training"]
    return Top(
        config["data"]["convolutions"],
        config["preprocessing"]["size"] // 16,
        config["model"]["head"],
        len(classes(config, recipe)),
        training["dropout"],
    )


class Sampler:
    """Draws balanced batches: a row and one of its copies."""

    def __init__(self, features: Features, rows: np.ndarray, names: list[str], augmented: bool, seed: int):
        self.features, self.rows, self.augmented = features, rows, augmented
        films = [features.films[r] for r in rows]
        weights = sampling_weights(films)
        self.chances = weights / weights.sum()
        self.targets = np.array([names.index(f.label) for f in films])
        self.copies = len(features.copies) if augmented else 1
        self.rng = np.random.default_rng(seed)

    def draw(self, size: int) -> tuple[np.ndarray, np.ndarray, torch.Tensor]:
        """Row numbers, copy numbers and targets of one batch."""
        chosen = self.rng.choice(len(self.rows), size, p=self.chances)
        # Once there are augmented copies, the plain image is one among them.
        copies = self.rng.integers(0, self.copies, size)
        return self.rows[chosen], copies, torch.from_numpy(self.targets[chosen])


def gather(copies: list[np.ndarray], rows: np.ndarray, which: np.ndarray) -> torch.Tensor:
    """The chosen rows of the chosen copies, as float32."""
    picked = np.stack([copies[c][r] for r, c in zip(rows, which)])
    return torch.from_numpy(picked.astype(np.float32))


def pooled(config: dict, features: Features, copies: int) -> list[np.ndarray]:
    """The head's input for every film, through ImageNet's block 5.

    The same for all recipes, so it is computed once and kept on disk.
    """
    top = new_top(config, Recipe(), 0).eval()
    return [_pooled_copy(top, config, features, copy) for copy in range(copies)]


def _pooled_copy(top: Top, config: dict, features: Features, copy: int) -> np.ndarray:
    store = features.copies[copy]
    names = "".join(film.id for film in features.films)
    name = hashlib.sha256(names.encode()).hexdigest()[:8]
    path = Path(config["data"]["work"]) / f"pooled-{cache_key(config)}-{name}-{copy}.npy"
    if path.exists():
        return np.load(path, mmap_mode="r")
    flat = np.zeros((len(features.films), top.fc1.in_features), np.float16)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for at in range(0, len(flat), 64):
            batch = torch.from_numpy(store[at : at + 64].astype(np.float32))
            batch = batch.to(memory_format=torch.channels_last)
            flat[at : at + 64] = top.pooled(batch).float().numpy().astype(np.float16)
    np.save(path, flat)
    return flat


def fit_head(top: Top, flat: list[np.ndarray], sampler: Sampler, config: dict, log) -> None:
    """The head alone, on features that do not change."""
    training = config["training"]
    parameters = [p for n, p in top.named_parameters() if not n.startswith("block5")]
    _descend(
        top, parameters, [training["learning_rate_head"]], training["epochs_head"], sampler, config,
        lambda rows, which: top.classify(gather(flat, rows, which)), log, "head",
    )


def fit_block5(top: Top, sampler: Sampler, config: dict, log) -> None:
    """Block 5 and the head together, gently."""
    training = config["training"]
    block = [p for n, p in top.named_parameters() if n.startswith("block5")]
    head = [p for n, p in top.named_parameters() if not n.startswith("block5")]
    rates = [training["learning_rate_block5"], training["learning_rate_head"] / 5]

    top.block5.to(memory_format=torch.channels_last)

    def forward(rows, which):
        batch = gather(sampler.features.copies, rows, which)
        # Half of the draws are mirrored. Features of a mirrored image are not
        # exactly mirrored features, which is one more small disturbance.
        if sampler.augmented and sampler.rng.random() < 0.5:
            batch = batch.flip(3)
        with torch.autocast("cpu", torch.bfloat16):
            return top(batch.to(memory_format=torch.channels_last))

    _descend(top, [block, head], rates, training["epochs"], sampler, config, forward, log, "block5")


def _descend(top, parameters, rates, epochs, sampler, config, forward, log, phase) -> None:
    training = config["training"]
    groups = parameters if isinstance(parameters[0], list) else [parameters]
    groups = [{"params": p, "lr": r} for p, r in zip(groups, rates)]
    optimiser = torch.optim.AdamW(groups, weight_decay=training["weight_decay"])
    steps = max(1, len(sampler.rows) // training["batch"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [g["lr"] for g in groups], total_steps=steps * epochs, pct_start=0.15
    )
    loss_of = nn.CrossEntropyLoss(label_smoothing=training["label_smoothing"])
    top.train()
    for epoch in range(epochs):
        started, total = time.time(), 0.0
        for _ in range(steps):
            rows, which, targets = sampler.draw(training["batch"])
            loss = loss_of(forward(rows, which).float(), targets)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(top.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        log(f"{phase} epoch {epoch + 1}/{epochs}  loss {total / steps:.4f}  {time.time() - started:.0f} s")
    top.eval()


def logits(top: Top, copy: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Logits of the plain images, all classes."""
    top.eval()
    found = []
    with torch.inference_mode():
        for at in range(0, len(rows), 64):
            batch = torch.from_numpy(copy[rows[at : at + 64]].astype(np.float32))
            found.append(top(batch).numpy())
    return np.concatenate(found)


def soup(states: list[dict]) -> dict:
    """The mean of the weights of runs that started from the same point."""
    return {
        key: torch.stack([s[key].float() for s in states]).mean(0) for key in states[0]
    }
