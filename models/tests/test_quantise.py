"""A float network becomes one of integers that answers nearly the same."""

import numpy as np
import onnxruntime
import pytest
from medchain_models import exact, graph, quantise
from medchain_models.onelayer import OneLayer

SIZE = 16


def layers(seed: int) -> list:
    """Two convolutions, one of them pooled, and two fully connected layers."""
    chance = np.random.default_rng(seed)
    shapes = [("conv1_1", 8, 1, 3, False), ("conv1_2", 12, 8, 3, True), ("fc1", 6, 12, 8, False), ("fc2", 3, 6, 1, False)]
    found = []
    for name, outputs, inputs, side, pool in shapes:
        scale = (1 if inputs > 1 else 1 / 128) / np.sqrt(inputs * side * side)
        weights = chance.normal(0, scale * np.sqrt(2), (outputs, inputs, side, side))
        found.append((name, weights, chance.normal(0, 0.1, outputs), pool))
    return found


def squares(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, SIZE, SIZE)).astype(np.uint8)


def float_logits(network: list, films: np.ndarray) -> np.ndarray:
    real = films[:, None].astype(np.float32)
    for number, (_, weights, biases, pool) in enumerate(network):
        border = quantise.BORDER if number == 0 else 0
        real = OneLayer(weights.shape, border, integers=False)(real, weights.astype(np.float32))
        real = real + biases.astype(np.float32)[:, None, None]
        if number < len(network) - 1:
            real = np.maximum(real, 0)
        if pool:
            real = quantise.pooled(real)
    return real[:, :, 0, 0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_onnx_file_answers_as_the_float_network(seed):
    network = layers(seed)
    network_of_integers = quantise.quantise(network, squares(24, seed))
    model = graph.build_exact(network_of_integers, SIZE, quantise.LIMIT, "")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    films = squares(16, seed + 100)
    found = np.stack([session.run(None, {"image": f[None, None]})[0][0] for f in films])
    found = found * network_of_integers.scale
    expected = float_logits(network, films)
    assert np.sqrt(((found - expected) ** 2).mean()) < 0.06 * expected.std()


def test_weights_fit_the_transform_of_the_fast_kernel():
    for layer in quantise.quantise(layers(4), squares(8, 4)).layers[1:2]:
        a, b, c = np.moveaxis(layer.weights.astype(int), -1, 0)
        for sums in (2 * a, 2 * c, a + b + c, a - b + c):
            assert np.abs(sums).max() <= 127


def test_rounding_is_to_the_nearest_and_the_even_one_of_two():
    sums = np.array([-2, 1, 2, 3, 5, 6, 7, 9, 10, 4000], np.int32).reshape(-1, 1, 1)
    rounded = quantise.activations(sums, np.full(10, 2), 127)
    assert rounded.ravel().tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 2, 127]
    assert quantise.activations(sums[:5], np.zeros(5, np.int64), 127).ravel().tolist() == [0, 1, 2, 3, 5]


def test_the_integer_softmax_is_that_of_floats():
    chance = np.random.default_rng(5)
    for _ in range(200):
        logits = chance.integers(-30_000, 30_000, 3)
        steps = np.array(exact.output(logits.tolist(), 756_388))
        assert steps.sum() == exact.STEPS
        expected = exact.probabilities(logits, 756_388)
        assert np.abs(steps / exact.STEPS - expected).max() < 1.1e-4
    assert exact.output([5, 9, 9], 1 << 32)[1] > exact.output([5, 9, 9], 1 << 32)[0]
