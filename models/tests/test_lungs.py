"""A crop around the lungs, on drawings."""

import json

import numpy as np
import pytest
from medchain_models import config, lungs, preprocess, synthetic


def chest(lifted: int = 0) -> np.ndarray:
    """A bright trunk on black, with two dark lungs that touch no edge."""
    film = np.zeros((64, 64), np.uint8)
    film[:, 8:56] = 180
    film[18 - lifted : 44 - lifted, 16:28] = 60
    film[18 - lifted : 44 - lifted, 36:48] = 70
    return film


def test_the_crop_is_the_square_around_both_lungs():
    # 32 columns with 3 pixels on either side are less than three fifths, which it is at least.
    assert lungs.box(chest()) == (11, 12, 39)
    assert lungs.box(chest(lifted=12)) == (0, 12, 39)


def test_air_beside_the_body_is_no_lung():
    dark = chest() < 100
    found = lungs.reached(dark)
    assert found[:, :8].all() and not found[18:44, 16:28].any()


def test_nothing_is_cropped_where_no_lungs_are_found():
    for film in (np.zeros((64, 64), np.uint8), np.full((64, 64), 200, np.uint8), np.eye(64, dtype=np.uint8)):
        assert lungs.box(film) == (0, 0, 64)
    one = chest()
    one[:, 32:] = 180
    assert lungs.box(one) == (0, 0, 64)


@pytest.mark.parametrize("side", [1, 5, 63, 300])
def test_a_film_of_any_size_has_a_square_crop(side):
    square = synthetic.radiograph(2, side, side)
    part = preprocess.cropped(square, "lungs")
    assert part.shape[0] == part.shape[1] and 5 * part.shape[0] >= 3 * side - 5 and part.size


def test_the_crop_of_the_shipped_model_is_the_centre_square():
    spec = json.loads((config.SHIPPED / "medchain-vgg16.json").read_text())
    film = synthetic.radiograph(1, 80, 70)
    assert (preprocess.cropped(film, spec["crop"]) == preprocess.centre_square(film)).all()
    with pytest.raises(ValueError, match="unknown"):
        preprocess.cropped(film, "lung")
