"""Families ridge and forest: scikit-learn, exported by skl2onnx.

In mode `trial` it fits the parameters of SLUICE_PARAMS and reports the loss on validation; in mode `refit` it
writes the model: an ONNX graph, the scaling of the features included, and `signature.json`, which says which
columns the graph takes and what it gives. Add a family by a line in `MODELS` and one in sluice.yaml.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

INPUTS, OUTPUTS, RESULTS, PARAMS = (Path(os.environ["SLUICE_" + n]) for n in ("INPUTS", "OUTPUTS", "RESULTS", "PARAMS"))
SEED = int(os.environ["SLUICE_SEED"])
MODELS = {
    "ridge": lambda p: make_pipeline(StandardScaler(), Ridge(alpha=p["alpha"])),
    "forest": lambda p: RandomForestRegressor(p["trees"], min_samples_leaf=p["leaf"], random_state=SEED),
}


def table(name: str) -> tuple[dict[str, Any], Any, Any]:
    """What a table set says of itself, its features [n, columns] (NaN where missing), its labels."""
    says = json.loads((INPUTS / name / "table.json").read_text(encoding="utf-8"))
    with (INPUTS / name / "rows.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    x = np.array([[float(row[column] or "nan") for column in says["features"]] for row in rows], np.float32)
    return says, x, np.array([float(row[says["label"]]) for row in rows])


def main() -> None:
    params = json.loads(PARAMS.read_text(encoding="utf-8"))
    says, x, y = table("train")
    model = MODELS[sys.argv[1]](params).fit(x, y)
    if os.environ["SLUICE_MODE"] == "trial":
        _, x, y = table("validation")
        (RESULTS / "objective").write_text(str(root_mean_squared_error(y, model.predict(x))), encoding="utf-8")
        return
    folder = OUTPUTS / "model"
    folder.mkdir()
    graph = to_onnx(model, x[:1])
    (folder / "model.onnx").write_bytes(graph.SerializeToString())
    signature = {
        "apiVersion": "sluice.io/bundle/v1",
        "kind": "tabular",
        "task": "regression",
        "family": os.environ["SLUICE_FAMILY"],
        "inputs": [{"kind": "tensor", "name": "X", "type": "float", "columns": list(says["features"])}],
        "output": "variable",
    }
    (folder / "signature.json").write_text(json.dumps(signature, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
