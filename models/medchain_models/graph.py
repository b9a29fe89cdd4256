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
