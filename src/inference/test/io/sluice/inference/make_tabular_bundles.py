"""Writes the graphs of `tabular/` as skl2onnx, onnxmltools and CatBoost export them; run here, commit the result.

Needs scikit-learn, skl2onnx, onnxmltools, xgboost, lightgbm, catboost and onnxruntime. Each folder is a bundle as a
family leaves it (`model.onnx`, `signature.json`), with `expected.json`: rows, and what the library itself, not
ONNX Runtime, predicts for them, so that a load in Java is a test of the conversion and of the reader.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from catboost import CatBoostClassifier, CatBoostRegressor
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsFloat
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, QuantileRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).parent / "tabular"
ROWS = 12
random = np.random.default_rng(7)
n = 300
frame = pd.DataFrame(
    {
        "age": random.normal(40, 12, n).round(1),
        "visits": random.integers(0, 20, n),
        "plan": random.choice(["basic", "gold", "none"], n),
        "vip": random.random(n) < 0.3,
    }
)
score = 0.04 * (frame["age"] - 40) + 0.2 * (frame["visits"] - 10) + np.where(frame["plan"] == "gold", 1.5, 0)
binary = np.where(score + random.normal(0, 1, n) > 0, "yes", "no")
three = np.where(score > 1, "a", np.where(score > -1, "b", "c"))
value = (score * 3 + random.normal(0, 0.1, n)).to_numpy()
NUMBERS = ["age", "visits"]
X = frame[NUMBERS].to_numpy(np.float32)
KINDS = {"age": "float", "visits": "int", "plan": "string", "vip": "bool"}
TENSOR = [{"kind": "tensor", "name": "X", "type": "float", "columns": NUMBERS}]


def write(
    name: str,
    model: Any,
    task: str,
    inputs: list[dict[str, Any]],
    output: str,
    expected: Any,
    classes: list[str] | None = None,
    **more: Any,
) -> None:
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    blob = model if isinstance(model, bytes) else model.SerializeToString(deterministic=True)
    (folder / "model.onnx").write_bytes(blob)
    signature: dict[str, Any] = {
        "apiVersion": "sluice.io/bundle/v1",
        "kind": "tabular",
        "task": task,
        "family": name,
        "inputs": inputs,
        "output": output,
    }
    if classes:
        signature["classes"] = classes
    signature |= more
    (folder / "signature.json").write_text(json.dumps(signature, indent=2) + "\n")
    columns = {c: frame[c][:ROWS].tolist() for c in frame}
    rows = np.asarray(expected, dtype=np.float64)[:ROWS].reshape(ROWS, -1).tolist()
    (folder / "expected.json").write_text(json.dumps({"columns": columns, "expected": rows}) + "\n")


def column(name: str, kind: str | None = None) -> dict[str, Any]:
    return {"kind": "column", "name": name, "type": kind or KINDS[name]}


mixed = make_pipeline(
    ColumnTransformer(
        [("number", StandardScaler(), NUMBERS), ("word", OneHotEncoder(handle_unknown="ignore"), ["plan"])]
    ),
    LogisticRegression(),
)
mixed.fit(frame[[*NUMBERS, "plan"]], binary)
initial = [
    ("age", FloatTensorType([None, 1])),
    ("visits", Int64TensorType([None, 1])),
    ("plan", StringTensorType([None, 1])),
]
for name, zipmap in [("skl-mixed", False), ("skl-mixed-zipmap", True)]:
    graph = convert_sklearn(mixed, initial_types=initial, options={id(mixed): {"zipmap": zipmap}}, target_opset=17)
    write(
        name,
        graph,
        "binary",
        [column("age"), column("visits"), column("plan")],
        graph.graph.output[1].name,
        mixed.predict_proba(frame[[*NUMBERS, "plan"]])[:, 1],
        ["no", "yes"],
    )

strict = make_pipeline(
    ColumnTransformer([("word", OneHotEncoder(handle_unknown="error"), ["plan"])]), LogisticRegression()
)
strict.fit(frame[["plan"]], binary)
graph = convert_sklearn(
    strict,
    initial_types=[("plan", StringTensorType([None, 1]))],
    options={id(strict): {"zipmap": False}},
    target_opset=17,
)
write(
    "skl-strict",
    graph,
    "binary",
    [column("plan")],
    "probabilities",
    strict.predict_proba(frame[["plan"]])[:, 1],
    ["no", "yes"],
)

forest = RandomForestClassifier(5, max_depth=3, random_state=0).fit(X, three)
graph = convert_sklearn(
    forest, initial_types=[("X", FloatTensorType([None, 2]))], options={id(forest): {"zipmap": False}}, target_opset=17
)
write("skl-multi", graph, "multiclass", TENSOR, "probabilities", forest.predict_proba(X), ["a", "b", "c"])
graph = convert_sklearn(forest, initial_types=[("X", FloatTensorType([None, 2]))], target_opset=17)
write(
    "skl-multi-zipmap",
    graph,
    "multiclass",
    TENSOR,
    graph.graph.output[1].name,
    forest.predict_proba(X)[:, [1, 2, 0]],
    ["b", "c", "a"],
)

double = LinearRegression().fit(X.astype(np.float64), value)
graph = convert_sklearn(double, initial_types=[("X", DoubleTensorType([None, 2]))], target_opset=17)
write("skl-linear-double", graph, "regression", [{**TENSOR[0], "type": "double"}], "variable", double.predict(X))

upper = QuantileRegressor(quantile=0.9, alpha=0.0, solver="highs").fit(X, value)
graph = convert_sklearn(upper, initial_types=[("X", FloatTensorType([None, 2]))], target_opset=17)
write("skl-quantile", graph, "quantile", TENSOR, "variable", upper.predict(X), quantile=0.9)

# scikit-learn's converters take no bool into a scaler: a graph of our own with a bool and a [batch] input
nodes = [
    h.make_node("Cast", ["is vip"], ["flag"], to=T.FLOAT),
    h.make_node("Squeeze", ["flag", "one"], ["flags"]),
    h.make_node("Mul", ["flags", "half"], ["step"]),
    h.make_node("Cast", ["age"], ["years"], to=T.FLOAT),
    h.make_node("Mul", ["years", "hundredth"], ["share"]),
    h.make_node("Add", ["step", "share"], ["score"]),
    h.make_node("Sigmoid", ["score"], ["p"]),
]
constants = {"one": np.array([1], np.int64), "half": np.float32(0.5), "hundredth": np.float32(0.01)}
graph = h.make_model(
    h.make_graph(
        nodes,
        "flag",
        [h.make_tensor_value_info("is vip", T.BOOL, [None, 1]), h.make_tensor_value_info("age", T.DOUBLE, [None])],
        [h.make_tensor_value_info("p", T.FLOAT, [None])],
        [nh.from_array(np.asarray(v), k) for k, v in constants.items()],
    ),
    opset_imports=[h.make_opsetid("", 17)],
    ir_version=9,
)
write(
    "own-flag",
    graph,
    "binary",
    [{"kind": "column", "name": "is vip", "column": "vip", "type": "bool"}, column("age", "double")],
    "p",
    1 / (1 + np.exp(-(frame["vip"] * 0.5 + frame["age"] * 0.01))),
    ["no", "yes"],
)

boosted = xgboost.XGBClassifier(n_estimators=5, max_depth=2, random_state=0).fit(X, (binary == "yes").astype(int))
graph = convert_xgboost(boosted, initial_types=[("X", ToolsFloat([None, 2]))], target_opset=15)
write("xgb-binary", graph, "binary", TENSOR, "probabilities", boosted.predict_proba(X)[:, 1], ["no", "yes"])
tree = xgboost.XGBRegressor(n_estimators=5, max_depth=2, random_state=0).fit(X, value)
graph = convert_xgboost(tree, initial_types=[("X", ToolsFloat([None, 2]))], target_opset=15)
write("xgb-regression", graph, "regression", TENSOR, "variable", tree.predict(X))

light = lightgbm.LGBMClassifier(n_estimators=5, max_depth=2, verbose=-1, random_state=0).fit(
    X, (binary == "yes").astype(int)
)
graph = convert_lightgbm(light, initial_types=[("X", ToolsFloat([None, 2]))], target_opset=15)
write("lgb-binary-zipmap", graph, "binary", TENSOR, "probabilities", light.predict_proba(X)[:, 1], ["no", "yes"])
multi = lightgbm.LGBMClassifier(n_estimators=5, max_depth=2, verbose=-1, random_state=0).fit(X, three)
graph = convert_lightgbm(multi, initial_types=[("X", ToolsFloat([None, 2]))], zipmap=False, target_opset=15)
write("lgb-multi", graph, "multiclass", TENSOR, "probabilities", multi.predict_proba(X), ["a", "b", "c"])

FEATURES = [{"kind": "tensor", "name": "features", "type": "float", "columns": NUMBERS}]


def catboost(model: Any) -> bytes:
    model.save_model("catboost.onnx", format="onnx", export_parameters={"onnx_graph_name": "catboost"})
    blob = Path("catboost.onnx").read_bytes()
    Path("catboost.onnx").unlink()
    return blob


cat = CatBoostClassifier(iterations=5, depth=2, verbose=False, random_seed=0, allow_writing_files=False).fit(X, binary)
write("cat-binary", catboost(cat), "binary", FEATURES, "probabilities", cat.predict_proba(X)[:, 1], ["no", "yes"])
cat = CatBoostClassifier(
    iterations=5, depth=2, verbose=False, random_seed=0, allow_writing_files=False, loss_function="MultiClass"
).fit(X, three)
write("cat-multi", catboost(cat), "multiclass", FEATURES, "probabilities", cat.predict_proba(X), ["a", "b", "c"])
cat = CatBoostRegressor(iterations=5, depth=2, verbose=False, random_seed=0, allow_writing_files=False).fit(X, value)
write("cat-regression", catboost(cat), "regression", FEATURES, "predictions", cat.predict(X))
