"""A radiograph that no person ever had: the same drawing as in Rust.

Integer arithmetic alone (``vision/src/synthetic.rs``), so that both give the
same bytes.
"""

from __future__ import annotations

import numpy as np

_MASK = (1 << 64) - 1


def mix(value):
    """SplitMix64 on Python integers or arrays of uint64."""
    if isinstance(value, np.ndarray):
        z = value + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
    z = (value + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def _towards_zero(value: np.ndarray, by: int) -> np.ndarray:
    """Integer division that rounds towards zero, as Rust does."""
    return np.sign(value) * (np.abs(value) // by)


def _inside(u, v, centre_u, centre_v, radius_u, radius_v):
    du = _towards_zero((u - centre_u) * 1000, radius_u)
    dv = _towards_zero((v - centre_v) * 1000, radius_v)
    return np.maximum(1000 - (du * du + dv * dv) // 1000, 0)


def radiograph(seed: int, width: int, height: int) -> np.ndarray:
    """Shape (height, width), uint8."""

    def draw(slot: int, below: int) -> int:
        return mix(seed ^ ((slot * 0x9E37) & _MASK)) % below

    heart_x, heart_width = 540 + draw(1, 40), 120 + draw(2, 40)
    phase, exposure = draw(3, 90), draw(4, 25) - 12
    u = (np.arange(width, dtype=np.int64) * 1000 // width)[None, :]
    v = (np.arange(height, dtype=np.int64) * 1000 // height)[:, None]
    trunk = _inside(u, v, 500, 620, 470, 640)
    grey = np.where(trunk > 0, 95 + trunk * 70 // 1000 + v // 25, 30)
    for centre in (310, 690):
        grey = grey - np.minimum(_inside(u, v, centre, 470, 165, 330), 500) * 150 // 500
    side = np.abs(u - 500)
    arc = (v + side * side // 1400 + phase) % 90
    grey = grey + 26 * ((v >= 120) & (v < 800) & (side >= 60) & (side < 430) & (arc < 22))
    grey = grey + 40 * (side < 38)
    heart = np.minimum(_inside(u, v, heart_x, 600, heart_width, 170), 400)
    grey = grey + heart * 85 // 400
    bone = 150 + side // 6
    grey = grey + 35 * ((np.abs(v - bone) < 13) & (side >= 40) & (side < 400))
    index = np.arange(width * height, dtype=np.uint64).reshape(height, width)
    with np.errstate(over="ignore"):
        noise = mix((index * np.uint64(0xD1290DDF)) ^ np.uint64(seed)) % np.uint64(13)
    return np.clip(grey + exposure + noise.astype(np.int64) - 6, 0, 255).astype(np.uint8)
