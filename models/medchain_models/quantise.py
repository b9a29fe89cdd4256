"""``python -m medchain_models.quantise``: a float network to integers.

Activations become bytes from 0 to 127, weights signed bytes, and every sum is
rounded by a shift: ``docs/adr/0019-exact-network.md``. Reads the float ONNX file,
chooses all numbers on films of the training split and writes the exact ONNX file
and its JSON. Needs onnxruntime, not torch.

For each layer, with real activations ``a`` and integers ``q``: ``a = s[c] q`` for
a scale ``s`` of each channel, so that

    q_out = round((Σ q_in w_q + b_q) / 2^k),   w_q = round(w s_in / s_out 2^k)

The scales are free: only the integers are shipped.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from . import config as configuration
from . import data, graph, preprocess
from .architecture import BLOCKS
from .onelayer import OneLayer

# The largest activation. 127 and not 255, for kernels that add two of them in a byte.
LIMIT = 127
# What lies beyond the edge of the film. Zero would be black; where normalisation is
# folded into the weights, zero of the float network is this grey.
BORDER = 114
# See MAX_SHIFT of the crate medchain-exact.
MAX_SHIFT = 15
CALIBRATION_FILMS = 160


@dataclass
class Layer:
    """One exact layer: weights (out, in, rows, columns) int8, biases int32, shifts."""

    name: str
    weights: np.ndarray
    biases: np.ndarray
    shifts: np.ndarray
    border: int = 0
    pool: bool = False


@dataclass
class Exact:
    """An exact network; a unit of its logits is worth ``scale``."""

    layers: list[Layer]
    scale: float

    @property
    def softmax_scale(self) -> int:
        """The same as the crate medchain-exact has it: in bits, times 2^32."""
        return round(self.scale * float(np.log2(np.e)) * 2**32)


def float_layers(path: Path, steps: dict) -> list[tuple[str, np.ndarray, np.ndarray, bool]]:
    """Name, weights, biases and pooling of a float network whose input are greys.

    The three equal channels and the normalisation are folded into the first layer.
    """
    stored = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    get = lambda name: stored[f"{name}.f16"].astype(np.float64)  # noqa: E731
    found, channels = [], 0
    for block, (convolutions, outputs) in enumerate(BLOCKS, 1):
        for i in range(1, convolutions + 1):
            name = f"conv{block}_{i}"
            found.append((name, get(f"{name}.weight"), get(f"{name}.bias"), i == convolutions))
        channels = outputs
    for i in (1, 2, 3):
        name = f"fc{i}"
        weights = get(f"{name}.weight")
        side = steps["size"] // 2 ** len(BLOCKS) if i == 1 else 1
        inputs = channels if i == 1 else weights.shape[1]
        found.append((name, weights.reshape(-1, inputs, side, side), get(f"{name}.bias"), False))
    name, weights, biases, pool = found[0]
    mean, std = np.array(steps["mean"]), np.array(steps["std"])
    biases = biases - np.einsum("ochw,c->o", weights, mean / std)
    weights = np.einsum("ochw,c->ohw", weights, 1 / (255 * std))[:, None]
    found[0] = (name, weights, biases, pool)
    return found


def clip_point(values: np.ndarray, limit: int) -> float:
    """The largest activation that is kept: the one with the least mean square error."""
    top = float(values.max(initial=0))
    # A sample is enough; an odd step meets every channel and column alike.
    values = values[:: max(1, len(values) // 400_000) | 1]
    values = values[values > 0]
    if not len(values):
        return max(top, 1.0)
    best = (np.inf, top)
    for share in np.linspace(0.3, 1.0, 36):
        scale = share * top / limit
        error = values - np.clip(np.rint(values / scale), 0, limit) * scale
        best = min(best, (float((error**2).mean()), share * top))
    return best[1]


def largest(weights: np.ndarray) -> np.ndarray:
    """For each output channel, what must not exceed 127.5 once it is an integer.

    Of 3 × 3 weights these are the sums that a transform along rows makes of them
    (``exact/src/engine/bytes.rs``), which are signed bytes too.
    """
    sums = [weights]
    if weights.shape[-1] == 3:
        a, b, c = np.moveaxis(weights, -1, 0)
        sums = [weights, 2 * a[..., None], 2 * c[..., None], (a + b + c)[..., None], (a - b + c)[..., None]]
    return np.max([np.abs(s).reshape(len(weights), -1).max(1) for s in sums], axis=0)


def to_integers(weights: np.ndarray, transformed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Integers and shifts of weights that give the output in its own unit.

    The shift is the largest with which the integers fit; where rounding makes a sum
    too large after all, one less.
    """
    measure = largest if transformed else lambda w: np.abs(w).reshape(len(w), -1).max(1)
    most = np.maximum(measure(weights), 1e-12)
    shifts = np.clip(np.floor(np.log2(127.499 / most)), 0, MAX_SHIFT)
    for _ in range(3):
        integers = np.rint(weights * 2.0 ** shifts[:, None, None, None])
        over = measure(integers) > 127
        if not over.any():
            break
        shifts[over] = np.maximum(shifts[over] - 1, 0)
    integers = np.clip(integers, -127, 127)
    return integers.astype(np.int8), shifts.astype(np.int64)


