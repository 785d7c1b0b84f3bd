"""Whether the columns together tell reference from today: what no column shows by itself.

A classifier learns to tell rows of the reference from today's rows, and is asked about units that it has not seen
(Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests"). Its area under the curve is 0.5 where nothing
has moved. Units are not compared with their own past: products age in a population that stays the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sluice_ml.drift_table import Table

#: rows of a side that are looked at, and units (of a plain table: rows) that both sides need at least
ROWS, FEWEST = 3_000, 20
FOLDS = 2
#: categories beyond the commonest are one
_CATEGORIES = 30


@dataclass(frozen=True)
class Features:
    """What the classifier sees: float64 [rows, features]; `names` says which column each feature is of."""

    reference: Any
    current: Any
    names: tuple[str, ...]
    #: the unit of each row as a number, the same on both sides
    reference_units: Any
    current_units: Any


@dataclass(frozen=True)
class Joint:
    """The area under the curve, out of fold; by how much less it is without a column, the largest first."""

    auc: float
    columns: tuple[tuple[str, float], ...]
    rows: int
    units: int
    #: an area that chance does not reach with so few units
    chance: float


def features(
    reference: Table,
    current: Table,
    gaps: tuple[Mapping[str, Any], Mapping[str, Any]],
    units: tuple[Any, Any] | None,
    seed: int,
) -> Features:
    """As many rows of both sides, at most ROWS.

    `gaps`: of a panel, by row, which share of a column's window is missing.
    """
    rng = np.random.default_rng(seed)
    if units is None:
        owners = (np.arange(len(_any(reference))), np.arange(len(_any(current))) + len(_any(reference)))
    else:
        _, codes = np.unique(np.concatenate(units).astype(str), return_inverse=True)
        owners = (codes[: len(units[0])], codes[len(units[0]) :])
    places = [np.arange(len(own)) for own in owners]
    # as many of each side, so that a classifier need not weigh them
    most = min(ROWS, *(len(at) for at in places))
    places = [np.sort(rng.choice(at, most, replace=False)) for at in places]
    owners = (owners[0][places[0]], owners[1][places[1]])
    names: list[str] = []
    sides: tuple[list[Any], list[Any]] = ([], [])

    def put(name: str, one: Any, other: Any) -> None:
        names.append(name)
        sides[0].append(one)
        sides[1].append(other)

    for name, before in reference.columns.items():
        one, other = before.values[places[0]], current.columns[name].values[places[1]]
        if before.kind == "categorical":
            put(name, *_codes(one, other))
            continue
        one, other = _logarithm(one), _logarithm(other)
        put(name, one, other)
        if name in gaps[0] and name in gaps[1]:
            put(name, gaps[0][name][places[0]], gaps[1][name][places[1]])
    return Features(np.stack(sides[0], axis=1), np.stack(sides[1], axis=1), tuple(names), *owners)


def _any(table: Table) -> Any:
    return next(iter(table.columns.values())).values


def _logarithm(values: Any) -> Any:
    return np.sign(values) * np.log1p(np.abs(values))


def _codes(reference: Any, current: Any) -> tuple[Any, Any]:
    """Categories as numbers, the reference's commonest first; NaN where there is none."""
    known = [v for v in reference.tolist() if v is not None]
    words, counts = np.unique(np.array(known, dtype=str), return_counts=True)
    order = words[np.lexsort((words, -counts))][:_CATEGORIES].tolist()
    code = {word: float(i) for i, word in enumerate(order)}
    sides = [
        np.array([np.nan if v is None else code.get(str(v), float(_CATEGORIES)) for v in side.tolist()], np.float64)
        for side in (reference, current)
    ]
    return sides[0], sides[1]


def fewest(found: Features) -> int:
    """How many units the side with fewer of them has."""
    return min(len(np.unique(units)) for units in (found.reference_units, found.current_units))


def beyond_chance(units: int) -> float:
    """An area that chance does not reach: three standard errors above 0.5, for so many independent units of a side.

    The variance of the statistic of Mann and Whitney (1947) where both sides are alike: (2 n + 1) / (12 n n).
    """
    return 0.5 + 3 * math.sqrt((2 * units + 1) / (12 * units * units))


def separation(found: Features, seed: int, by_column: bool = True) -> Joint:
    """How well a classifier tells the two sides apart, on units that it has not learnt from.

    Small trees with large leaves, on one thread: the same rows give the same answer.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    rows = np.concatenate([found.reference, found.current])
    today = np.repeat([0, 1], [len(found.reference), len(found.current)])
    units = np.concatenate([found.reference_units, found.current_units])
    distinct, unit = np.unique(units, return_inverse=True)
    rng = np.random.default_rng(seed)
    fold = (rng.permutation(len(distinct)) % FOLDS)[unit]
    areas: list[float] = []
    without: dict[str, list[float]] = {name: [] for name in found.names}
    with threadpool_limits(1):
        for k in range(FOLDS):
            learn, ask = fold != k, fold == k
            if len(np.unique(today[learn])) < 2:
                areas.append(0.5)
                continue
            model = HistGradientBoostingClassifier(
                learning_rate=0.15,
                max_iter=25,
                max_leaf_nodes=8,
                min_samples_leaf=max(20, len(rows) // 50),
                max_bins=64,
                l2_regularization=1.0,
                early_stopping=False,
                random_state=seed,
            ).fit(rows[learn], today[learn])
            areas.append(area(model.decision_function(rows[ask]), today[ask]))
            if by_column:
                order = rng.permutation(int(ask.sum()))
                for name in without:
                    mixed = rows[ask].copy()
                    own = [i for i, n in enumerate(found.names) if n == name]
                    mixed[:, own] = mixed[order][:, own]
                    without[name].append(area(model.decision_function(mixed), today[ask]))
    auc = float(np.mean(areas))
    drops = [(name, auc - float(np.mean(values))) for name, values in without.items() if values]
    columns = tuple(sorted(((n, d) for n, d in drops if d > 0), key=lambda c: (-c[1], c[0])))
    return Joint(auc, columns, len(rows), len(distinct), beyond_chance(fewest(found)))


def area(scores: Any, today: Any) -> float:
    """Area under the curve: how often a row of today has the higher score; ties count half (Mann and Whitney 1947)."""
    from scipy.stats import rankdata

    positive = int(today.sum())
    negative = len(today) - positive
    if not positive or not negative:
        return 0.5
    ranks = rankdata(scores)
    return float((ranks[today == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))
