"""Fitting block 5 and the head on cached features."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import metrics
from .data import Film
from .features import cache_key
from .network import Top, fast_bfloat16
from .recipes import Recipe, classes, targets


@dataclass
class Features:
    """Cached features of one list of films: copy 0 is plain."""

    films: list[Film]
    copies: list[np.ndarray]

    def rows(self, keep) -> np.ndarray:
        """The row numbers of the films for which ``keep`` holds."""
        return np.array([i for i, film in enumerate(self.films) if keep(film)], int)


def sampling_weights(films: list[Film]) -> np.ndarray:
    """Every class alike; within a class every source by the root of its size."""
    sizes: dict[tuple[str, str], int] = {}
    for film in films:
        key = (film.label, film.source)
        sizes[key] = sizes.get(key, 0) + 1
    totals: dict[str, float] = {}
    for (label, _), size in sizes.items():
        totals[label] = totals.get(label, 0.0) + size**0.5
    return np.array([sizes[(f.label, f.source)] ** -0.5 / totals[f.label] for f in films])


def device() -> str:
    """A GPU where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def half_precision() -> torch.autocast:
    """bfloat16 where that is faster."""
    return torch.autocast(device(), torch.bfloat16, enabled=fast_bfloat16())


def new_top(config: dict, recipe: Recipe, seed: int) -> Top:
    """Block 5 from ImageNet and a fresh head."""
    torch.manual_seed(seed)
    top = Top(
        config["data"]["convolutions"],
        config["preprocessing"]["size"] // 16,
        config["model"]["head"],
        len(classes(config, recipe)),
        config["training"]["dropout"],
    )
    return top.to(device())


@dataclass
class Batch:
    """Row and copy numbers, targets (N, classes), class-and-source numbers, and what teachers say."""

    rows: np.ndarray
    copies: np.ndarray
    targets: torch.Tensor
    groups: torch.Tensor
    taught: torch.Tensor | None


class Sampler:
    """Draws balanced batches: a row and one of its copies.

    ``taught`` holds what teachers say of every copy and row: (copies, rows, classes).
    """

    def __init__(
        self,
        config: dict,
        features: Features,
        rows: np.ndarray,
        recipe: Recipe,
        seed: int,
        taught: np.ndarray | None = None,
    ):
        self.features, self.rows, self.recipe, self.taught = features, rows, recipe, taught
        films = [features.films[r] for r in rows]
        weights = sampling_weights(films)
        self.chances = weights / weights.sum()
        wanted = [targets(config, recipe, film.label) for film in films]
        self.targets = np.array(wanted, np.float32)
        names = [(film.label, film.source) for film in films]
        self.groups = sorted(set(names))
        self.group = np.array([self.groups.index(name) for name in names])
        self.copies = len(features.copies) if recipe.augmented else 1
        self.rng = np.random.default_rng(seed)

    def draw(self, size: int) -> Batch:
        """One batch of ``size`` films."""
        chosen = self.rng.choice(len(self.rows), size, p=self.chances)
        # Once there are augmented copies, the plain image is one among them.
        copies = self.rng.integers(0, self.copies, size)
        return Batch(
            self.rows[chosen],
            copies,
            torch.from_numpy(self.targets[chosen]).to(device()),
            torch.from_numpy(self.group[chosen]).to(device()),
            None if self.taught is None else torch.from_numpy(self.taught[copies, chosen]).to(device()),
        )


def gather(copies: list[np.ndarray], batch: Batch) -> torch.Tensor:
    """The chosen rows of the chosen copies, as float32."""
    picked = np.stack([copies[c][r] for r, c in zip(batch.rows, batch.copies)])
    return torch.from_numpy(picked.astype(np.float32)).to(device())


def exchange_styles(features: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """MixStyle: every film gets a mixture of its channel statistics and another's."""
    size = (2, 3)
    mean, deviation = features.mean(size, keepdim=True), features.std(size, keepdim=True) + 1e-5
    other = torch.from_numpy(rng.permutation(len(features))).to(features.device)
    share = torch.from_numpy(rng.beta(0.3, 0.3, (len(features), 1, 1, 1))).to(features)
    mixed_mean = share * mean + (1 - share) * mean[other]
    mixed_deviation = share * deviation + (1 - share) * deviation[other]
    # What follows expects the output of a ReLU.
    return torch.relu((features - mean) / deviation * mixed_deviation + mixed_mean)


class Reverse(torch.autograd.Function):
    """The identity, whose gradient is turned round and weighted."""

    @staticmethod
    def forward(ctx, hidden: torch.Tensor, weight: float) -> torch.Tensor:
        ctx.weight = weight
        return hidden.view_as(hidden)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor):
        return -ctx.weight * gradient, None


class Adversary(nn.Module):
    """Guesses the source of a film within its class; gradients are reversed."""

    def __init__(self, width: int, groups: list[tuple[str, str]]):
        super().__init__()
        self.guess = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, len(groups)))
        labels = [label for label, _ in groups]
        self.register_buffer("same_class", torch.tensor([[a == b for b in labels] for a in labels]))
        self.register_buffer("has_rivals", torch.tensor([labels.count(label) > 1 for label in labels]))

    def forward(self, hidden: torch.Tensor, groups: torch.Tensor, weight: float) -> torch.Tensor:
        """The loss; classes with one source alone have nothing to guess."""
        rivals = self.has_rivals[groups]
        if not rivals.any():
            return hidden.sum() * 0.0
        hidden, groups = hidden[rivals], groups[rivals]
        scores = self.guess(Reverse.apply(hidden, weight))
        scores = scores.masked_fill(~self.same_class[groups], -1e4)
        return nn.functional.cross_entropy(scores, groups)


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
    with torch.inference_mode(), half_precision():
        for at in range(0, len(flat), 64):
            batch = torch.from_numpy(store[at : at + 64].astype(np.float32)).to(device())
            batch = batch.to(memory_format=torch.channels_last)
            flat[at : at + 64] = top.pooled(batch).float().cpu().numpy().astype(np.float16)
    np.save(path, flat)
    return flat


