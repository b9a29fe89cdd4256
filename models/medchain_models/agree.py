"""Comparing two runtimes' answers for the same images."""

from __future__ import annotations

LEAST_EQUAL_LABELS = 0.999
LARGEST_DIFFERENCE = 1e-3


def compare(rows: list[dict], lines: list[dict], labels: list[str]) -> dict:
    """``rows`` of ``predictions.csv`` against ``lines`` of ``medchain predict --json``."""
    ours = {row["path"]: [float(row[label]) for label in labels] for row in rows}
    same, differences = 0, []
    failed = [line["file"] for line in lines if "error" in line]
    for line in lines:
        if "error" in line:
            continue
        mine = ours[line["file"]]
        theirs = [line["probabilities"][label] for label in labels]
        same += labels[mine.index(max(mine))] == line["label"]
        differences.append(max(abs(a - b) for a, b in zip(mine, theirs)))
    answered = len(differences)
    return {
        "images": len(rows),
        "missing": len(rows) - answered - len(failed),
        "failed": failed,
        "equal_labels": same / answered if answered else 0.0,
        "largest_difference": max(differences, default=0.0),
        "mean_difference": sum(differences) / answered if answered else 0.0,
    }


def broken(found: dict, exact: bool = False) -> list[str]:
    """Which of the bounds are not met. The answers of an exact model must be equal."""
    least, largest = (1.0, 1e-9) if exact else (LEAST_EQUAL_LABELS, LARGEST_DIFFERENCE)
    wrong = []
    if found["failed"] or found["missing"]:
        wrong.append(f"{len(found['failed'])} images failed, {found['missing']} are missing")
    if found["equal_labels"] < least:
        wrong.append(f"only {found['equal_labels']:.2%} of the labels are equal")
    if found["largest_difference"] > largest:
        wrong.append(f"a probability differs by {found['largest_difference']:.2g}")
    return wrong