def quantise(layers: list, squares: np.ndarray, limit: int = LIMIT) -> Exact:
    """An exact network from float layers and calibration squares (films, size, size) uint8."""
    done: list[Layer] = []
    real = squares[:, None].astype(np.float32)
    whole = squares[:, None]
    unit = np.ones(1)
    for number, (name, weights, biases, pool) in enumerate(layers):
        last = number == len(layers) - 1
        border = BORDER if number == 0 else 0
        exact_sums = OneLayer(weights.shape, border, integers=True)
        # The float network's own border is zero after normalisation.
        sums = OneLayer(weights.shape, border, integers=False)(real, weights.astype(np.float32))
        before = sums + biases.astype(np.float32)[:, None, None]
        if last:
            power = int(np.floor(np.log2(127.499 / np.abs(weights * unit[:, None, None]).max())))
            integers = np.rint(weights * unit[:, None, None] * 2.0**power).astype(np.int8)
            found = exact_sums(whole, integers).astype(np.float64)
            offset = np.rint((before * 2.0**power - found).mean((0, 2, 3)))
            zeros = np.zeros(len(weights), np.int64)
            done.append(Layer(name, integers, offset.astype(np.int64), zeros))
            return Exact(done, 2.0**-power)
        after = np.maximum(before, 0)
        top = clip_point(after.reshape(-1), limit)
        ranges = np.array([clip_point(after[:, c].reshape(-1), limit) for c in range(len(weights))])
        relative = np.clip(ranges / top, 1e-3, 1.0)
        out = top / limit * np.sqrt(relative)
        ratio = weights * unit[None, :, None, None] / out[:, None, None, None]
        transformed = weights.shape[-1] == 3 and number > 0
        integers, shifts = to_integers(ratio, transformed)
        found = exact_sums(whole, integers)
        step = (out / 2.0**shifts).astype(np.float32)
        offset = np.rint(corrected(before, found, biases, step) / step).astype(np.int64)
        done.append(Layer(name, integers, offset, shifts, border, pool))
        found += offset.astype(np.int32)[:, None, None]
        whole = np.stack([activations(film, shifts, limit) for film in found])
        real, unit = after, out
        if pool:
            whole, real = pooled(whole), pooled(real)
        print(f"{name}: shifts {shifts.min()} to {shifts.max()}, "
              f"{(whole == limit).mean():.4%} at the limit", flush=True)
    raise AssertionError("the last layer returns")


def corrected(before: np.ndarray, found: np.ndarray, biases: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Biases that take back what rounding did, in real units.

    ``before`` are the float network's sums, ``found`` the integers' without biases, of
    which one is worth ``step``. Only places where either is positive count: below zero
    errors do not matter, and there are most of them in the deep layers.
    """
    biases = biases.astype(np.float64).copy()
    for _ in range(4):
        errors, counts = np.zeros(len(biases)), np.zeros(len(biases))
        for real, sums in zip(before, found):
            have = sums * step[:, None, None] + biases.astype(np.float32)[:, None, None]
            active = (have > 0) | (real > 0)
            errors += np.where(active, real - have, 0).sum((1, 2), dtype=np.float64)
            counts += active.sum((1, 2))
        biases += 0.7 * errors / np.maximum(counts, 1)
    return biases


def activations(sums: np.ndarray, shifts: np.ndarray, limit: int) -> np.ndarray:
    """Sums (channels, rows, columns) to bytes, as the crate does it."""
    k = shifts[:, None, None].astype(np.int32)
    half = np.where(k > 0, (1 << np.maximum(k - 1, 0)) - 1, 0)
    odd = np.where(k > 0, (sums >> k) & 1, 0)
    return np.clip((sums + half + odd) >> k, 0, limit).astype(np.uint8)


def pooled(values: np.ndarray) -> np.ndarray:
    """The largest of each 2 × 2."""
    n, c, h, w = values.shape
    return values.reshape(n, c, h // 2, 2, w // 2, 2).max((3, 5))


def calibration(config: dict, steps: dict, count: int = CALIBRATION_FILMS) -> np.ndarray:
    """Squares of films of the training split, of every class and source alike."""
    films = [f for f in data.films(config) if f.split == "train"]
    chance = np.random.default_rng(7)
    by_kind: dict[tuple[str, str], list[data.Film]] = {}
    for i in chance.permutation(len(films)):
        by_kind.setdefault((films[i].label, films[i].source), []).append(films[i])
    chosen: list[data.Film] = []
    while len(chosen) < min(count, len(films)):
        for kind in sorted(by_kind):
            if by_kind[kind] and len(chosen) < count:
                chosen.append(by_kind[kind].pop())
    return np.stack([preprocess.square_pixels(preprocess.read(film.path), steps) for film in chosen])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--float", type=Path, required=True, help="the folder of the float ONNX file and its JSON")
    parser.add_argument("--to", type=Path, required=True)
    arguments = parser.parse_args()
    config = configuration.load(arguments.config)
    configuration.need_data(config)
    name = config["model"]["name"]
    spec = json.loads((arguments.float / f"{name}.json").read_text())
    steps = spec | {f"mask_{k}": v for k, v in spec["mask"].items()}
    layers = float_layers(arguments.float / f"{name}.onnx", steps)
    exact = quantise(layers, calibration(config, steps))
    arguments.to.mkdir(parents=True, exist_ok=True)
    model = graph.build_exact(exact, spec["size"], LIMIT, "Not for clinical use. See MODEL_CARD.md.")
    (arguments.to / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))
    for gone in ("mean", "std"):
        del spec[gone]
    spec |= {"version": config["model"]["version"], "softmax_scale": exact.softmax_scale}
    (arguments.to / f"{name}.json").write_text(json.dumps(spec, indent=2) + "\n")


if __name__ == "__main__":
    main()
