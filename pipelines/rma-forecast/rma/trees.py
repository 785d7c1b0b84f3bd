"""XGBoost's trees as an ONNX TreeEnsembleRegressor.

Written here rather than taken from onnxmltools because that needs scikit-learn, and with scikit-learn
installed `import xgboost` takes three seconds instead of one: in every trial. Semantics on both sides: go left
when x < threshold, in float32; the sum of leaves is a margin, and a log link turns it into a count
(ai.onnx.ml operator set 3; XGBoost's JSON model format, version 3).
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xgboost as xgb
from onnx import helper

from sluice_ml.graph import Graph

#: objectives whose prediction is exp(margin)
_LOG_LINK = ("reg:tweedie", "count:poisson")


def add_trees(g: Graph, features: str, booster: xgb.Booster) -> str:
    """Adds the booster on `features` [rows, width]; returns the name of its predictions [rows, 1].

    Trees may be those of `gbtree` or of `dart`, whose trees each have a weight.
    Raises ValueError for objectives without a log link, for categorical splits and for `gblinear`.
    """
    document = json.loads(bytes(booster.save_raw("json")))["learner"]
    objective = document["objective"]["name"]
    if objective not in _LOG_LINK:
        raise ValueError(f"{objective} has no log link")
    trees, weights = _trees(document["gradient_booster"])
    flat: dict[str, list[Any]] = {
        name: []
        for name in (
            "treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
            "missing_value_tracks_true",
        )
    }  # fmt: skip
    leaves: dict[str, list[Any]] = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}
    for t, tree in enumerate(trees):
        if any(tree["split_type"]):
            raise ValueError("categorical splits are not supported")
        for n, left in enumerate(tree["left_children"]):
            leaf = left == -1
            flat["treeids"].append(t)
            flat["nodeids"].append(n)
            flat["featureids"].append(0 if leaf else tree["split_indices"][n])
            flat["values"].append(0.0 if leaf else float(np.float32(tree["split_conditions"][n])))
            flat["modes"].append("LEAF" if leaf else "BRANCH_LT")
            flat["truenodeids"].append(0 if leaf else left)
            flat["falsenodeids"].append(0 if leaf else tree["right_children"][n])
            flat["missing_value_tracks_true"].append(0 if leaf else int(tree["default_left"][n]))
            if leaf:
                leaves["treeids"].append(t)
                leaves["nodeids"].append(n)
                leaves["ids"].append(0)
                # the value of a leaf is kept where a split keeps its condition
                leaves["weights"].append(float(np.float32(tree["split_conditions"][n]) * np.float32(weights[t])))
    base = _base_score(document["learner_model_param"]["base_score"])
    margin = f"margin_{len(g.nodes)}"
    g.nodes.append(
        helper.make_node(
            "TreeEnsembleRegressor",
            [features],
            [margin],
            name=f"make_{margin}",
            domain="ai.onnx.ml",
            n_targets=1,
            aggregate_function="SUM",
            post_transform="NONE",
            base_values=[float(np.float32(np.log(base)))],
            **{f"nodes_{name}": column for name, column in flat.items()},
            **{f"target_{name}": column for name, column in leaves.items()},
        )
    )
    return g("Exp", margin)


def _trees(booster: dict[str, Any]) -> tuple[list[dict[str, Any]], list[float]]:
    """The trees of a booster, and how much each counts: less than one for those that `dart` scaled down."""
    name = booster["name"]
    if name == "gbtree":
        trees: list[dict[str, Any]] = booster["model"]["trees"]
        return trees, [1.0] * len(trees)
    if name == "dart":
        return booster["gbtree"]["model"]["trees"], booster["weight_drop"]
    raise ValueError(f"booster {name} has no trees that this exporter knows; use gbtree or dart")


def _base_score(text: str) -> float:
    """`5E-1`, and `[5E-1]` since XGBoost 3.1; on the scale of the prediction, not of the margin."""
    return float(text.strip("[]"))
