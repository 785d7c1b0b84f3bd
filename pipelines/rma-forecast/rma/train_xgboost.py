"""Family xgboost: gradient-boosted trees on as-of windows, one model for all units and horizons.

In mode `trial` it fits `params` on train and reports the loss on validation; in mode `refit` it does the
same and writes the bundle. The refit learns from train only, so that evaluate's validation loss, by which
families are compared, stays out of sample; validation only sets the level (`calibrate`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from rma.offset import CAP, HORIZON, LEVEL_CAP, Floats, Offset
from sluice_ml.stage import Stage

#: predictions are floored here before a deviance is taken, as the gate does
FLOOR = 1e-3
#: newest share of training rows by which the level of a trial is set
_TAIL = 0.25
#: by how much the level of a forecast may be off (standard deviation of a factor) before anything is seen
_TAU = 0.25


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


@dataclass(frozen=True)
class Model:
    """A forecaster before calibration: trees alone, or trees as a correction of `offset`, times `level`."""

    booster: xgb.Booster
    offset: Offset | None
    level: float = 1.0

    def forecast(self, x: Floats) -> Floats:
        """Counts [rows]."""
        counts: Floats = self.booster.inplace_predict(x)
        return counts if self.offset is None else counts * self.offset.expected(x) * np.float32(self.level)

    def labels(self, y: Floats) -> Floats:
        """What of labels [rows] says something about the level."""
        return y if self.offset is None else np.minimum(y, np.float32(LEVEL_CAP))


def fit(params: dict[str, Any], train: Table, seed: int) -> Model:
    """Fits on one thread: the same bits on every machine, and CPU seconds that can be compared.

    With an offset, trees see labels up to CAP, so that they learn who returns and not which bulk orders were
    cancelled; what that takes from the total the level gives back to all.
    """
    offset = Offset.fit(params, train.x)
    y = train.y if offset is None else np.minimum(train.y, np.float32(CAP))
    mean = float(np.average(y, weights=train.weight))
    data = xgb.QuantileDMatrix(train.x, y, weight=train.weight, max_bin=64, nthread=1)
    if offset is None:
        base_score = max(mean, FLOOR)
    else:
        expected = offset.expected(train.x)
        base_score = max(mean / float(np.average(expected, weights=train.weight)), FLOOR)
        data.set_base_margin(np.log(expected * np.float32(base_score)))
    options: dict[str, Any] = {
        "objective": "reg:tweedie",
        "tweedie_variance_power": params["variance_power"],
        "max_depth": params["depth"],
        "eta": params["eta"],
        "min_child_weight": params["min_child_weight"],
        "subsample": params["subsample"],
        "colsample_bytree": params["colsample"],
        "reg_lambda": params["l2"],
        "base_score": base_score,
        "tree_method": "hist",
        "max_bin": 64,
        "nthread": 1,
        "seed": seed,
    }
    model = Model(xgb.train(options, data, num_boost_round=params["rounds"]), offset)
    return model if offset is None else replace(model, level=Offset.level(train.y, model.forecast(train.x)))


def calibrate(y: Floats, prediction: Floats, repeats: int = 1) -> float:
    """The factor that takes the bias out of `prediction`, shrunk to 1 as far as the total is chance.

    The gate guards the level of a forecast, which boosting with shrinkage and a shift between train and now
    both move. A total whose variance is phi times its mean has as posterior mean of the factor
    (sum y + phi / tau^2) / (sum p + phi / tau^2), when the factor varies by tau around 1 beforehand; it is held
    within a factor of two. phi is Pearson's dispersion sum((y - p)^2) / sum(p), at least 1, times `repeats`: the
    number of rows (horizons) in which one label is counted. Where returns come by the hundred phi is large, and a
    few weeks say little about the level.
    """
    actual, p = y.astype(np.float64), np.maximum(prediction.astype(np.float64), FLOOR)
    total = float(p.sum())
    dispersion = max(float(((actual - p) ** 2).sum()) / total, 1.0) * repeats
    k = dispersion / _TAU**2
    return float(np.clip((float(actual.sum()) + k) / (total + k), 0.5, 2.0))


def horizons(table: Table) -> int:
    """In how many rows a label of `table` is counted at most."""
    return int(table.x[:, HORIZON].max())


def level(train: Table, model: Model) -> float:
    """Factor from the newest training rows: what a trial, which must not learn from validation, may use."""
    recent = train.origin >= np.quantile(train.origin, 1 - _TAIL)
    return calibrate(model.labels(train.y[recent]), model.forecast(train.x[recent]), horizons(train))


def main() -> None:
    stage = Stage.from_environment()
    params = {k: v for k, v in stage.params.items() if k in PARAMETERS}
    train = Table.read(stage.inputs / "train")
    validation = Table.read(stage.inputs / "validation")
    model = fit(params, train, stage.seed % 2**31)
    raw = model.forecast(validation.x)
    prediction = raw * np.float32(level(train, model))
    objective = poisson_deviance(validation.y, prediction, validation.weight)
    stage.result("objective", objective)
    stage.result("validation.bias", bias(validation.y, prediction))
    if stage.mode == "refit":
        # only a refit needs onnx, and a trial should start at once
        from rma.export import export

        if (stage.inputs / "known").is_dir():
            # parameters are chosen: now every label that was known before the holdout may be learned from
            known = Table.read(stage.inputs / "known")
            model, factor = fit(params, known, stage.seed % 2**31), 1.0
            newest_label = int(known.known_at.max())
        else:
            factor = calibrate(model.labels(validation.y), raw, horizons(validation))
            newest_label = int(validation.known_at.max())
        stage.result("calibration", factor)
        export(stage, params, model, factor, newest_label)


PARAMETERS = (
    "depth",
    "eta",
    "rounds",
    "min_child_weight",
    "subsample",
    "colsample",
    "l2",
    "variance_power",
    "rate_units",
)

if __name__ == "__main__":
    main()
