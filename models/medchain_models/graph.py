"""VGG-16 as an ONNX graph, written node by node.

Weights are stored as float16 and cast to float32 when the model is loaded, so
the file is half as large and all arithmetic is float32.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .architecture import BLOCKS

OPSET = 13


def build(weights: dict[str, np.ndarray], size: int, classes: int, doc: str) -> onnx.ModelProto:
    """The graph from ``image`` (1, 3, size, size) to ``probabilities`` (1, classes).

    ``weights`` has ``convB_I.weight``/``.bias`` and ``fc1..3.weight``/``.bias``.
    """
    nodes: list[onnx.NodeProto] = []
    stored: list[onnx.TensorProto] = []

    def constant(name: str) -> str:
        value = np.ascontiguousarray(weights[name], dtype=np.float16)
        if not np.isfinite(value).all():
            raise ValueError(f"{name} does not fit into float16")
        stored.append(numpy_helper.from_array(value, f"{name}.f16"))
        nodes.append(helper.make_node("Cast", [f"{name}.f16"], [name], to=TensorProto.FLOAT))
        return name

    at = "image"
    for block, (convolutions, _) in enumerate(BLOCKS, 1):
        for i in range(1, convolutions + 1):
            name = f"conv{block}_{i}"
            inputs = [at, constant(f"{name}.weight"), constant(f"{name}.bias")]
            nodes.append(
                helper.make_node("Conv", inputs, [name], name, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
            )
            nodes.append(helper.make_node("Relu", [name], [f"{name}.relu"], f"{name}.relu"))
            at = f"{name}.relu"
        pool = f"pool{block}"
        nodes.append(
            helper.make_node("MaxPool", [at], [pool], pool, kernel_shape=[2, 2], strides=[2, 2])
        )
        at = pool
    nodes.append(helper.make_node("Flatten", [at], ["flat"], "flat", axis=1))
    at = "flat"
    for i in (1, 2, 3):
        name = f"fc{i}"
        inputs = [at, constant(f"{name}.weight"), constant(f"{name}.bias")]
        nodes.append(helper.make_node("Gemm", inputs, [name], name, transB=1))
        at = name
        if i < 3:
            nodes.append(helper.make_node("Relu", [name], [f"{name}.relu"], f"{name}.relu"))
            at = f"{name}.relu"
    nodes.append(helper.make_node("Softmax", [at], ["probabilities"], "probabilities", axis=1))
    graph = helper.make_graph(
        nodes,
        "medchain-vgg16",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, size, size])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, classes])],
        stored,
        doc_string=doc,
    )
    model = helper.make_model(
        graph, producer_name="medchain", opset_imports=[helper.make_opsetid("", OPSET)]
    )
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def build_exact(exact, size: int, limit: int, doc: str) -> onnx.ModelProto:
    """The graph of integers from ``image`` (1, 1, size, size) uint8 to ``logits`` (1, classes) int32.

    ``exact`` is a :class:`~medchain_models.quantise.Exact`. Scales are powers of two and
    zero points are zero, so that every runtime that follows the standard gives the
    bytes of the crate ``medchain-exact``. What a unit of the logits is worth stands in the
    metadata: the file's digest, by which the chain knows a model, must cover it.
    """
    nodes: list[onnx.NodeProto] = []
    stored: list[onnx.TensorProto] = []

    def constant(name: str, value: np.ndarray) -> str:
        # A scalar must stay one, which `ascontiguousarray` would not leave it.
        stored.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    one = constant("one", np.float32(1))
    none = constant("zero", np.uint8(0))
    low, high = constant("low", np.uint8(0)), constant("limit", np.uint8(limit))
    at = "image"
    for layer in exact.layers:
        name, side = layer.name, layer.weights.shape[-1]
        weights = constant(f"{name}.weight", layer.weights.astype(np.int8))
        biases = layer.biases.astype(np.int32)
        if layer is exact.layers[-1]:
            nodes.append(
                helper.make_node("ConvInteger", [at, weights], [f"{name}.sum"], name, kernel_shape=[side, side])
            )
            bias = constant(f"{name}.bias", biases.reshape(1, -1, 1, 1))
            nodes.append(helper.make_node("Add", [f"{name}.sum", bias], [f"{name}.biased"], f"{name}.add"))
            nodes.append(helper.make_node("Flatten", [f"{name}.biased"], ["logits"], "flat", axis=1))
            break
        if layer.border:
            edges = constant(f"{name}.edges", np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64))
            beyond = constant(f"{name}.border", np.uint8(layer.border))
            nodes.append(helper.make_node("Pad", [at, edges, beyond], [f"{name}.padded"], f"{name}.pad"))
            at = f"{name}.padded"
        pads = [1, 1, 1, 1] if side == 3 and not layer.border else [0, 0, 0, 0]
        scales = constant(f"{name}.scale", np.exp2(-layer.shifts.astype(np.float32)))
        zeros = constant(f"{name}.zero", np.zeros(len(biases), np.int8))
        bias = constant(f"{name}.bias", biases)
        inputs = [at, one, none, weights, scales, zeros, one, none, bias]
        nodes.append(
            helper.make_node("QLinearConv", inputs, [name], name, kernel_shape=[side, side], pads=pads)
        )
        nodes.append(helper.make_node("Clip", [name, low, high], [f"{name}.clip"], f"{name}.clip"))
        at = f"{name}.clip"
        if layer.pool:
            nodes.append(
                helper.make_node("MaxPool", [at], [f"{name}.pool"], f"{name}.pool", kernel_shape=[2, 2], strides=[2, 2])
            )
            at = f"{name}.pool"
    classes = exact.layers[-1].weights.shape[0]
    graph = helper.make_graph(
        nodes,
        "medchain-vgg16-exact",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, 1, size, size])],
        [helper.make_tensor_value_info("logits", TensorProto.INT32, [1, classes])],
        stored,
        doc_string=doc,
    )
    model = helper.make_model(
        graph, producer_name="medchain", opset_imports=[helper.make_opsetid("", OPSET)]
    )
    helper.set_model_props(model, {"softmax_scale": str(exact.softmax_scale)})
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
