"""What a family may multiply instead of forecasting from nothing: a return rate times what ships.

Where returns are rare and come by the hundred, trees that see a unit's own returns learn its accidents. Here a
unit's rate is drawn to the rate of all units as if it had been seen on `units` more shipped units at that rate
(the posterior mean of a Gamma-Poisson model), and the trees say by how much the product is to be corrected.

Kept apart from `rma.features`, because a trial should not have to import onnx.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sluice_ml.graph import Graph

Floats = NDArray[np.float32]

#: where the features have, counted from their end: returns in the whole window with a week counted for at most
#: CAP, units shipped in it with a week counted for at most SHIPPED_CAP, what ships in a usual week
#: (`rma.features`), and the horizon
CAPPED, SHIPPED, EXPOSURE, HORIZON = -6, -5, -4, -3
#: an order of more than this in a week of a unit says nothing about the weeks to come
SHIPPED_CAP = 3_000.0
#: which units come back: beyond this a week of a unit is one cancelled bulk order, not a habit of the product
CAP = 200.0
#: how much comes back in all: bulk orders belong to the level, but not one order of a year's volume
LEVEL_CAP = 2_000.0
_LEAST_RATE = 1e-6


@dataclass(frozen=True)
class Offset:
    """`rate`: returns per shipped unit over all units; `units`: how many shipped units it weighs, above 0."""

    rate: float
    units: float

    @staticmethod
    def level(y: Floats, counts: Floats) -> float:
        """The factor that gives `counts`, forecasts of labels up to CAP, the total of labels `y` up to LEVEL_CAP."""
        total = max(float(counts.sum(dtype=np.float64)), _LEAST_RATE)
        return max(float(np.minimum(y, LEVEL_CAP).sum(dtype=np.float64)) / total, _LEAST_RATE)

    @staticmethod
    def fit(params: dict[str, Any], x: Floats) -> Offset | None:
        """The offset that the hyperparameter `rate_units` asks for, its rate from training rows; without it, None."""
        units = params.get("rate_units")
        if units is None:
            return None
        shipped = max(float(x[:, SHIPPED].sum(dtype=np.float64)), 1.0)
        return Offset(max(float(x[:, CAPPED].sum(dtype=np.float64)) / shipped, _LEAST_RATE), float(units))

    def expected(self, x: Floats) -> Floats:
        """Returns in a week [rows], above 0; `add` does the same operations in the same order."""
        prior, units = self.constants()
        expected: Floats = (x[:, CAPPED] + prior) / (x[:, SHIPPED] + units) * x[:, EXPOSURE]
        return expected

    def add(self, g: Graph, features: str) -> str:
        """Adds `expected` of `features` [rows, width] to a graph; returns its name, [rows, 1]."""
        shipped, capped, exposure = (
            g("Gather", features, g.constant(np.array([at], np.int64)), axis=1) for at in (SHIPPED, CAPPED, EXPOSURE)
        )
        prior, units = (g.constant(c) for c in self.constants())
        return g("Mul", g("Div", g("Add", capped, prior), g("Add", shipped, units)), exposure)

    def constants(self) -> tuple[np.float32, np.float32]:
        """What is added to returns and to shipped units."""
        return np.float32(self.rate * self.units), np.float32(self.units)
