"""The splits: every label known before the next split begins, and no leak gets through."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rma.preprocess import Cut, split, write_features
from sluice_ml.errors import SluiceMlError
from sluice_ml.panel import DAY, Panel, PanelSet, Rows, Shape

WEEK = 7 * DAY
START = 4 * DAY  # 1970-01-05, a Monday
SHAPE = Shape(("product", "market"), ("market",), ("returned", "shipped"), WEEK, "returned")
CUT = Cut(
    lookback=6,
    horizons=3,
    train=20,
    validation=4,
    holdout=6,
    context=12,
    train_every=1,
    mature_after=5 * WEEK + DAY,
    history=6,
)


def panel(weeks: int = 60, units: int = 5, seed: int = 0) -> Panel:
    """Each period is reported at its end and revised up to six times, late ones after it counted as mature."""
    rng = np.random.default_rng(seed)
    unit, event, known, values = [], [], [], []
    for u in range(units):
        for week in range(weeks):
            total, at = int(rng.integers(5)), week + 1
            while at <= weeks:
                unit.append(u)
                event.append(START + week * WEEK)
                known.append(START + at * WEEK)
                values.append([float(total), float(10 + week)])
                if rng.random() < 0.4:
                    break
                at += int(rng.integers(1, 4))
                total += int(rng.integers(3))
    names = tuple((f"p{i}", "eu") for i in range(units))
    return Panel(SHAPE, names, np.array(unit), np.array(event), np.array(known), np.array(values))


def with_rows(base: Panel, keep: np.ndarray[tuple[int], np.dtype[np.bool_]], factor: float) -> Panel:
    """The same log with other values where `keep` is false."""
    values = base.values.copy()
    values[~keep] = values[~keep] * factor + 1000
    return replace(base, values=values)


def test_every_label_was_known_before_the_next_split_begins() -> None:
    for seed in range(5):
        base = panel(seed=seed)
        splits = split(base, CUT)
        train, validation, holdout = (splits.sets[name].rows for name in ("train", "validation", "holdout"))
        assert min(map(len, (train, validation, holdout))) > 0
        assert train.known_at.max() <= splits.first_validation == validation.origin.min()
        assert validation.known_at.max() <= splits.first_holdout == holdout.origin.min()
        assert holdout.known_at.max() <= base.known_at.max()
        for rows in (train, validation, holdout):
            np.testing.assert_array_equal(rows.target_end, rows.origin + rows.horizon * WEEK)
            np.testing.assert_array_equal(rows.known_at, rows.target_end + CUT.mature_after)


def test_a_refit_may_learn_from_every_label_known_before_the_holdout_the_purge_included() -> None:
    splits = split(panel(), CUT)
    known, train, validation, holdout = (splits.sets[n].rows for n in ("known", "train", "validation", "holdout"))

    def keys(rows: Rows) -> set[tuple[int, int, int]]:
        return set(zip(rows.unit.tolist(), rows.origin.tolist(), rows.horizon.tolist(), strict=True))

    assert keys(train) | keys(validation) < keys(known)
    assert not keys(holdout) & keys(known)
    assert known.known_at.max() <= holdout.origin.min()


def test_a_label_is_the_value_known_when_it_matured_not_a_later_revision() -> None:
    base = panel()
    rows = split(base, CUT).sets["train"].rows
    revised = 0
    for i in range(0, len(rows), 7):
        cell = (base.unit == rows.unit[i]) & (base.event_time == rows.target_end[i] - WEEK)
        known = cell & (base.known_at <= rows.known_at[i])
        assert rows.actual[i] == base.values[known][np.argmax(base.known_at[known]), 0]
        revised += int(base.values[cell][np.argmax(base.known_at[cell]), 0] != rows.actual[i])
    # the fixture must hold what the test is about
    assert revised > 0


def test_what_becomes_known_after_a_split_changes_nothing_in_it() -> None:
    """Planted leaks: targets, features and revisions from the future, all at once."""
    base = panel()
    clean = split(base, CUT)
    for name, limit in (
        ("train", clean.first_validation),
        ("validation", clean.first_holdout),
        ("known", clean.first_holdout),
    ):
        poisoned = split(with_rows(base, base.known_at <= limit, 7.0), CUT).sets[name]

        kept = clean.sets[name]
        np.testing.assert_array_equal(poisoned.rows.actual, kept.rows.actual)
        np.testing.assert_array_equal(poisoned.windows(CUT.lookback), kept.windows(CUT.lookback))
        np.testing.assert_array_equal(poisoned.panel.values, kept.panel.values)


def test_the_windows_of_the_holdout_hold_no_vintage_from_after_their_origin() -> None:
    base = panel()
    clean = split(base, CUT).sets["holdout"]
    first = clean.rows.origin.min()
    windows = clean.windows(CUT.lookback)

    spoiled = split(with_rows(base, base.known_at <= first, 7.0), CUT).sets["holdout"]

    at_first = clean.rows.origin == first
    np.testing.assert_array_equal(spoiled.windows(CUT.lookback)[at_first], windows[at_first])
    # and the poison is strong enough to be seen where it may be seen
    assert (spoiled.windows(CUT.lookback)[~at_first] != windows[~at_first]).any()
    assert clean.panel.known_at.max() <= clean.rows.origin.max()


def test_a_later_snapshot_keeps_the_labels_of_an_earlier_one() -> None:
    base = panel()
    earlier = split(base.as_of(int(base.known_at.max()) - 3 * WEEK), CUT).sets["holdout"].rows
    later = split(base, CUT).sets["holdout"].rows

    def labels(rows: object) -> dict[tuple[int, int, int], float]:
        assert hasattr(rows, "unit")
        return dict(zip(zip(rows.unit.tolist(), rows.origin.tolist(), rows.horizon.tolist(), strict=True), rows.actual.tolist(), strict=True))  # type: ignore[attr-defined]  # fmt: skip  # noqa: E501

    before, after = labels(earlier), labels(later)
    common = set(before) & set(after)
    assert common
    assert all(before[key] == after[key] for key in common)


def test_features_lie_in_the_order_of_the_rows(tmp_path: Path) -> None:
    train = split(panel(), CUT).sets["train"]
    train.write(tmp_path)

    write_features(tmp_path, train, CUT)

    with np.load(tmp_path / "features.npz") as arrays:
        read = PanelSet.read(tmp_path)
        np.testing.assert_array_equal(arrays["y"], read.rows.actual.astype(np.float32))
        np.testing.assert_array_equal(arrays["x"][:, -3], read.rows.horizon.astype(np.float32))
        # the first feature is the oldest of the newest periods of `returned`
        np.testing.assert_array_equal(arrays["x"][:, 0], np.nan_to_num(read.windows(6)[:, 0, 0]))


def test_too_little_history_is_refused() -> None:
    with pytest.raises(SluiceMlError, match="SLU-7302"):
        split(panel(weeks=20), CUT)


def test_with_little_history_the_oldest_windows_begin_with_missing_periods() -> None:
    splits = split(panel(), replace(CUT, history=2, train=200))
    train = splits.sets["train"]
    windows = train.windows(CUT.lookback)
    first = train.rows.origin == train.rows.origin.min()

    assert train.rows.origin.min() == START + 2 * WEEK
    assert np.isnan(windows[first][:, : CUT.lookback - 2]).all()
    assert np.isfinite(windows[train.rows.origin >= START + CUT.lookback * WEEK]).all()
