"""The manifest: which image belongs to which class, source, patient and split.

Any folder works that has a CSV with the columns ``id``, ``class``,
``source_repo``, ``split`` and, where known, ``patient_id`` and ``group`` (films
that belong together, such as copies in two archives), and either ``path`` or the layout
``<split>/<class>/<id>.(jpg|png)``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path


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
    """Every image of the manifest, in a fixed order."""
    root = config["data"]["root"]
    known = set(config["model"]["labels"]) | set(config["model"]["auxiliary"])
    found = []
    with open(root / config["data"]["manifest"], newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["class"] not in known:
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
    found.sort(key=lambda film: film.id)
    _check_splits(found)
    return found


def _check_splits(films: list[Film]) -> None:
    """No patient and no group of look-alikes may stand in two splits."""
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
    for ending in (".jpg", ".jpeg", ".png"):
        candidate = base.with_suffix(ending)
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"no image for {row['id']} at {base}.*")
