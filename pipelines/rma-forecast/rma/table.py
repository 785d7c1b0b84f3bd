"""What a tabular family learns from: features and labels as preprocess wrote them, and the folds to be scored on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rma.counts import poisson_deviance
from rma.offset import HORIZON, Floats

Instants = NDArray[np.int64]


def _no_folds() -> Instants:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class Table:
    """x [rows, width]; y, weight, origin, known_at [rows]. `folds`: first origins of the validations that lie
    within a training set, the oldest first; none unless preprocess was asked for some."""

    x: Floats
    y: Floats
    weight: Floats
    origin: Instants
    known_at: Instants
    folds: Instants = field(default_factory=_no_folds)

    @staticmethod
    def read(folder: Path) -> Table:
        """The table in `features.npz`."""
        with np.load(folder / "features.npz") as arrays:
            x, y, weight, origin, known_at = (arrays[name] for name in ("x", "y", "weight", "origin", "known_at"))
            return Table(x, y, weight, origin, known_at, arrays["folds"] if "folds" in arrays else _no_folds())

    def where(self, keep: NDArray[np.bool_]) -> Table:
        """The rows of a mask."""
        return Table(self.x[keep], self.y[keep], self.weight[keep], self.origin[keep], self.known_at[keep])

    @property
    def horizons(self) -> int:
        """In how many rows a label is counted at most."""
        return int(self.x[:, HORIZON].max())


def folds(train: Table, validation: Table) -> Iterator[tuple[Table, Table]]:
    """Pairs to fit on and to score on, the oldest first; the last is `train` and `validation` themselves.

    Each earlier one is what a run as of its first origin would have had: it learns from labels that were known by
    then, and is scored on the rows from there to the next fold whose labels were known when `validation` begins.
    """
    ends = np.append(train.folds[1:], validation.origin.min()) if len(train.folds) else train.folds
    for start, end in zip(train.folds, ends, strict=True):
        yield train.where(train.known_at <= start), train.where((train.origin >= start) & (train.origin < end))
    yield train, validation


def deviance(train: Table, validation: Table, forecast: Callable[[Table, Floats], Floats]) -> float:
    """Poisson deviance over the rows of all folds; `forecast` fits on its first argument and forecasts its second."""
    scored = [(ahead, forecast(past, ahead.x)) for past, ahead in folds(train, validation)]
    y, weight, predicted = (
        np.concatenate(parts)
        for parts in ([s.y for s, _ in scored], [s.weight for s, _ in scored], [p for _, p in scored])
    )
    return poisson_deviance(y, predicted, weight)
