"""Family forest: scikit-learn, exported by skl2onnx. Nothing of Sluice's is imported or installed."""

import csv
import json
import os
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

INPUTS, OUTPUTS, RESULTS, PARAMS = (Path(os.environ["SLUICE_" + n]) for n in ("INPUTS", "OUTPUTS", "RESULTS", "PARAMS"))
SIGNATURE = """{"apiVersion": "sluice.io/bundle/v1", "kind": "forecast", "family": "forest", "period": "P7D",
"inputs": [{"kind": "window", "name": "X", "channels": ["returned", "shipped"], "lookback": 8}],
"horizons": [1, 2], "output": "variable", "newestLabel": "%s"}"""


def table(name):
    """Windows [n, 8 * 2] as float32, labels [n, 2], and when the newest label became known."""
    _, *rows = csv.reader((INPUTS / name / "windows.csv").read_text().splitlines())
    numbers = np.array([[float(v or "nan") for v in row[3:-1]] for row in rows], np.float32)
    return numbers[:, :16], numbers[:, 16:], max(row[-1] for row in rows)


params, (x, y, newest_label) = json.loads(PARAMS.read_text()), table("train")
trees = ExtraTreesRegressor(params["trees"], min_samples_leaf=params["min_leaf"], random_state=0)
model = make_pipeline(SimpleImputer(strategy="constant", fill_value=0), trees).fit(x, y)
if os.environ["SLUICE_MODE"] == "trial":
    x, y, _ = table("validation")
    p = np.maximum(model.predict(x), 1e-3)
    deviance = 2 * np.mean(np.where(y > 0, y * np.log(np.maximum(y, 1) / p), 0) - y + p)
    (RESULTS / "objective").write_text(str(deviance))
else:
    (OUTPUTS / "model").mkdir()
    onnx = to_onnx(model, x[:1])
    onnx.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 2  # skl2onnx says 1 and gives 2
    (OUTPUTS / "model/model.onnx").write_bytes(onnx.SerializeToString())
    (OUTPUTS / "model/signature.json").write_text(SIGNATURE % newest_label)
