"""The network is VGG-16, and its file is small."""

from collections import Counter

import numpy as np
import onnx
from medchain_models import config, graph, metrics
from medchain_models.architecture import BLOCKS, STANDARD_HEAD


def weights(head: tuple[int, int], classes: int = 3) -> dict[str, np.ndarray]:
    found, inputs = {}, 3
    for block, (convolutions, outputs) in enumerate(BLOCKS, 1):
        for i in range(1, convolutions + 1):
            found[f"conv{block}_{i}.weight"] = np.zeros((outputs, inputs, 3, 3), np.float16)
            found[f"conv{block}_{i}.bias"] = np.zeros(outputs, np.float16)
            inputs = outputs
    sizes = (512 * 7 * 7, *head, classes)
    for i in (1, 2, 3):
        found[f"fc{i}.weight"] = np.zeros((sizes[i], sizes[i - 1]), np.float16)
        found[f"fc{i}.bias"] = np.zeros(sizes[i], np.float16)
    return found


def test_the_graph_has_the_nodes_of_vgg_16():
    model = graph.build(weights((256, 128)), 224, 3, "")
    count = Counter(node.op_type for node in model.graph.node)
    assert (count["Conv"], count["MaxPool"], count["Gemm"]) == (13, 5, 3)
    assert (count["Relu"], count["Softmax"]) == (15, 1)
    assert len(model.SerializeToString()) <= 48_000_000


def test_the_head_of_the_paper_and_a_fourth_class_are_options():
    model = graph.build(weights(STANDARD_HEAD, 4), 224, 4, "")
    count = Counter(node.op_type for node in model.graph.node)
    assert (count["Conv"], count["MaxPool"], count["Gemm"]) == (13, 5, 3)
    shapes = {t.name: list(t.dims) for t in model.graph.initializer}
    assert shapes["fc1.weight.f16"] == [4096, 25088] and shapes["fc3.weight.f16"] == [4, 4096]


def test_the_shipped_file_is_that_graph_in_integers():
    path = config.SHIPPED / "medchain-vgg16.onnx"
    assert path.stat().st_size <= 24_000_000
    count = Counter(node.op_type for node in onnx.load(path).graph.node)
    assert (count["QLinearConv"], count["MaxPool"], count["ConvInteger"]) == (15, 5, 1)


def test_auc_counts_ties_half():
    assert metrics.auc(np.array([1.0, 2.0]), np.array([0.0, 1.0])) == 0.875
    assert metrics.auc(np.array([1.0]), np.array([1.0])) == 0.5


def test_calibration_error_of_a_perfect_model_is_zero():
    certain = np.eye(3)
    assert metrics.ece(np.arange(3), certain) == 0.0
    assert metrics.ece(np.array([1, 1, 1]), certain) > 0.6
