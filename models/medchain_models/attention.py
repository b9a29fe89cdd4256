"""``python -m medchain_models.attention``: where the network looks, on average.

Grad-CAM (Selvaraju et al. 2017) on the last convolution, of the validation
films: for each film a map of 14 × 14 places, and of those the mean over a class
and source. The mean of many maps shows no film, so it can be published. How
much of the map falls onto the places that the mask blackens is written beside
it: what is looked at there is not anatomy.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from . import config as configuration
from . import fit, preprocess, train
from .recipes import RECIPES


def maps(top, store: np.ndarray, rows: np.ndarray, label: int) -> np.ndarray:
    """Grad-CAM of one class's logit: (rows, side, side), each adding up to 1 or 0."""
    found = []
    for row in rows:
        batch = torch.from_numpy(store[row : row + 1].astype(np.float32)).to(fit.device())
        with torch.enable_grad():
            activation = top.block5[:-1](batch).detach().requires_grad_()
            pooled = top.block5[-1](activation).flatten(1)
            (slope,) = torch.autograd.grad(top.classify(pooled)[0, label], activation)
        cam = torch.relu((slope.mean((2, 3), keepdim=True) * activation).sum(1))[0]
        cam = cam.detach().cpu().numpy()
        found.append(cam / cam.sum() if cam.sum() > 0 else cam)
    return np.array(found)


def masked_share(mean: np.ndarray, steps: dict) -> float:
    """How much of a map lies where most pixels are masked."""
    side = len(mean)
    hidden = preprocess.mask(steps["size"], steps["mask_border"], steps["mask_corner"])
    share = hidden.reshape(side, steps["size"] // side, side, -1).mean((1, 3))
    return float((mean * (share > 0.5)).sum() / max(mean.sum(), 1e-9))


def run(config: dict) -> dict:
    """Writes ``attention.json`` and returns it: by class and source."""
    labels, work = config["model"]["labels"], config["data"]["work"]
    recipe = RECIPES[config["training"]["recipe"]]
    _, val = train.cached(config, 0)
    top = fit.new_top(config, recipe, 0)
    top.load_state_dict(torch.load(work / "run" / "top.pt", weights_only=True))
    top.eval()
    found = {}
    for key in sorted({(film.label, film.source) for film in val.films if film.label in labels}):
        rows = val.rows(lambda film: (film.label, film.source) == key)
        mean = maps(top, val.copies[0], rows, labels.index(key[0])).mean(0)
        found[" / ".join(key)] = {
            "films": len(rows),
            "masked": round(masked_share(mean, config["preprocessing"]), 3),
            "map": np.round(mean, 5).tolist(),
        }
    (work / "attention.json").write_text(json.dumps(found))
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    found = run(configuration.load(parser.parse_args().config))
    for key, one in found.items():
        print(f"{key}: {one['films']} films, {one['masked']:.0%} on the mask")


if __name__ == "__main__":
    main()
