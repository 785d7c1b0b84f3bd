"""How a forecast of counts is judged, and how its level is set: what families of this pipeline share.

Needs numpy only, so that it lies in every family's environment.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

#: predictions are floored here before a deviance is taken, as the gate does
FLOOR = 1e-3
#: by how much the level of a forecast may be off (standard deviation of a factor) before anything is seen
_TAU = 0.25


def poisson_deviance(y: Floats, prediction: Floats, weight: Floats) -> float:
    """Mean Poisson deviance: 2 (y log(y / p) - y + p), with 0 log 0 = 0 and predictions floored at FLOOR."""
    y, p = y.astype(np.float64), np.maximum(prediction.astype(np.float64), FLOOR)
    losses = 2 * (np.where(y > 0, y * np.log(np.where(y > 0, y, 1.0) / p), 0.0) - y + p)
    return float(np.average(losses, weights=weight))


def bias(y: Floats, prediction: Floats) -> float:
    """sum(prediction) / sum(actual) - 1."""
    return float(prediction.sum(dtype=np.float64) / max(float(y.sum(dtype=np.float64)), FLOOR) - 1)


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
