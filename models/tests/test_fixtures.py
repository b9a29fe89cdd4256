"""The committed fixtures are those that this package writes."""

import hashlib
import json

import pytest
from medchain_models import config, fixtures, preprocess
from medchain_models.runtime import Shipped

EXPECTED = json.loads((fixtures.FOLDER / "expected.json").read_text())


@pytest.fixture(scope="module")
def shipped():
    return Shipped(config.SHIPPED)


def test_the_fixtures_belong_to_the_shipped_model(shipped):
    digest = hashlib.sha256(shipped.path.read_bytes()).hexdigest()
    assert EXPECTED["model_sha256"] == digest


@pytest.mark.parametrize("name", sorted(EXPECTED["images"]))
def test_a_fixture_gives_what_is_written(shipped, name):
    found = fixtures.expectation(shipped, config.load(), (fixtures.FOLDER / name).read_bytes())
    expected = EXPECTED["images"][name]
    assert found["grey_sha256"] == expected["grey_sha256"]
    assert found["square_sha256"] == expected["square_sha256"]
    assert found["logits"] == expected["logits"]
    assert found["output"] == expected["output"]


def test_a_drawing_is_decoded_as_drawn():
    data = fixtures.images()["grey8.png"]
    assert preprocess.decode(data).shape == (288, 320)
