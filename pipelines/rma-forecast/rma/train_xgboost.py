"""Family xgboost: gradient-boosted trees on as-of windows, one model for all units and horizons.

In mode `trial` it fits `params` on train and reports the loss on validation, over all folds where preprocess cut
some; in mode `refit` it does the same and writes the bundle. The refit learns from train only, so that evaluate's
validation loss, by which families are compared, stays out of sample; validation only sets the level (`calibrate`).
Where there is an input `known`, the refit learns from that, and leaves what it forecast before beside the bundle.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xgboost as xgb

from rma.counts import FLOOR, bias, calibrate
from rma.offset import CAP, LEVEL_CAP, Floats, Offset
from rma.table import Table, deviance
from sluice_ml.stage import Stage, run

if TYPE_CHECKING:
    from sluice_ml.graph import Graph

#: newest share of training rows by which the level of a trial is set
_TAIL = 0.25


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

    def add(self, g: Graph, features: str) -> str:
        """Adds the model to a graph on `features` [rows, width]; returns the name of its counts [rows, 1]."""
        from rma.trees import add_trees

        counts = add_trees(g, features, self.booster)
        if self.offset is None:
            return counts
        counts = g("Mul", counts, self.offset.add(g, features))
        return g("Mul", counts, g.constant(np.float32(self.level)))


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


def level(train: Table, model: Model) -> float:
    """Factor from the newest training rows: what a trial, which must not learn from validation, may use."""
    recent = train.origin >= np.quantile(train.origin, 1 - _TAIL)
    return calibrate(model.labels(train.y[recent]), model.forecast(train.x[recent]), train.horizons)


def newest_label(*learned: Table) -> int:
    """When the newest label of these tables became known: of all that a model learned from, whatever that was."""
    return max(int(table.known_at.max()) for table in learned)


def main() -> None:
    stage = Stage.from_environment()
    params = {k: v for k, v in stage.params.items() if k in PARAMETERS}
    train = Table.read(stage.inputs / "train")
    validation = Table.read(stage.inputs / "validation")
    models: list[Model] = []

    def forecast(past: Table, x: Floats) -> Floats:
        models.append(fit(params, past, stage.seed % 2**31))
        return models[-1].forecast(x) * np.float32(level(past, models[-1]))

    objective = deviance(train, validation, forecast)
    model = models[-1]
    raw = model.forecast(validation.x)
    stage.result("objective", objective)
    stage.result("validation.bias", bias(validation.y, raw * np.float32(level(train, model))))
    if stage.mode == "refit":
        # only a refit needs onnx, and a trial should start at once
        from rma.export import export

        if (stage.inputs / "known").is_dir():
            # parameters are chosen: now every label that was known before the holdout may be learned from
            known = Table.read(stage.inputs / "known")
            stage.result("calibration", 1.0)
            refitted = fit(params, known, stage.seed % 2**31)
            export(stage, params, refitted, 1.0, newest_label(known), (model, level(train, model)))
        else:
            factor = calibrate(model.labels(validation.y), raw, validation.horizons)
            stage.result("calibration", factor)
            # the trees know train, the factor knows validation
            export(stage, params, model, factor, newest_label(train, validation))


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
    sys.exit(run(main))
