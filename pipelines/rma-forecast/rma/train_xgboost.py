"""Family xgboost: gradient-boosted trees on as-of windows, one model for all units and horizons.

In mode `trial` it fits `params` on train and reports the loss on validation; in mode `refit` it does the
same and writes the bundle. The refit learns from train only, so that evaluate's validation loss, by which
families are compared, stays out of sample; validation only sets the level (`calibrate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from sluice_ml.stage import Stage

Floats = NDArray[np.float32]

#: predictions are floored here before a deviance is taken, as the gate does
FLOOR = 1e-3
#: newest share of training rows by which the level of a trial is set
_TAIL = 0.25


@dataclass(frozen=True)
class Table:
    """Features and labels as preprocess wrote them: x [rows, width]; y, weight, origin, known_at [rows]."""

    x: Floats
    y: Floats
    weight: Floats
    origin: NDArray[np.int64]
    known_at: NDArray[np.int64]

    @staticmethod
    def read(folder: Path) -> Table:
        with np.load(folder / "features.npz") as arrays:
            return Table(*(arrays[name] for name in ("x", "y", "weight", "origin", "known_at")))


def poisson_deviance(y: Floats, prediction: Floats, weight: Floats) -> float:
    """Mean Poisson deviance: 2 (y log(y / p) - y + p), with 0 log 0 = 0 and predictions floored at FLOOR."""
    y, p = y.astype(np.float64), np.maximum(prediction.astype(np.float64), FLOOR)
    losses = 2 * (np.where(y > 0, y * np.log(np.where(y > 0, y, 1.0) / p), 0.0) - y + p)
    return float(np.average(losses, weights=weight))


def bias(y: Floats, prediction: Floats) -> float:
    """sum(prediction) / sum(actual) - 1."""
    return float(prediction.sum(dtype=np.float64) / max(float(y.sum(dtype=np.float64)), FLOOR) - 1)


def fit(params: dict[str, Any], train: Table, seed: int) -> xgb.Booster:
    """Fits on one thread: the same bits on every machine, and CPU seconds that can be compared."""
    data = xgb.QuantileDMatrix(train.x, train.y, weight=train.weight, max_bin=64, nthread=1)
    options: dict[str, Any] = {
        "objective": "reg:tweedie",
        "tweedie_variance_power": params["variance_power"],
        "eta": params["eta"],
        "max_depth": params["depth"],
        "min_child_weight": params["min_child_weight"],
        "subsample": params["subsample"],
        "colsample_bytree": params["colsample"],
        "reg_lambda": params["l2"],
        "base_score": max(float(np.average(train.y, weights=train.weight)), FLOOR),
        "tree_method": "hist",
        "max_bin": 64,
        "nthread": 1,
        "seed": seed,
    }
    return xgb.train(options, data, num_boost_round=params["rounds"])


def calibrate(y: Floats, prediction: Floats, strength: float = 1.0) -> float:
    """The factor that takes the bias out of `prediction`, shrunk to 1 where counts are few.

    The gate guards the level of a forecast, which boosting with shrinkage and a shift between train and now
    both move. Gamma-Poisson shrinkage: (sum y + k) / (sum p + k), held within a factor of two.
    """
    k = strength * 50.0
    factor = (float(y.sum(dtype=np.float64)) + k) / (float(prediction.sum(dtype=np.float64)) + k)
    return float(np.clip(factor, 0.5, 2.0))


def level(train: Table, booster: xgb.Booster) -> float:
    """Factor from the newest training rows: what a trial, which must not learn from validation, may use."""
    recent = train.origin >= np.quantile(train.origin, 1 - _TAIL)
    return calibrate(train.y[recent], booster.inplace_predict(train.x[recent]))


def main() -> None:
    stage = Stage.from_environment()
    params = {k: v for k, v in stage.params.items() if k in PARAMETERS}
    train = Table.read(stage.inputs / "train")
    validation = Table.read(stage.inputs / "validation")
    booster = fit(params, train, stage.seed % 2**31)
    raw = booster.inplace_predict(validation.x)
    prediction = raw * np.float32(level(train, booster))
    objective = poisson_deviance(validation.y, prediction, validation.weight)
    stage.result("objective", objective)
    stage.result("validation.bias", bias(validation.y, prediction))
    if stage.mode == "refit":
        # only a refit needs onnx, and a trial should start at once
        from rma.export import export

        factor = calibrate(validation.y, raw)
        stage.result("calibration", factor)
        export(stage, params, booster, factor, newest_label=int(validation.known_at.max()))


PARAMETERS = (
    "depth",
    "eta",
    "rounds",
    "min_child_weight",
    "subsample",
    "colsample",
    "l2",
    "variance_power",
)

if __name__ == "__main__":
    main()
