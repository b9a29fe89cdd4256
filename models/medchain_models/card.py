"""``python -m medchain_models.card``: the model card from what was measured.

Numbers come from the work folder alone: ``evaluation.json`` (evaluate),
``sources/`` (sources), ``probes.json``, ``attention.json``, ``run/``. Prose
comes from ``card_template.md`` and ``card_notes.toml``, which a person writes
after reading the numbers. Figures go into ``card/`` beside the model. Needs no
torch.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np

from . import config as configuration
from . import data, evaluate, folds, metrics, operate, plots
from .evaluate import markdown

# The share of films on which recipes are compared whatever their thresholds would be.
SUREST = 0.4


def data_table(films: list[data.Film]) -> str:
    """Films by class, source and split."""
    count = Counter((f.label, f.source, f.split) for f in films)
    keys = sorted({(f.label, f.source) for f in films})
    return markdown(
        ["class", "source", "train", "val", "test"],
        [[*key, *(count[(*key, split)] for split in ("train", "val", "test"))] for key in keys],
    )


def copies_text(config: dict) -> str:
    """What ``crops`` found, and which films are left out."""
    before = {film.id: film for film in data.manifest(config)}
    pairs = [(before[a], before[b]) for a, b in data.crops(config) if a in before and b in before]
    text = ""
    if pairs:
        moved = Counter(before[f.id].split for f in data.films(config) if f.split != before[f.id].split)
        new = sum(a.group != b.group for a, b in pairs)
        across = sum(a.split != b.split for a, b in pairs)
        text = (
            f"Films of one collection are crops of films in another, with other contrast and letters, "
            f"which no hash finds. `crops.py` found {len(pairs)} pairs of films that belong together: a "
            f"film and its crop, films of one person, documents of one form. {new} of them were in no "
            f"common group before, {across} in two splits. {sum(moved.values())} films changed their "
            f"split for it, {moved['test']} of them left the test split."
        )
    left_out = config["data"].get("left_out", [])
    if left_out:
        text += f"\n\n{len(left_out)} films are left out because their label is wrong:\n\n"
        text += "\n".join(f"- `{one['id']}`: {one['why']}" for one in left_out)
    return text.strip()


class Decided:
    """One fold, decided as the exported model decides."""

    def __init__(self, config: dict, fold: dict, operation: dict):
        self.labels = config["model"]["labels"]
        self.truth, self.source = np.array(fold["labels"]), np.array(fold["sources"])
        self.logits = operate.shifted(np.array(fold["logits"]), self.labels, operation["shift"])
        probabilities = metrics.softmax(self.logits / operation["temperature"])
        self.certain = probabilities.max(1) >= operation["confidence_threshold"]
        self.guess = np.array(self.labels)[probabilities.argmax(1)]
        self.sureness = probabilities.max(1)
        self.left_out = ", ".join(fold["left out"])
        self.groups = fold["ids"]

    def wrong_of_surest(self, share: float) -> float:
        """Of the covid and normal films that it is surest of, which share is wrong."""
        asked = np.flatnonzero((self.truth == "covid") | (self.truth == "normal"))
        surest = asked[np.argsort(-self.sureness[asked], kind="stable")][: round(share * len(asked))]
        return float((self.guess != self.truth)[surest].mean()) if len(surest) else float("nan")


def folds_table(config: dict, found: list[dict], operation: dict) -> str:
    """One line a fold."""
    body = []
    for fold in found:
        one = Decided(config, fold, operation)
        covid, normal = one.truth == "covid", one.truth == "normal"
        scores = folds.contrast(one.logits, one.labels)
        low, high = area_interval(scores[covid], scores[normal])
        wrong = normal & (one.guess == "covid")
        body.append(
            [
                one.left_out,
                f"{metrics.auc(scores[covid], scores[normal]):.3f} ({low:.3f} to {high:.3f})",
                f"{covid.sum()} / {normal.sum()}",
                *(_share(one.guess[one.truth == label] == label, 3) for label in one.labels),
                _share(~one.certain[normal]),
                f"{(wrong & one.certain).sum()} of {normal.sum()}",
            ]
        )
    header = ["left out", "AUC covid against normal", "films covid / normal"]
    header += [*(f"recall {label}" for label in config["model"]["labels"])]
    return markdown(header + ["normal uncertain", "normal called covid, certain"], body)


def left_out_table(config: dict, found: list[dict], operation: dict) -> str:
    """One line for every source, class and fold in which it was left out."""
    body = []
    for fold in found:
        one = Decided(config, fold, operation)
        scores = folds.contrast(one.logits, one.labels)
        for label, source in sorted(set(zip(one.truth, one.source))):
            inside = (one.truth == label) & (one.source == source)
            called = [(one.guess[inside] == other).sum() for other in one.labels]
            area = "–"
            rival = {"covid": "normal", "normal": "covid"}.get(label)
            if rival and (one.truth == rival).any():
                pair = scores[inside], scores[one.truth == rival]
                area = f"{metrics.auc(*(pair if label == 'covid' else pair[::-1])):.3f}"
            body.append(
                [label, source, inside.sum(), area, *called, _share(~one.certain[inside])]
                + [(one.certain & inside & (one.guess != one.truth)).sum()]
            )
    body.sort(key=lambda line: line[:2])
    header = ["class", "left-out source", "films", "AUC against the other left-out class"]
    header += [f"called {label}" for label in config["model"]["labels"]]
    return markdown(header + ["uncertain", "wrong and certain"], body)


def area_interval(positive, negative, rounds: int = 500) -> tuple[float, float]:
    """95 % bootstrap interval of an AUC, over films."""
    rng = np.random.default_rng(1)
    draws = [
        metrics.auc(rng.choice(positive, len(positive)), rng.choice(negative, len(negative)))
        for _ in range(rounds)
    ]
    return float(np.nanpercentile(draws, 2.5)), float(np.nanpercentile(draws, 97.5))


def _share(values: np.ndarray, digits: int = 0) -> str:
    if not len(values):
        return "–"
    return f"{values.mean():.0%}" if digits == 0 else f"{values.mean():.{digits}f}"


def recipes_table(config: dict, found: dict[str, dict[int, list[dict]]]) -> str:
    """Every recipe on the same folds: the AUC of each, with its range over seeds, and means."""
    places = max((rows for seeds in found.values() for rows in seeds.values()), key=len, default=[])
    places = [fold["left out"] for fold in places]
    body = []
    for name, seeds in found.items():
        flat = [folds.score(config, fold) for rows in seeds.values() for fold in rows]
        by_fold = [[score["AUC"] for score in flat if score["left out"] == place] for place in places]
        areas = np.array([score["AUC"] for score in flat])
        ignore = np.array([s["recall ignore"] for s in flat if s["recall ignore"] is not None])
        cells = [_share(areas, 3), f"{areas.min():.3f}", _share(ignore, 3)]
        body.append([name, ", ".join(map(str, seeds)), *map(_mean_and_range, by_fold), *cells])
    header = ["recipe", "seeds", *(f"fold {n + 1}" for n in range(len(places)))]
    return markdown(header + ["mean AUC", "lowest AUC", "mean recall ignore"], body)


def _mean_and_range(values: list[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.3f}" if values else "–"
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def certain_table(config: dict, found: dict[str, dict[int, list[dict]]], operation: dict) -> str:
    """Every recipe's mistakes on left-out covid and normal films: those at the shipped operating
    point, a line a seed, and those among the surest, which depend on no threshold."""
    body = []
    for name, seeds in found.items():
        for seed, rows in seeds.items():
            decided = [Decided(config, fold, operation) for fold in rows]
            cells = []
            for truth, called in (("covid", "normal"), ("normal", "covid")):
                inside = np.concatenate([one.truth == truth for one in decided])
                wrong = np.concatenate([one.certain & (one.guess == called) for one in decided])
                certain = np.concatenate([one.certain for one in decided])
                cells += [f"{(wrong & inside).sum()} of {inside.sum()}", _share(~certain[inside])]
            surest = np.mean([one.wrong_of_surest(SUREST) for one in decided])
            body.append([name, seed, len(rows), *cells, f"{surest:.1%}"])
    header = ["recipe", "seed", "folds", "covid called normal, certain", "covid uncertain"]
    header += ["normal called covid, certain", "normal uncertain"]
    return markdown(header + [f"wrong of the surest {SUREST:.0%}, mean of the folds"], body)


def probes_table(found: dict[str, dict]) -> str:
    """AUC of covid against normal without seeing a lung."""
    columns = list(next(iter(found.values())))
    body = [[name, *(f"{row[c]:.3f}" if c in row else "–" for c in columns)] for name, row in found.items()]
    header = ["internal test" if c == "inside" else f"left out: {c}" for c in columns]
    return markdown(["what is seen", *header], body)


def attention_table(found: dict[str, dict]) -> str:
    """How much of the mean map lies on masked places."""
    body = [[key, one["films"], f"{one['masked']:.0%}"] for key, one in found.items()]
    return markdown(["class / source", "films", "of the map on masked places"], body)


def figures(summary: dict, found: list[dict], config: dict, work: Path) -> dict[str, str]:
    """File names and SVG texts."""
    labels = summary["labels"]
    curves = [{"name": "chance", "x": [0, 1], "y": [0, 1], "dashed": True, "colour": "#999"}]
    roc = [
        {"name": f"{label} against the rest", "x": [p[0] for p in points], "y": [p[1] for p in points]}
        for label, points in summary["roc"].items()
    ]
    out = {
        "roc.svg": plots.lines(
            "Internal test (confounded)", roc + curves, "false positive rate", "recall", (0, 1), (0, 1)
        )
    }
    outside = []
    for number, fold in enumerate(found, 1):
        truth, scores = np.array(fold["labels"]), folds.contrast(np.array(fold["logits"]), labels)
        points = metrics.roc(scores[truth == "covid"], scores[truth == "normal"])
        x, y = [p[0] for p in points], [p[1] for p in points]
        outside.append({"name": f"fold {number}: covid against normal", "x": x, "y": y})
    if outside:
        title, axes = "Sources never trained on", ("false positive rate", "recall", (0, 1), (0, 1))
        out["roc-left-out.svg"] = plots.lines(title, outside + curves, *axes)
    bins = summary["reliability"]
    model = {"name": "network", "x": [b[0] for b in bins], "y": [b[1] for b in bins], "dots": True}
    perfect = curves[0] | {"name": "perfectly calibrated"}
    axes = ("top probability", "share that is right", (0, 1), (0, 1))
    out["reliability.svg"] = plots.lines("Internal test (confounded)", [model, perfect], *axes)
    losses = training_curves(work / "run" / "curves.jsonl")
    if losses:
        last = max(max(one["x"]) for one in losses)
        top = max(max(one["y"]) for one in losses)
        ranges = (1, max(2, last)), (0, top)
        out["training.svg"] = plots.lines("Training loss", losses, "epoch", "loss", *ranges)
    path = work / "attention.json"
    if path.exists():
        maps = [(key, np.array(one["map"])) for key, one in json.loads(path.read_text()).items()]
        note = "Mean Grad-CAM of the true class over validation films; each map to its own scale."
        out["attention.svg"] = plots.heat("Where the network looks", maps, note)
    return out


def training_curves(path: Path) -> list[dict]:
    """One series a phase and seed."""
    series: dict[str, dict] = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        row = json.loads(line)
        name = f"{row['phase']}, seed {row['seed']}" if "seed" in row else row["phase"]
        one = series.setdefault(name, {"name": name, "x": [], "y": [], "dots": True})
        one["x"].append(row["epoch"])
        one["y"].append(row["loss"])
    return list(series.values())


def build(config: dict, model: Path) -> tuple[str, dict[str, str]]:
    """The card's text and its figures."""
    work, name = config["data"]["work"], config["model"]["name"]
    spec = json.loads((model / f"{name}.json").read_text())
    onnx = (model / f"{name}.onnx").read_bytes()
    summary = json.loads((work / "evaluation.json").read_text())
    operation = json.loads((work / "run" / "operation.json").read_text())
    notes = tomllib.loads(_prose(config, "card_notes.toml"))["text"]
    stored = folds.stored(config)
    seeds = stored.get(config["training"]["recipe"], {})
    found = seeds.get(config["training"]["seeds"][0], [])

    def optional(file: str, table) -> str:
        path = work / file
        return table(json.loads(path.read_text())) if path.exists() else "Not measured."

    films = data.films(config)
    text = _prose(config, "card_template.md").format(
        version=spec["version"],
        bytes=f"{len(onnx):,}",
        sha256=hashlib.sha256(onnx).hexdigest(),
        head=" and ".join(map(str, config["model"]["head"])),
        preprocessing=spec["id"],
        labels=", ".join(spec["labels"]),
        temperature=spec["temperature"],
        shift=operation["shift"],
        threshold=spec["confidence_threshold"],
        recipe=config["training"]["recipe"],
        films=f"{len(films):,}",
        data_table=data_table(films),
        copies_text=copies_text(config),
        **evaluate.tables(summary),
        folds_table=folds_table(config, found, operation),
        left_out_table=left_out_table(config, found, operation),
        recipes_table=recipes_table(config, stored),
        certain_table=certain_table(config, stored, operation),
        probes_table=optional("probes.json", probes_table),
        attention_table=optional("attention.json", attention_table),
        **{key: value.strip() for key, value in notes.items()},
    )
    return text, figures(summary, found, config, work)


