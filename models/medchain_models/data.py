"""The manifest: which image belongs to which class, source, patient and split.

Any folder works that has a CSV with the columns ``id``, ``class``,
``source_repo``, ``split`` and, where known, ``patient_id`` and ``group`` (films
that belong together, such as copies in two archives), and either ``path`` or the layout
``<split>/<class>/<id>`` with the ending of an image, or none, as DICOM files have it. What a
file is, its content decides (``preprocess.py``).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

# Of files whose place the manifest does not name, the first that is there.
ENDINGS = (
    ".jpg", ".jpeg", ".png", ".dcm", ".dicom", "", ".tif", ".tiff", ".jp2", ".j2k", ".webp",
    ".bmp", ".pgm", ".ppm", ".pnm",
)


@dataclass(frozen=True)
class Film:
    """One image of the manifest."""

    id: str
    label: str
    source: str
    split: str
    patient: str
    group: str
    path: Path


def films(config: dict) -> list[Film]:
    """Every film that counts, in a fixed order; what belongs together is in one split."""
    found = manifest(config)
    _check_splits(found)
    return together(found, crops(config))


def manifest(config: dict) -> list[Film]:
    """Every image of the manifest but those that the configuration leaves out."""
    root = config["data"]["root"]
    known = set(config["model"]["labels"]) | set(config["model"]["auxiliary"])
    left_out = {one["id"] for one in config["data"].get("left_out", [])}
    found = []
    with open(root / config["data"]["manifest"], newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["class"] not in known or row["id"] in left_out:
                continue
            found.append(
                Film(
                    id=row["id"],
                    label=row["class"],
                    source=short_source(row["source_repo"]),
                    split=row["split"],
                    patient=row.get("patient_id", ""),
                    group=row.get("group", "") or row["id"],
                    path=_path(root, row),
                )
            )
    return sorted(found, key=lambda film: film.id)


def crops(config: dict) -> list[tuple[str, str]]:
    """Pairs of ids that ``crops`` found."""
    if not config["data"].get("crops"):
        return []
    with open(config["path"].parent / config["data"]["crops"], newline="", encoding="utf-8") as file:
        return [(row["one"], row["other"]) for row in csv.DictReader(file)]


def together(films: list[Film], pairs: list[tuple[str, str]]) -> list[Film]:
    """Joins the groups of pairs and of patients, and puts each joined group into one split.

    That is the training split if one of its films is there, or else the validation
    split: a network that learned from the old splits has then seen no test film.
    """
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    def join(one: str, other: str) -> None:
        first, last = sorted((root(one), root(other)))
        parent[last] = first

    group = {film.id: film.group for film in films}
    for film in films:
        if film.patient:
            join(film.group, f"~{film.source}/{film.patient}")
    for one, other in pairs:
        if one in group and other in group:
            join(group[one], group[other])
    splits: dict[str, set[str]] = {}
    for film in films:
        splits.setdefault(root(film.group), set()).add(film.split)
    rank = ("train", "val", "test")
    return [
        replace(film, group=root(film.group), split=min(splits[root(film.group)], key=rank.index))
        for film in films
    ]


def _check_splits(films: list[Film]) -> None:
    """No patient and no group of look-alikes may stand in two splits of the manifest."""
    first: dict[tuple[str, str], str] = {}
    for film in films:
        keys = [("", film.group)] + ([(film.source, film.patient)] if film.patient else [])
        for key in keys:
            if first.setdefault(key, film.split) != film.split:
                raise ValueError(f"{key[1]} stands in the splits {first[key]} and {film.split}")


def short_source(source: str) -> str:
    """``github:owner/name`` to ``owner``; other names stay."""
    return source.removeprefix("github:").split("/")[0]


def _path(root: Path, row: dict) -> Path:
    if row.get("path"):
        return root / row["path"]
    base = root / row["split"] / row["class"] / row["id"]
    for ending in ENDINGS:
        candidate = base.with_name(base.name + ending)
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"no image for {row['id']} at {base}, nor with the ending of an image")
