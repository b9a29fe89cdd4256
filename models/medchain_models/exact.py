"""The softmax of an exact network in integers, as ``exact/src/softmax.rs`` has it."""

from __future__ import annotations

import numpy as np

# The steps of a probability in an answer on chain.
STEPS = 10_000
POWERS = [round(2**31 * 2 ** (-step / 256)) for step in range(257)]


def output(logits: list[int], softmax_scale: int) -> list[int]:
    """The probabilities of integer logits in steps of 1/10,000, which add up to all of them."""
    largest = max(logits)
    weights = [_power(((largest - z) * softmax_scale + (1 << 15)) >> 16) for z in logits]
    total = sum(weights)
    steps = [(weight * STEPS + (total >> 1)) // total for weight in weights]
    first = steps.index(max(steps))
    steps[first] = STEPS - sum(steps[:first] + steps[first + 1 :])
    return steps


def _power(exponent: int) -> int:
    """``2^(-exponent / 2^16)`` in steps of 2^-31."""
    if exponent >= 32 << 16:
        return 0
    whole, step, between = exponent >> 16, exponent >> 8 & 0xFF, exponent & 0xFF
    high, low = POWERS[step], POWERS[step + 1]
    fraction = high - ((high - low) * between >> 8)
    return min(fraction + ((1 << whole) >> 1), 1 << 31) >> whole


def probabilities(logits: np.ndarray, softmax_scale: int) -> np.ndarray:
    """The same in floats and without steps, for curves and areas."""
    scaled = np.asarray(logits, np.float64) * (softmax_scale / 2**32)
    powers = np.exp2(scaled - scaled.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)
