"""One convolution in onnxruntime, of floats or of integers."""

from __future__ import annotations

import numpy as np
import onnxruntime
from onnx import TensorProto, helper


class OneLayer:
    """Sums of a layer without biases: (films, in, rows, columns) to (films, out, …).

    Of a window of 3 × 3 the border has one pixel of the value ``border``; other windows
    see all of the input at once.
    """

    def __init__(self, shape: tuple[int, ...], border: int, integers: bool, threads: int = 2):
        outputs, inputs, side, _ = shape
        self.border = 1 if side == 3 else 0
        self.value = border
        self.integers = integers
        kinds = (TensorProto.UINT8, TensorProto.INT8, TensorProto.INT32)
        x, w, y = kinds if integers else (TensorProto.FLOAT,) * 3
        node = helper.make_node("ConvInteger" if integers else "Conv", ["x", "w"], ["y"])
        tensor = helper.make_tensor_value_info
        made = helper.make_graph(
            [node],
            "layer",
            [tensor("x", x, [1, inputs, None, None]), tensor("w", w, [outputs, inputs, side, side])],
            [tensor("y", y, None)],
        )
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), options)

    def __call__(self, films: np.ndarray, weights: np.ndarray) -> np.ndarray:
        pad = self.border
        edges = [(0, 0), (0, 0), (pad, pad), (pad, pad)]
        out = []
        for film in films:
            padded = np.pad(film[None], edges, constant_values=self.value)
            out.append(self.session.run(None, {"x": padded, "w": weights})[0][0])
        return np.stack(out)
