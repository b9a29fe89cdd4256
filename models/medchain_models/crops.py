"""``python -m medchain_models.crops``: films that are another film, or a part of it.

Collections take films from the same publications, each with its own crop, size,
contrast and letters, so that no hash finds them. Here local features (SIFT) propose
pairs of films: those that share several features in one geometry (a scale, a rotation
and a shift). Each proposal is then checked by looking: one film is laid over the
other, coarse light and dark are taken away, and what is left of both must correlate.

Writes ``crops.csv``: a pair of ids a line, and what was measured. ``data.py`` keeps both
in one group and one split. Needs OpenCV, which is not in the lock files:
``pip install opencv-python-headless``.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np

from . import config as configuration
from . import data, preprocess

# The longer side to which films are brought, in pixels.
SIDE = 320
FEATURES = 400
# Other films in which a feature may have its next of kin.
NEIGHBOURS = 6
# Features that two films must share to be laid over each other.
LEAST_SHARED = 6
LEAST_INLIERS = 5
# A pair belongs together where so many features fit one geometry, the overlap is this much
# of the smaller film, and its detail correlates as much as this. Films of two people, laid
# over each other by their ribs, share 5 or 6 features. What belongs together is a film and
# its crop, films of one person within days, and documents of one form.
LEAST_SAME_INLIERS = 10
LEAST_OVERLAP = 0.35
LEAST_CORRELATION = 0.4


def read(film: data.Film) -> np.ndarray:
    """The greys, with the longer side of SIDE pixels."""
    grey = preprocess.read(film.path)
    scale = SIDE / max(grey.shape)
    size = (max(32, round(grey.shape[1] * scale)), max(32, round(grey.shape[0] * scale)))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def features(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (features, 2) and root-SIFT descriptors (features, 128)."""
    even = cv2.createCLAHE(2.0, (8, 8)).apply(grey)
    points, found = cv2.SIFT_create(FEATURES, contrastThreshold=0.02).detectAndCompute(even, None)
    if found is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    found = np.sqrt(found / np.maximum(found.sum(1, keepdims=True), 1e-6))
    return np.array([p.pt for p in points], np.float32), found.astype(np.float32)


def proposals(all_features: list) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Pairs of films and the pairs of features that they share."""
    owner = np.concatenate([np.full(len(places), i) for i, (places, _) in enumerate(all_features)])
    number = np.concatenate([np.arange(len(places)) for places, _ in all_features])
    every = np.concatenate([found for _, found in all_features])
    index = cv2.flann_Index(every, {"algorithm": 1, "trees": 4})
    shared: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for at in range(0, len(every), 20_000):
        near, distance = index.knnSearch(every[at : at + 20_000], NEIGHBOURS + 1, params={"checks": 64})
        for row, (places, far) in enumerate(zip(near, distance)):
            me = at + row
            others = [(p, d) for p, d in zip(places, far) if owner[p] != owner[me]]
            # What is nearly as far as the last of the kin is like many films.
            for place, how_far in others[:-1]:
                if how_far < 0.75 * others[-1][1]:
                    a, b = sorted((me, int(place)), key=lambda p: owner[p])
                    key = (int(owner[a]), int(owner[b]))
                    shared.setdefault(key, []).append((int(number[a]), int(number[b])))
        print(f"{min(at + 20_000, len(every))}/{len(every)} features", flush=True)
    return {key: sorted(set(rows)) for key, rows in shared.items() if len(set(rows)) >= LEAST_SHARED}


def detail(grey: np.ndarray) -> np.ndarray:
    """What is left without coarse light and dark, each place against its surroundings."""
    wide = grey.astype(np.float32)
    wide -= cv2.GaussianBlur(wide, (0, 0), 8)
    return wide / (np.sqrt(cv2.GaussianBlur(wide * wide, (0, 0), 16)) + 2.0)


def overlay(one: np.ndarray, other: np.ndarray, mine: np.ndarray, theirs: np.ndarray) -> dict | None:
    """Lays ``one`` over ``other`` by shared features; None where no geometry fits."""
    motion, inliers = cv2.estimateAffinePartial2D(
        mine, theirs, method=cv2.RANSAC, ransacReprojThreshold=4.0, maxIters=4000
    )
    if motion is None or inliers.sum() < LEAST_INLIERS:
        return None
    scale = float(np.hypot(motion[0, 0], motion[1, 0]))
    if not 0.25 < scale < 4:
        return None
    size = (other.shape[1], other.shape[0])
    laid = cv2.warpAffine(cv2.GaussianBlur(one, (0, 0), max(0.8, 0.5 / scale)), motion, size)
    covered = cv2.warpAffine(np.full(one.shape, 255, np.uint8), motion, size) > 250
    covered = cv2.erode(covered.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    smaller = min(one.size * scale**2, other.size)
    overlap = float(covered.sum() / smaller)
    if overlap < 0.1:
        return None
    a, b = detail(laid)[covered], detail(cv2.GaussianBlur(other, (0, 0), 0.8))[covered]
    correlation = float(np.corrcoef(a, b)[0, 1])
    return {"inliers": int(inliers.sum()), "scale": scale, "overlap": overlap, "correlation": correlation}


def pairs(films: list[data.Film]) -> list[dict]:
    """Every pair that shares a geometry, with what was measured."""
    cv2.setNumThreads(1)
    cv2.setRNGSeed(1)
    greys = [read(film) for film in films]
    found = [features(grey) for grey in greys]
    print(f"{sum(len(p) for p, _ in found)} features of {len(films)} films", flush=True)
    rows = []
    for (i, j), shared in proposals(found).items():
        mine = found[i][0][[a for a, _ in shared]]
        theirs = found[j][0][[b for _, b in shared]]
        laid = overlay(greys[i], greys[j], mine, theirs)
        if laid:
            rows.append({"one": films[i].id, "other": films[j].id, **laid})
    return rows


def same(row: dict) -> bool:
    """Whether what was measured of a pair says that it belongs together."""
    return (
        row["inliers"] >= LEAST_SAME_INLIERS
        and row["overlap"] >= LEAST_OVERLAP
        and row["correlation"] >= LEAST_CORRELATION
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--to", type=Path, default=configuration.MODELS / "crops.csv")
    parser.add_argument("--all", type=Path, help="also writes the pairs that were refused")
    arguments = parser.parse_args()
    config = configuration.load(arguments.config)
    configuration.need_data(config)
    films = data.manifest(config)
    rows = sorted(pairs(films), key=lambda row: (row["one"], row["other"]))
    if arguments.all:
        write(arguments.all, rows)
    kept = [row for row in rows if same(row)]
    write(arguments.to, kept)
    print(f"{len(kept)} pairs of {len(rows)}")


def write(path: Path, rows: list[dict]) -> None:
    """One pair a line."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["one", "other", "inliers", "scale", "overlap", "correlation"])
        for row in rows:
            numbers = [row["inliers"], *(f"{row[key]:.3f}" for key in ("scale", "overlap", "correlation"))]
            writer.writerow([row["one"], row["other"], *numbers])


if __name__ == "__main__":
    main()
