"""Family linear: a scikit-learn pipeline over mixed columns. Encoding, scaling and gaps are in the graph."""

import csv
import json
import os
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

INPUTS, OUTPUTS, RESULTS, PARAMS = (Path(os.environ["SLUICE_" + n]) for n in ("INPUTS", "OUTPUTS", "RESULTS", "PARAMS"))
SIGNATURE = """{"apiVersion": "sluice.io/bundle/v1", "kind": "tabular", "task": "binary", "family": "linear",
"output": "output_probability", "classes": ["no", "yes"], "inputs": [
{"kind": "tensor", "name": "floats", "type": "float", "columns": ["age", "tenure", "calls", "spend"]},
{"kind": "tensor", "name": "text", "type": "string", "columns": ["country", "plan"]}]}"""


def table(name):
    rows = list(csv.DictReader((INPUTS / name / "rows.csv").open()))
    x = [[float(r[c] or "nan") for c in ("age", "tenure", "calls", "spend")] + [r["country"], r["plan"]] for r in rows]
    return np.array(x, object), [r["churned"] for r in rows]


numbers, words = make_pipeline(SimpleImputer(), StandardScaler()), OneHotEncoder(handle_unknown="ignore")
mixed = make_column_transformer((numbers, slice(0, 4)), (words, slice(4, 6)))
model = make_pipeline(mixed, LogisticRegression(C=json.loads(PARAMS.read_text())["c"])).fit(*table("train"))
x, y = table("validation")
(RESULTS / "objective").write_text(str(log_loss(y, model.predict_proba(x))))
if os.environ["SLUICE_MODE"] == "refit":
    (OUTPUTS / "model").mkdir()
    onnx = to_onnx(model, initial_types=[("floats", FloatTensorType([None, 4])), ("text", StringTensorType([None, 2]))])
    (OUTPUTS / "model/model.onnx").write_bytes(onnx.SerializeToString())
    (OUTPUTS / "model/signature.json").write_text(SIGNATURE)
