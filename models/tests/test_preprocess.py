"""The integers that Rust must reproduce."""

import numpy as np
import pytest
from medchain_models import config, preprocess, synthetic


def naive(square: np.ndarray, size: int) -> np.ndarray:
    """Area resampling by counting units, one by one."""
    fine = np.kron(square.astype(np.int64), np.ones((size, size), int))
    side = square.shape[0]
    sums = fine.reshape(size, side, size, side).sum((1, 3))
    return ((2 * sums + side * side) // (2 * side * side)).astype(np.uint8)


@pytest.mark.parametrize("side", [1, 3, 7, 8, 13, 20])
def test_area_resampling_is_exact(side):
    square = np.random.default_rng(side).integers(0, 256, (side, side)).astype(np.uint8)
    assert (preprocess.resample(square, 8) == naive(square, 8)).all()


def test_weights_of_a_row_add_up_to_the_source():
    assert (preprocess.area_weights(320, 224).sum(1) == 320).all()


def test_the_centre_square_is_taken():
    image = np.arange(20).reshape(4, 5)
    assert preprocess.centre_square(image).tolist() == image[:, :4].tolist()


def test_the_mask_hides_frame_and_corners():
    hidden = preprocess.mask(224, 10, 40)
    assert hidden[9, 112] and hidden[112, 214] and hidden[10, 10] and hidden[29, 29]
    assert not hidden[10, 112] and not hidden[112, 213] and not hidden[30, 30]
    assert (hidden == hidden[::-1]).all() and (hidden == hidden.T).all()


def test_the_tensor_has_the_declared_mean():
    spec = config.load()["preprocessing"]
    square = preprocess.square_pixels(synthetic.radiograph(1, 300, 280), spec)
    tensor = preprocess.tensor(square, spec)
    assert tensor.shape == (3, 224, 224) and tensor.dtype == np.float32
    expected = (square[112, 112] / 255 - 0.485) / 0.229
    assert abs(tensor[0, 112, 112] - expected) < 1e-6