def fit_head(top: Top, flat: list[np.ndarray], sampler: Sampler, config: dict, log) -> None:
    """The head alone, on features that do not change."""
    training = config["training"]
    groups = [{"params": _head(top), "lr": training["learning_rate_head"]}]

    def loss(batch: Batch) -> torch.Tensor:
        return cross_entropy(top.classify(gather(flat, batch)), batch.targets, config)

    _descend(top, groups, training["epochs_head"], sampler, config, loss, log, "head", False)


def fit_block5(top: Top, sampler: Sampler, config: dict, log) -> None:
    """Block 5 and the head together, gently."""
    training, recipe, rng = config["training"], sampler.recipe, sampler.rng
    top.block5.to(memory_format=torch.channels_last)
    groups = [
        {"params": list(top.block5.parameters()), "lr": training["learning_rate_block5"]},
        {"params": _head(top), "lr": training["learning_rate_head"] / 5},
    ]
    adversary = None
    if recipe.adversary:
        adversary = Adversary(top.fc3.in_features, sampler.groups).to(device())
        groups.append({"params": list(adversary.parameters()), "lr": training["learning_rate_head"]})

    def loss(batch: Batch) -> torch.Tensor:
        features = gather(sampler.features.copies, batch)
        # Half of the draws are mirrored. Features of a mirrored image are not
        # exactly mirrored features, which is one more small disturbance.
        if recipe.augmented and rng.random() < 0.5:
            features = features.flip(3)
        if recipe.styles and rng.random() < recipe.styles:
            features = exchange_styles(features, rng)
        with half_precision():
            flat = top.pooled(features.contiguous(memory_format=torch.channels_last))
            hidden = top.hidden(flat)
            scores = top.fc3(hidden)
        total = cross_entropy(scores.float(), batch.targets, config)
        if batch.taught is not None:
            total = total.lerp(from_teachers(scores.float(), batch.taught, recipe.softness), recipe.trust)
        if adversary is not None:
            total = total + adversary(hidden.float(), batch.groups, recipe.adversary)
        return total

    epochs = training["epochs"]
    _descend(top, groups, epochs, sampler, config, loss, log, "block 5", recipe.tail)


def cross_entropy(scores: torch.Tensor, wanted: torch.Tensor, config: dict) -> torch.Tensor:
    """Against targets that may be shared between classes, smoothed."""
    smoothing = config["training"]["label_smoothing"]
    return nn.functional.cross_entropy(scores, wanted, label_smoothing=smoothing)


def from_teachers(scores: torch.Tensor, taught: torch.Tensor, softness: float) -> torch.Tensor:
    """Against the teachers' probabilities at the same temperature; its square keeps the
    gradients as large as those of the labels."""
    return nn.functional.cross_entropy(scores / softness, taught) * softness**2


def teach(teachers: list[Top], features: Features, rows: np.ndarray, recipe: Recipe) -> np.ndarray:
    """What the teachers say of every copy of the rows, as ``Sampler`` takes it."""
    found = []
    for copy in features.copies if recipe.augmented else features.copies[:1]:
        with half_precision():
            said = [logits(teacher, copy, rows) for teacher in teachers]
        found.append(metrics.mean_probabilities(said, recipe.softness))
    return np.array(found, np.float32)


def _head(top: Top) -> list[nn.Parameter]:
    return [p for name, p in top.named_parameters() if not name.startswith("block5")]


def _descend(top, groups, epochs, sampler, config, loss_of, log, phase, tail) -> None:
    """AdamW with one warm cycle; ``tail`` keeps the mean of the last half."""
    training = config["training"]
    optimiser = torch.optim.AdamW(groups, weight_decay=training["weight_decay"])
    steps = max(1, len(sampler.rows) // training["batch"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [g["lr"] for g in groups], total_steps=max(2, steps * epochs), pct_start=0.15
    )
    mean, seen, number = {}, 0, 0
    top.train()
    for epoch in range(epochs):
        started, total = time.time(), 0.0
        for _ in range(steps):
            loss = loss_of(sampler.draw(training["batch"]))
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(top.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
            number += 1
            if tail and number > steps * epochs // 2 and number % 4 == 0:
                seen += 1
                for key, value in top.state_dict().items():
                    mean[key] = value.clone() if seen == 1 else mean[key].lerp_(value, 1 / seen)
        log(
            {
                "phase": phase,
                "epoch": epoch + 1,
                "of": epochs,
                "loss": round(total / steps, 4),
                "seconds": round(time.time() - started, 1),
            }
        )
    if seen:
        top.load_state_dict(mean)
    top.eval()


def logits(top: Top, copy: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Logits of the plain images, all classes: (rows, classes) float32."""
    top.eval()
    found = []
    with torch.inference_mode():
        for at in range(0, len(rows), 64):
            batch = torch.from_numpy(copy[rows[at : at + 64]].astype(np.float32))
            found.append(top(batch.to(device())).float().cpu().numpy())
    return np.concatenate(found) if found else np.zeros((0, top.fc3.out_features), np.float32)


def soup(states: list[dict]) -> dict:
    """The mean of the weights of runs that started from the same point."""
    return {key: torch.stack([s[key].float() for s in states]).mean(0) for key in states[0]}
