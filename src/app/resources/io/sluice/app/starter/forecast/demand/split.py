"""Stage split: cuts the time line into train, validation and holdout, so that nothing is learnt from later.

A row is (product, origin, horizon): a forecast made at `origin` for the week `horizon` weeks on. Its label is
known when that week is over and the figures are final (`matureAfter`). A row belongs to the split of its
origin, and only if its label was known before the next split begins.
"""

from __future__ import annotations

import numpy as np

from sluice_ml.errors import SluiceMlError
from sluice_ml.panel import Ints, Panel, PanelSet, Rows, Shape, read_vintages, seconds_of
from sluice_ml.stage import Stage

WEEK = seconds_of("7d")
SHAPE = Shape(unit=("product",), slices=(), channels=("sold",), period=WEEK, label="sold")


def table(panel: Panel, origins: Ints, horizons: int, mature_after: int, known_by: int) -> PanelSet:
    """All rows of `origins` whose label is known by `known_by`, with the history that was known then."""
    units = np.arange(len(panel.units))
    grid = np.meshgrid(units, origins, np.arange(1, horizons + 1), indexing="ij")
    unit, origin, horizon = (axis.reshape(-1) for axis in grid)
    target_end = origin + horizon * WEEK
    known_at = target_end + mature_after
    actual = panel.values_at(unit, target_end - WEEK, known_at, "sold")
    rows = Rows(unit, origin, horizon, target_end, known_at, actual, np.ones(len(unit)), {})
    keep = (known_at <= known_by) & np.isfinite(actual)
    return PanelSet(panel.as_of(int(origins[-1])), rows.where(keep))


def main() -> None:
    stage = Stage.from_environment()
    lookback, horizons, validation, holdout = (
        int(stage.params[name]) for name in ("lookback", "horizons", "validationPeriods", "holdoutPeriods")
    )
    mature_after = seconds_of(str(stage.params["matureAfter"]))
    panel = read_vintages(stage.inputs / "demand", SHAPE, "week", "known")
    start, as_of = int(panel.event_time.min()), int(panel.known_at.max())
    # the last origin of which at least the first week can be judged
    last = start + (as_of - mature_after - start) // WEEK * WEEK - WEEK
    first_holdout = last - (holdout - 1) * WEEK
    # the last validation (and training) row is known when the next split begins
    purge = -(-mature_after // WEEK) * WEEK
    first_validation = first_holdout - purge - validation * WEEK
    first_train = start + lookback * WEEK
    end_train = first_validation - purge
    if first_train >= end_train:
        raise SluiceMlError("SLU-7302", "too little history for a split", "choose a later --as-of")
    splits = {
        "train": (np.arange(first_train, end_train, WEEK), first_validation),
        "validation": (np.arange(first_validation, first_holdout - purge, WEEK), first_holdout),
        "holdout": (np.arange(first_holdout, last + WEEK, WEEK), as_of),
    }
    for name, (origins, known_by) in splits.items():
        panel_set = table(panel, origins, horizons, mature_after, known_by)
        panel_set.write(stage.outputs / name)
        stage.result(f"{name}.rows", len(panel_set.rows))


if __name__ == "__main__":
    main()
