"""Writes a tiny ONNX bundle (y = 2x + 1), as MLflow itself writes one, into the folder given."""

import sys

import mlflow.onnx
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

graph = helper.make_graph(
    [
        helper.make_node("Mul", ["x", "two"], ["t"], name="mul"),
        helper.make_node("Add", ["t", "one"], ["y"], name="add"),
    ],
    "line",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 1])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
    [
        numpy_helper.from_array(np.array([2.0], np.float32), "two"),
        numpy_helper.from_array(np.array([1.0], np.float32), "one"),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
onnx.checker.check_model(model)
mlflow.onnx.save_model(model, sys.argv[1], pip_requirements=["onnx"])
