"""Which way an objective is better: a loss is minimised, a score such as AUC is maximised.

A metric has its direction, and the spec says that of any other objective; the tuner gets it with its options. All
that compares objectives asks here.
"""

from __future__ import annotations

import math
from enum import Enum


class Direction(Enum):
    """The words of specs and studies, which are Optuna's too."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"

    def as_loss(self, objective: float | None) -> float:
        """A figure that is better the smaller it is; infinite for a trial that has no objective."""
        if objective is None:
            return math.inf
        return objective if self is Direction.MINIMIZE else -objective
