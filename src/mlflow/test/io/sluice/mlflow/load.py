"""Loads a model by MLflow's own client and prints what it makes of x = 3: load.py TRACKING_URI MODEL_URI."""

import sys

import mlflow.onnx
import numpy as np
import onnxruntime

import mlflow

mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.onnx.load_model(sys.argv[2])
session = onnxruntime.InferenceSession(model.SerializeToString())
(y,) = session.run(None, {"x": np.array([[3.0]], np.float32)})
print("y =", float(y[0, 0]))
