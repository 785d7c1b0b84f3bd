"""Preprocess stage: from a snapshot of vintages to train, validation and holdout as panel table sets.

Time is cut at two origins, v (first of validation) and h (first of the holdout). A row belongs to the split
of its origin, and only if its label was *known* before the next split begins: a label is known `matureAfter`
after its target ends, so training stops long before validation starts. (The purge that finance and weather
call embargo; here the reporting delay dictates its length.) A label is the value as known at that time, not
as revised later.

    ..train origins.. | purge | v ..validation origins.. | purge | h ..holdout origins.. | immature | as-of

`recent` holds the origins after which no label has matured yet. `known` holds every row whose label was known
before the holdout begins, purge and validation included: what a refit may learn from once the parameters are
chosen. It is written only `with: { known: true }`, because it repeats the others.

`with: { folds: N }` lets trials be scored on N validations instead of one: N - 1 more of the same length lie one
after the other before v, within train (`rma.table.folds`). Nothing is cut differently for it.

Beside the contract's tables each set carries `features.npz`, computed by the graph that the model will
contain, so that a trial starts at once.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rma import features
from sluice_ml.errors import InputError
from sluice_ml.panel import DAY, Ints, Panel, PanelSet, Rows, Shape, iso_instant, read_vintages, seconds_of
from sluice_ml.stage import Stage, run


@dataclass(frozen=True)
class Cut:
    """How the time line is cut; everything but `mature_after` (seconds) counts whole periods.

    `context`: how many periods before its first origin a set's panel reaches back, for windows and for
    baselines that look a season back. `train_every`: of this many training origins one is kept, because
    windows a week apart say nearly the same. `history`: periods that lie before the first training origin; with
    fewer than `lookback` the oldest windows begin with missing periods.
    """

    lookback: int
    horizons: int
    train: int
    validation: int
    holdout: int
    context: int
    train_every: int
    mature_after: int
    history: int
    folds: int = 1


@dataclass(frozen=True)
class Splits:
    """The table sets, and the origins that cut them (epoch seconds); `folds`: the first origins of the validations
    within train, the oldest first."""

    first_validation: int
    first_holdout: int
    folds: Ints
    sets: dict[str, PanelSet]


def split(panel: Panel, cut: Cut) -> Splits:
    """Cuts a snapshot. Its as-of is its newest `knownAt`. Raises SLU-7302 when there is too little history."""
    period = panel.shape.period
    start = int(panel.event_time.min())
    as_of = int(panel.known_at.max())

    def grid(instant: int) -> int:
        """The last end of a period that is not after `instant`."""
        return start + (instant - start) // period * period

    last_mature = grid(as_of - cut.mature_after)
    first_holdout = last_mature - cut.holdout * period
    first_validation = grid(first_holdout - cut.mature_after) - cut.validation * period
    last_train = grid(first_validation - cut.mature_after) - period
    first_train = max(start + cut.history * period, last_train - (cut.train - 1) * period)
    if first_train > last_train:
        needed = (cut.history + cut.validation + cut.holdout + 1) * period + 3 * cut.mature_after
        raise InputError(
            "SLU-7302",
            f"too little history for a split: {(as_of - start) // period} periods until {iso_instant(as_of)}, "
            f"about {needed // period} are needed",
            "wait for more data, or shorten historyPeriods, validationPeriods or holdoutPeriods",
        )
    folds = first_validation - np.arange(cut.folds - 1, 0, -1, dtype=np.int64) * cut.validation * period
    if len(folds) and first_train + period + cut.mature_after > folds[0]:
        raise InputError(
            "SLU-7302",
            f"too little history for {cut.folds} folds: no label of train is known at {iso_instant(int(folds[0]))}, "
            f"when the first of them begins; the first origin is {iso_instant(first_train)}",
            "wait for more data, or lower folds or validationPeriods",
        )

    def build(first: int, end: int, known_by: int | None, every: int = 1) -> PanelSet:
        """Rows with origins in [first, end), labels known by then (None: whatever is known)."""
        origins = np.arange(end - period, first - 1, -period * every, dtype=np.int64)[::-1]
        # no vintage after the last origin, no period that no window and no baseline of this set looks at
        seen = panel.as_of(int(origins[-1]), first - cut.context * period)
        rows = _rows(panel, origins, cut, known_by)
        alive = np.zeros((len(panel.units), len(origins)), bool)
        for i, origin in enumerate(origins.tolist()):
            window = panel.windows(np.arange(len(panel.units)), np.full(len(panel.units), origin), cut.lookback)
            alive[:, i] = np.isfinite(window).any(axis=(1, 2))
        return PanelSet(seen, rows.where(alive[rows.unit, np.searchsorted(origins, rows.origin)]))

    sets = {
        "train": build(first_train, last_train + period, first_validation, cut.train_every),
        "validation": build(first_validation, grid(first_holdout - cut.mature_after), first_holdout),
        "known": build(first_train, grid(first_holdout - cut.mature_after), first_holdout, cut.train_every),
        "holdout": build(first_holdout, last_mature, as_of),
        "recent": build(last_mature, grid(as_of) + period, None),
    }
    return Splits(first_validation, first_holdout, folds, sets)


def _rows(panel: Panel, origins: Ints, cut: Cut, known_by: int | None) -> Rows:
    period = panel.shape.period
    count = len(panel.units)
    shape = (count, len(origins), cut.horizons)
    unit, origin, horizon = (
        np.broadcast_to(x, shape).reshape(-1)
        for x in (
            np.arange(count)[:, None, None],
            origins[None, :, None],
            np.arange(1, cut.horizons + 1)[None, None, :],
        )
    )
    target_end = origin + horizon * period
    known_at = target_end + cut.mature_after
    if known_by is None:
        actual = np.full(len(unit), np.nan)
        keep = np.ones(len(unit), bool)
    else:
        keep = known_at <= known_by
        actual = np.full(len(unit), np.nan)
        actual[keep] = panel.values_at(unit[keep], target_end[keep] - period, known_at[keep], panel.shape.label)
        # a period without a vintage (before launch, after the end of warranty) has no label
        keep &= np.isfinite(actual)
    extra = {
        name: [panel.units[u][panel.shape.unit.index(name)] for u in unit.tolist()]
        for name in panel.shape.slices
        if name not in panel.shape.unit
    }
    return Rows(unit, origin, horizon, target_end, known_at, actual, np.ones(len(unit)), extra).where(keep)


def write_features(folder: Path, panel_set: PanelSet, cut: Cut, folds: Ints | None = None) -> None:
    """Writes `features.npz`: x [rows, width], y, weight, origin, known_at [rows], in the order of `rows.csv`; and
    `folds` where there are any."""
    rows = panel_set.rows
    pairs, at = np.unique(np.stack([rows.unit, rows.origin]), axis=1, return_inverse=True)
    window = panel_set.panel.windows(pairs[0], pairs[1], cut.lookback)
    x = features.compute(window, pairs[1] // DAY, cut.horizons)[at.reshape(-1), rows.horizon - 1]
    columns: dict[str, NDArray[Any]] = {
        "x": x,
        "y": rows.actual.astype(np.float32),
        "weight": rows.weight.astype(np.float32),
        "origin": rows.origin,
        "known_at": rows.known_at,
    }
    if folds is not None and len(folds):
        columns["folds"] = folds
    with (folder / "features.npz").open("wb") as file:
        np.savez(file, allow_pickle=False, **columns)


def main() -> None:
    stage = Stage.from_environment()
    p = stage.params
    shape = Shape(
        unit=("product", "market"),
        slices=("market",),
        channels=("returned", "shipped"),
        period=seconds_of("7d"),
        label="returned",
    )
    cut = Cut(
        lookback=int(p.get("lookback", 26)),
        horizons=int(p.get("horizons", 4)),
        train=int(p.get("trainPeriods", 72)),
        validation=int(p.get("validationPeriods", 12)),
        holdout=int(p.get("holdoutPeriods", 12)),
        context=int(p.get("contextPeriods", 60)),
        train_every=int(p.get("trainEvery", 2)),
        mature_after=seconds_of(str(p.get("matureAfter", "180d"))),
        history=int(p.get("historyPeriods", p.get("lookback", 26))),
        folds=int(p.get("folds", 1)),
    )
    panel = read_vintages(stage.inputs / "returns", shape, "week", "reported")
    splits = split(panel, cut)
    for name, panel_set in splits.sets.items():
        if name == "known" and not p.get("known", False):
            continue
        folder = stage.outputs / name
        panel_set.write(folder)
        if name in ("train", "validation", "known"):
            write_features(folder, panel_set, cut, splits.folds if name == "train" else None)
        stage.result(f"{name}.rows", len(panel_set.rows))
    stage.result("firstValidationOrigin", iso_instant(splits.first_validation))
    stage.result("firstHoldoutOrigin", iso_instant(splits.first_holdout))


if __name__ == "__main__":
    sys.exit(run(main))