def _prose(config: dict, name: str) -> str:
    """A file beside the configuration, else the one of this repository."""
    beside = config["path"].parent / name
    return (beside if beside.exists() else configuration.MODELS / name).read_text(encoding="utf-8")


def main() -> None:
    """Writes ``MODEL_CARD.md``, ``metrics.json``, the shares and the figures beside the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--model", type=Path, default=configuration.SHIPPED)
    arguments = parser.parse_args()
    config = configuration.load(arguments.config)
    run(config, arguments.model)
    print(arguments.model / "MODEL_CARD.md")


def run(config: dict, model: Path) -> None:
    """Writes the card into the model's folder."""
    text, drawn = build(config, model)
    (model / "MODEL_CARD.md").write_text(text, encoding="utf-8")
    (model / "card").mkdir(exist_ok=True)
    for name, svg in drawn.items():
        (model / "card" / name).write_text(svg, encoding="utf-8")
    summary = json.loads((config["data"]["work"] / "evaluation.json").read_text())
    kept = {key: summary[key] for key in ("films", "metrics", "intervals", "confusion", "by source")}
    (model / "metrics.json").write_text(json.dumps(kept, indent=1) + "\n")
    name = config["model"]["name"]
    (model / f"{name}.shares.json").write_text(shares(model, name, summary))


def shares(model: Path, name: str, summary: dict) -> str:
    """``NAME.shares.json``: what the worker's drift alarm expects of just this ONNX file."""
    spec = json.loads((model / f"{name}.json").read_text())
    found = {
        "model": spec["model"],
        "version": spec["version"],
        "sha256": hashlib.sha256((model / f"{name}.onnx").read_bytes()).hexdigest(),
        "answers": evaluate.answers_given(summary, spec["labels"]),
    }
    return json.dumps(found, indent=2) + "\n"


if __name__ == "__main__":
    main()
