"""Metrics, folds, operating point, probes and figures, on made-up numbers."""

from __future__ import annotations

import json
import xml.etree.ElementTree as xml

import numpy as np
import pytest
from medchain_models import agree, card, config as configuration, data, evaluate, folds, metrics, operate, plots, probes
from medchain_models.recipes import slug
from medchain_models.runtime import Shipped

LABELS = ["covid", "ignore", "normal"]


def answers(count: int = 90, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Truths, and logits that are mostly right."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, count)
    return truth, rng.normal(0, 1, (count, 3)) + 3.0 * np.eye(3)[truth]


def test_a_curve_goes_from_corner_to_corner():
    curve = metrics.roc(np.array([0.9, 0.8, 0.3]), np.array([0.4, 0.1]))
    assert curve[0] == [0.0, 0.0] and curve[-1] == [1.0, 1.0]
    assert metrics.roc(np.array([]), np.array([1.0])) == []


def test_reliability_counts_every_film():
    truth, logits = answers()
    bins = metrics.reliability(truth, metrics.softmax(logits))
    assert sum(films for _, _, films in bins) == len(truth)


def test_intervals_hold_the_value():
    truth, logits = answers(200)
    p = metrics.softmax(logits)
    value = metrics.table(truth, p, LABELS)
    found = metrics.intervals(truth, p, LABELS, [str(i // 2) for i in range(200)], rounds=200)
    for key in ("accuracy", "macro F1", "macro AUC (one against the rest)"):
        low, high = found[key]
        assert low <= value[key] <= high


def test_folds_of_other_sources_leave_each_out_once(hospital):
    found = folds.folds(hospital, data.films(hospital))
    assert found == [{"north", "east"}, {"south", "west"}]


def test_a_class_with_one_source_keeps_it(hospital):
    assert all("photos" not in fold for fold in folds.folds(hospital, data.films(hospital)))


def test_a_patient_in_two_splits_is_refused(hospital, tmp_path):
    lines = "id,class,source_repo,split,patient_id,path\n1,covid,a,train,p,x\n2,covid,a,test,p,y\n"
    (tmp_path / "manifest.csv").write_text(lines)
    config = hospital | {"data": hospital["data"] | {"root": tmp_path}}
    with pytest.raises(ValueError, match="stands in the splits"):
        data.films(config)


def test_the_operating_point_keeps_its_promises():
    truth, logits = answers(600)
    outside = logits.copy()
    outside[:, 0] += 2.0  # Elsewhere the network leans towards covid.
    rule = {
        "least_validation_recall": 0.8,
        "most_certain_wrong": 0.02,
        "most_validation_uncertain": 0.5,
    }
    found = operate.choose([(truth, outside)], (truth, logits), LABELS, rule)
    assert found["shift"] < 0
    wrong = found["normal called covid, certain"], found["covid called normal, certain"]
    assert max(wrong) <= 0.02 and found["validation uncertain"] <= 0.5
    moved = operate.shifted(logits, LABELS, found["shift"])
    assert min(operate.recalls(truth, moved.argmax(1), LABELS).values()) >= 0.8


def test_teachers_agree_in_the_mean_of_their_probabilities():
    sure, unsure = np.array([[4.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 0.0]])
    alone = metrics.mean_probabilities([sure], 2.0)
    assert np.allclose(alone, metrics.softmax(sure / 2))
    both = metrics.mean_probabilities([sure, unsure], 2.0)
    assert np.allclose(both, (alone + 1 / 3) / 2) and np.allclose(both.sum(1), 1)


def left_out(logits: list[list[float]]) -> dict:
    """A fold of two covid and two normal films."""
    return {
        "left out": ["north"],
        "ids": list("abcd"),
        "labels": ["covid", "covid", "normal", "normal"],
        "sources": ["north"] * 4,
        "logits": logits,
    }


def test_recipes_are_compared_by_order_and_by_certain_mistakes(hospital):
    right = left_out([[9.0, 0, 0], [5.0, 0, 0], [0, 0, 5.0], [0, 0, 9.0]])
    wrong = left_out([[9.0, 0, 0], [0, 0, 9.0], [2.0, 0, 0], [0, 0, 5.0]])
    elsewhere = right | {"left out": ["south"]}
    found = {"one": {11: [right], 12: [wrong]}, "other": {11: [right, elsewhere]}, "late": {11: [elsewhere]}}
    table = card.recipes_table(hospital, found).splitlines()
    assert table[2] == "| one | 11, 12 | 0.750 (0.500 to 1.000) | – | 0.750 | 0.500 | – |"
    assert table[3] == "| other | 11 | 1.000 | 1.000 | 1.000 | 1.000 | – |"
    assert table[4] == "| late | 11 | – | 1.000 | 1.000 | 1.000 | – |"
    operation = {"shift": 0.0, "temperature": 1.0, "confidence_threshold": 0.95}
    table = card.certain_table(hospital, found, operation).splitlines()
    assert table[2] == "| one | 11 | 1 | 0 of 2 | 0% | 0 of 2 | 0% | 0.0% |"
    assert table[3] == "| one | 12 | 1 | 1 of 2 | 0% | 0 of 2 | 50% | 50.0% |"
    assert table[4] == "| other | 11 | 2 | 0 of 4 | 0% | 0 of 4 | 0% | 0.0% |"


def test_other_seeds_do_not_move_the_operating_point(hospital, tmp_path):
    config = hospital | {"data": hospital["data"] | {"work": tmp_path}}
    recipe = config["training"]["recipe"]
    films = [f for f in data.films(config) if f.label != "ignore"]
    fold = {"left out": sorted({f.source for f in films})}
    fold |= {"ids": [f.id for f in films], "labels": [f.label for f in films], "sources": [""] * len(films)}
    truth, logits = answers(60)
    (tmp_path / "run").mkdir()
    (tmp_path / "sources").mkdir()
    stored = {"truth": truth.tolist(), "logits": logits.tolist()}
    (tmp_path / "run" / "validation-logits.json").write_text(json.dumps(stored))
    chosen = []
    right = [[9.0 * (f.label == "covid"), 0.0, 9.0 * (f.label == "normal")] for f in films]
    for seed, logits in ((11, right), (12, [[9.0, 0.0, 0.0]] * len(films))):
        said = {"recipe": recipe, "seed": seed, "logits": logits, **fold}
        (tmp_path / "sources" / f"{slug(recipe)}-{seed}-0.json").write_text(json.dumps(said))
        chosen.append(operate.run(config))
    assert len(folds.stored(config)[recipe]) == 2 and chosen[0] == chosen[1]


def test_departures_name_what_is_off():
    summary = {"metrics": {"macro F1": 0.90}}
    assert evaluate.departures(summary, {"metrics": {"macro F1": 0.91}}, {"macro F1": 0.02}) == []
    wrong = evaluate.departures(summary, {"metrics": {"macro F1": 0.96}}, {"macro F1": 0.02, "x": 1})
    assert len(wrong) == 2 and "0.900" in wrong[0]


def test_a_probe_finds_a_shortcut(hospital):
    found = probes.probe(hospital)
    assert {"north", "east"} <= set(", ".join(found["image size alone"]).split(", "))
    assert found["thumbnail, whole"]["inside"] > 0.9  # The drawings differ in brightness.
    assert found["image size alone"]["inside"] == 0.5


def test_logistic_regression_separates():
    rng = np.random.default_rng(1)
    values = rng.normal(0, 1, (200, 3))
    weights = probes.logistic(values, values[:, 1] > 0)
    assert weights[1] > 2 * abs(weights[0])


def test_figures_are_xml():
    series = [{"name": "a", "x": [0, 1], "y": [0, 1], "dots": True}]
    for text in (
        plots.lines("t", series, "x", "y", (0, 1), (0, 1)),
        plots.heat("t", [("a", np.eye(3)), ("b", np.zeros((3, 3)))], "n"),
    ):
        assert xml.fromstring(text).tag.endswith("svg")


def line(path: str, p: list[float]) -> dict:
    return {"file": path, "label": LABELS[int(np.argmax(p))], "probabilities": dict(zip(LABELS, p))}


def test_agreement_ends_with_an_error_when_a_bound_is_broken():
    rows = [{"path": str(i), "covid": 0.7, "ignore": 0.1, "normal": 0.2} for i in range(4)]
    good = [line(str(i), [0.7005, 0.0995, 0.2]) for i in range(4)]
    assert agree.broken(agree.compare(rows, good, LABELS)) == []
    assert "differs by 0.0005" in agree.broken(agree.compare(rows, good, LABELS), exact=True)[0]
    assert "missing" in agree.broken(agree.compare(rows, good[:3], LABELS))[0]
    off = good[:3] + [line("3", [0.71, 0.09, 0.2])]
    assert "differs by 0.01" in agree.broken(agree.compare(rows, off, LABELS))[0]
    other = good[:3] + [line("3", [0.2, 0.1, 0.7])]
    assert "labels" in agree.broken(agree.compare(rows, other, LABELS))[0]
    failed = good[:3] + [{"file": "3", "error": "truncated"}]
    assert "1 images failed" in agree.broken(agree.compare(rows, failed, LABELS))[0]


def test_a_summary_has_a_line_for_every_source(hospital):
    films = [f for f in data.films(hospital) if f.split == "test"]
    truth = np.array([LABELS.index(f.label) for f in films])
    shipped = Shipped.__new__(Shipped)
    shipped.spec = {"labels": LABELS, "confidence_threshold": 0.9}
    summary = evaluate.summarise(shipped, films, np.eye(3)[truth] * 0.7 + 0.1, rounds=5)
    assert summary["metrics"]["macro F1"] == 1.0 and summary["uncertain"] == 1.0
    assert set(summary["by source"]) == {
        "covid / north", "covid / south", "ignore / photos", "normal / east", "normal / west"
    }
    assert "| covid / north | 4 | 4 | 0 | 0 | 4 |" in evaluate.tables(summary)["source_table"]
    given = evaluate.answers_given(summary, LABELS)
    assert given == {"covid": 8, "ignore": 4, "normal": 8, "uncertain": 20}


def test_answers_are_counted_as_the_card_counts_films(hospital):
    films = [f for f in data.films(hospital) if f.split == "test"]
    rng = np.random.default_rng(3)
    found = metrics.softmax(rng.normal(0, 3, (len(films), 3)))
    labels = ["covid", "ignore"]  # Films of other classes have no place in the tables.
    shipped = Shipped.__new__(Shipped)
    shipped.spec = {"labels": labels, "confidence_threshold": 0.9}
    summary = evaluate.summarise(shipped, films, found[:, :2], rounds=5)
    given = evaluate.answers_given(summary, labels)
    assert given["covid"] + given["ignore"] == summary["films"] == 12
    assert given["uncertain"] == round(summary["uncertain"] * summary["films"])


def test_the_shipped_shares_are_those_of_the_card_and_of_the_shipped_file():
    published = json.loads((configuration.SHIPPED / "metrics.json").read_text())
    text = (configuration.SHIPPED / "medchain-vgg16.shares.json").read_text()
    assert text == card.shares(configuration.SHIPPED, "medchain-vgg16", published)
    counts = json.loads(text)["answers"]
    uncertain = counts.pop("uncertain")
    assert sum(counts.values()) == published["films"]
    said = f"a film is uncertain: {uncertain / published['films']:.1%} of these are."
    assert said in (configuration.SHIPPED / "MODEL_CARD.md").read_text()
