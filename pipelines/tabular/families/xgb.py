"""Family xgboost: XGBoost, exported by onnxmltools."""

import csv
import json
import os
from pathlib import Path

import numpy as np
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.metrics import log_loss
from xgboost import XGBClassifier

INPUTS, OUTPUTS, RESULTS, PARAMS = (Path(os.environ["SLUICE_" + n]) for n in ("INPUTS", "OUTPUTS", "RESULTS", "PARAMS"))
SIGNATURE = """{"apiVersion": "sluice.io/bundle/v1", "kind": "tabular", "task": "binary", "family": "xgboost",
"inputs": [{"kind": "tensor", "name": "input", "type": "float", "columns": ["age", "tenure", "calls", "spend"]}],
"output": "probabilities", "classes": ["no", "yes"]}"""


def table(name):
    """Numbers [n, 4], NaN where missing, and whether each customer left."""
    rows = list(csv.DictReader((INPUTS / name / "rows.csv").open()))
    x = [[float(r[column] or "nan") for column in ("age", "tenure", "calls", "spend")] for r in rows]
    return np.array(x, np.float32), np.array([int(r["churned"] == "yes") for r in rows])


(x, y), p = table("train"), json.loads(PARAMS.read_text())
model = XGBClassifier(n_estimators=p["rounds"], max_depth=p["depth"], learning_rate=0.1, n_jobs=1).fit(x, y)
if os.environ["SLUICE_MODE"] == "trial":
    x, y = table("validation")
    (RESULTS / "objective").write_text(str(log_loss(y, model.predict_proba(x))))
else:
    (OUTPUTS / "model").mkdir()
    onnx = convert_xgboost(model, initial_types=[("input", FloatTensorType([None, 4]))])
    (OUTPUTS / "model/model.onnx").write_bytes(onnx.SerializeToString())
    (OUTPUTS / "model/signature.json").write_text(SIGNATURE)
