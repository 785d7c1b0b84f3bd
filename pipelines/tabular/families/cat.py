"""Family catboost: CatBoost, which exports ONNX itself (with a dictionary of probabilities for each row)."""

import csv
import json
import os
from pathlib import Path

import numpy as np
from catboost import CatBoostClassifier
from sklearn.metrics import log_loss

INPUTS, OUTPUTS, RESULTS, PARAMS = (Path(os.environ["SLUICE_" + n]) for n in ("INPUTS", "OUTPUTS", "RESULTS", "PARAMS"))
SIGNATURE = """{"apiVersion": "sluice.io/bundle/v1", "kind": "tabular", "task": "binary", "family": "catboost",
"inputs": [{"kind": "tensor", "name": "features", "type": "float", "columns": ["age", "tenure", "calls", "spend"]}],
"output": "probabilities", "classes": ["no", "yes"]}"""


def table(name):
    """Numbers [n, 4], NaN where missing, and whether each customer left."""
    rows = list(csv.DictReader((INPUTS / name / "rows.csv").open()))
    x = [[float(r[column] or "nan") for column in ("age", "tenure", "calls", "spend")] for r in rows]
    return np.array(x, np.float32), np.array([int(r["churned"] == "yes") for r in rows])


(x, y), p = table("train"), json.loads(PARAMS.read_text())
quiet = {"verbose": False, "allow_writing_files": False, "thread_count": 1, "random_seed": 0}
model = CatBoostClassifier(iterations=p["rounds"], depth=p["depth"], **quiet).fit(x, y)
if os.environ["SLUICE_MODE"] == "trial":
    x, y = table("validation")
    (RESULTS / "objective").write_text(str(log_loss(y, model.predict_proba(x))))
else:
    (OUTPUTS / "model").mkdir()
    model.save_model(str(OUTPUTS / "model/model.onnx"), format="onnx")
    (OUTPUTS / "model/signature.json").write_text(SIGNATURE)
