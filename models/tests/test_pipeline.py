"""From a folder of images to an evaluated ONNX file, in miniature."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest

pytest.importorskip("torch", reason="training needs requirements.lock")

import torch  # noqa: E402
from medchain_models import attention, card, evaluate, export, fit, operate, sources, train  # noqa: E402
from medchain_models.recipes import RECIPES, Recipe  # noqa: E402


@pytest.fixture(scope="module")
def trained(hospital):
    """The configuration after training, folds, operating point and export."""
    torch.set_num_threads(2)
    recipe = hospital["training"]["recipe"]
    train.run(hospital, RECIPES[recipe])
    sources.run(hospital, [recipe])
    operate.run(hospital)
    work = hospital["data"]["work"]
    state = torch.load(work / "run" / "top.pt", weights_only=True)
    operation = json.loads((work / "run" / "operation.json").read_text())
    export.export(hospital, state, operation, work / "export")
    return hospital


def test_the_exported_file_is_evaluated_and_has_a_card(trained):
    work = trained["data"]["work"]
    summary = evaluate.run(trained, work / "export", rounds=20)
    assert summary["films"] == 20
    attention.run(trained)
    card.run(trained, work / "export")
    text = (work / "export" / "MODEL_CARD.md").read_text()
    assert "Not for clinical use" in text and "north" in text
    drawn = {path.name for path in (work / "export" / "card").iterdir()}
    assert {"roc.svg", "reliability.svg", "training.svg", "attention.svg"} <= drawn
    counts = json.loads((work / "export" / "medchain-vgg16.shares.json").read_text())["answers"]
    assert sum(counts.values()) - counts["uncertain"] == 20
    published = json.loads((work / "export" / "metrics.json").read_text())
    assert evaluate.departures(summary, published, trained["reproduction"]) == []


def test_onnxruntime_computes_what_torch_computed(trained):
    from medchain_models import data, features, preprocess
    from medchain_models.network import Trunk
    from medchain_models.runtime import Shipped

    work = trained["data"]["work"]
    operation = json.loads((work / "run" / "operation.json").read_text())
    film = next(f for f in data.films(trained) if f.split == "test")
    pixels = features.pixels(film, 0, trained)
    tensor = torch.from_numpy(preprocess.tensor(pixels, trained["preprocessing"]))[None]
    top = fit.new_top(trained, Recipe(), 0)
    top.load_state_dict(torch.load(work / "run" / "top.pt", weights_only=True))
    with torch.inference_mode():
        logits = top.eval()(Trunk(trained["data"]["convolutions"])(tensor).to(fit.device())).cpu().numpy()
    logits = operate.shifted(logits, trained["model"]["labels"], operation["shift"])
    expected = np.exp(logits[0] / operation["temperature"])
    expected /= expected.sum()
    found = Shipped(work / "export").predict(film.path.read_bytes())
    assert np.allclose(found, expected, atol=5e-3)


def test_a_finished_training_is_not_done_again(trained):
    work = trained["data"]["work"]
    before = (work / "run" / "curves.jsonl").read_text()
    train.run(trained, RECIPES[trained["training"]["recipe"]])
    assert (work / "run" / "curves.jsonl").read_text() == before


def test_a_fourth_class_is_a_matter_of_configuration(trained, tmp_path):
    config = trained | {"model": trained["model"] | {"labels": ["covid", "ignore", "normal", "pneumonia"]}}
    top = fit.new_top(config, Recipe(), 1)
    operation = {"shift": 0.0, "temperature": 1.0, "confidence_threshold": 0.5}
    export.export(config, top.state_dict(), operation, tmp_path)
    model = onnx.load(tmp_path / "medchain-vgg16.onnx")
    assert model.graph.output[0].type.tensor_type.shape.dim[1].dim_value == 4


def test_a_crop_that_no_worker_knows_is_not_exported(trained):
    config = trained | {"preprocessing": trained["preprocessing"] | {"crop": "lungs"}}
    with pytest.raises(SystemExit, match="experiment that no worker computes"):
        export.specification(config, {"temperature": 1.0, "confidence_threshold": 0.5})


def test_every_recipe_takes_a_step(trained):
    films, _ = train.cached(trained, 1)
    quick = trained | {"training": trained["training"] | {"batch": 30}}
    for recipe in (Recipe(adversary=0.1), Recipe(styles=1.0), Recipe(pneumonia="doubt", tail=False), Recipe(teachers=2)):
        chosen = train.rows(quick, films, recipe)
        top = train.network(quick, films, chosen, recipe, [1, 2], lambda row: None)
        assert np.isfinite(fit.logits(top, films.copies[0], chosen)).all()


def test_a_pupil_learns_what_its_teachers_say_of_every_copy(trained):
    films, _ = train.cached(trained, 1)
    recipe = Recipe(teachers=2, trust=1.0)
    chosen = train.rows(trained, films, recipe)
    teachers = [fit.new_top(trained, recipe, seed).eval() for seed in (1, 2)]
    said = fit.teach(teachers, films, chosen, recipe)
    assert said.shape == (2, len(chosen), 3) and np.allclose(said.sum(2), 1, atol=1e-5)
    batch = fit.Sampler(trained, films, chosen, recipe, 1, said).draw(4)
    places = np.searchsorted(chosen, batch.rows)
    assert np.allclose(batch.taught.cpu().numpy(), said[batch.copies, places])
    # A pupil that says the same is at the smallest loss, and has nothing to learn.
    scores = (2 * batch.taught.log()).requires_grad_()
    fit.from_teachers(scores, batch.taught, 2.0).backward()
    assert scores.grad.abs().max() < 1e-5


def test_a_reversed_gradient_points_the_other_way():
    value = torch.ones(2, requires_grad=True)
    fit.Reverse.apply(value, 0.5).sum().backward()
    assert value.grad.tolist() == [-0.5, -0.5]


def test_exchanged_styles_keep_the_shape_and_the_range():
    features = torch.rand(6, 4, 3, 3)
    mixed = fit.exchange_styles(features, np.random.default_rng(1))
    assert mixed.shape == features.shape and (mixed >= 0).all()
