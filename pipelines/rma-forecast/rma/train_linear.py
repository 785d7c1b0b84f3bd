"""Family linear: a Poisson regression with a ridge penalty on the logarithms of the features.

One model for all units and horizons, a weight for each feature: the simplest family here, and the one that a
few weeks of accidents move least. It sees counts as log(1 + count), centred and scaled, and beside them the logarithm
of a rate times shipments (`rma.offset`). The penalty draws all weights to nothing but that of the offset, which it
draws to the hyperparameter `trust`: at 1 a strong penalty leaves the offset as it is, at 0 the mean of all units.

The solver is scikit-learn's. A function, not a command: all trials run in one process, which imports it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import PoissonRegressor
from threadpoolctl import threadpool_limits

from rma.counts import bias
from rma.offset import Floats, Offset
from rma.table import Table, deviance
from sluice_ml.errors import SluiceMlError
from sluice_ml.stage import Stage

if TYPE_CHECKING:
    from sluice_ml.graph import Graph

Doubles = NDArray[np.float64]

#: features at the end that are no counts: the season, which one year of data cannot tell from its accidents
_SEASON = 2
#: so many standard deviations from the mean of training a feature may lie; beyond it the line is not trusted
_FAR = 5.0


@dataclass(frozen=True)
class Model:
    """`weights` of centred and scaled logarithms [columns], beside the offset to the power of `trust`; forecasts are
    at most `most`, the largest label seen."""

    offset: Offset
    trust: float
    mean: Doubles
    scale: Doubles
    weights: Doubles
    intercept: float
    most: float

    def forecast(self, x: Floats) -> Floats:
        """Counts [rows]."""
        logs = logarithms(self.offset, x)
        scaled = np.clip((logs - self.mean) / self.scale, -_FAR, _FAR)
        line = scaled @ self.weights + self.intercept + self.trust * logs[:, -1]
        counts: Floats = np.minimum(np.exp(line), self.most).astype(np.float32)
        return counts

    def add(self, g: Graph, features: str) -> str:
        """Adds the same in the same precision to a graph on `features` [rows, width]: the name of [rows, 1]."""
        one, far = g.constant(np.float64(1)), g.constant(np.float64(_FAR))
        first, last, columns = (g.constant(np.array([at], np.int64)) for at in (0, -_SEASON, 1))
        counts = g.as_double(g("Slice", features, first, last, columns))
        logs = g("Log", g("Add", g("Max", counts, g.constant(np.float64(0))), one))
        offset = g("Log", g.as_double(self.offset.add(g, features)))
        both = g("Concat", logs, offset, axis=1)
        scaled = g("Div", g("Sub", both, g.constant(self.mean)), g.constant(self.scale))
        near = g("Min", g("Max", scaled, g.constant(np.float64(-_FAR))), far)
        line = g("Add", g("MatMul", near, g.constant(self.weights[:, None])), g.constant(np.float64(self.intercept)))
        line = g("Add", line, g("Mul", offset, g.constant(np.float64(self.trust))))
        return g.as_float(g("Min", g("Exp", line), g.constant(np.float64(self.most))))


def logarithms(offset: Offset, x: Floats) -> Doubles:
    """What the line is through: log(1 + feature) of all but the season, and the logarithm of the offset."""
    counts = np.log(np.maximum(x[:, :-_SEASON].astype(np.float64), 0.0) + 1.0)
    return np.column_stack([counts, np.log(offset.expected(x).astype(np.float64))])


def fit(params: dict[str, Any], train: Table) -> Model:
    """Fits; `alpha` is the strength of the penalty beside half the mean deviance of a row.

    A Poisson regression of y with the offset's e^trust as exposure is one of y / e^trust with the weights e^trust,
    which is how a solver that knows no offsets gets one.
    """
    offset = Offset.fit(params, train.x)
    if offset is None:
        raise SluiceMlError("SLU-7001", "the linear family has no `rate_units`", "name it in its space")
    logs = logarithms(offset, train.x)
    mean, spread = logs.mean(axis=0), logs.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    trust = float(params["trust"])
    exposure = np.exp(trust * logs[:, -1])
    # the solver divides by the sum of weights
    alpha = float(params["alpha"]) / float(np.average(exposure, weights=train.weight))
    solver = PoissonRegressor(alpha=alpha, solver="newton-cholesky", max_iter=300)
    scaled = np.clip((logs - mean) / scale, -_FAR, _FAR)
    # one thread: the same bits however many cores there are, and no waiting for cores that others use
    with threadpool_limits(1):
        solver.fit(scaled, train.y / exposure, sample_weight=train.weight * exposure)
    return Model(offset, trust, mean, scale, solver.coef_, float(solver.intercept_), float(train.y.max()))


def family(stage: Stage) -> float:
    """What Sluice calls: the objective for `stage.params`; in mode `refit` it writes the bundle as well."""
    params = {name: stage.params[name] for name in ("alpha", "trust", "rate_units")}
    train, validation = _read(stage.inputs / "train"), _read(stage.inputs / "validation")
    objective = deviance(train, validation, lambda past, x: fit(params, past).forecast(x))
    if stage.mode == "refit":
        from rma.export import export

        model = fit(params, train)
        stage.result("validation.bias", bias(validation.y, model.forecast(validation.x)))
        if (stage.inputs / "known").is_dir():
            # the parameters are chosen: now every label that was known before the holdout may be learned from
            known = _read(stage.inputs / "known")
            export(stage, params, fit(params, known), 1.0, int(known.known_at.max()), (model, 1.0))
        else:
            export(stage, params, model, 1.0, int(train.known_at.max()))
    return objective


@lru_cache(maxsize=3)
def _read(folder: Path) -> Table:
    return Table.read(folder)
