"""The linear family: what it fits, what its graph says, and folds that know nothing of what they are scored on."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor

from rma import features
from rma.counts import poisson_deviance
from rma.export import graph
from rma.offset import CAPPED, EXPOSURE, SHIPPED, Offset
from rma.preprocess import Cut, split, write_features
from rma.table import Table, deviance, folds
from rma.train_linear import family, fit, logarithms
from sluice_ml.bundle import check_parity
from sluice_ml.errors import SluiceMlError
from sluice_ml.panel import DAY, Panel, Shape
from sluice_ml.stage import Stage

L, H = 26, 4
WEEK = 7 * DAY
START = 4 * DAY
SHAPE = Shape(("product", "market"), ("market",), ("returned", "shipped"), WEEK, "returned")
CUT = Cut(L, H, 30, 4, 4, 60, 1, 2 * WEEK, 4, folds=3)
PARAMS = {"alpha": 0.1, "trust": 0.5, "rate_units": 500.0}


def panel(weeks: int = 44, units: int = 12, seed: int = 0) -> Panel:
    """Every week is known at its end; the rate of a unit is its own, what ships varies."""
    rng = np.random.default_rng(seed)
    unit, week = (a.reshape(-1) for a in np.meshgrid(np.arange(units), np.arange(weeks), indexing="ij"))
    shipped = rng.poisson(20 + 5 * (unit % 4))
    returned = rng.poisson(shipped * (0.02 + 0.03 * (unit % 3)))
    names = tuple((f"p{i}", "eu") for i in range(units))
    event = START + week * WEEK
    return Panel(SHAPE, names, unit, event, event + WEEK, np.stack([returned, shipped], axis=1).astype(float))


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    splits = split(panel(), CUT)
    for name in ("train", "validation", "known"):
        splits.sets[name].write(tmp_path / name)
        write_features(tmp_path / name, splits.sets[name], CUT, splits.folds if name == "train" else None)
    return tmp_path


def stage(inputs: Path, mode: str) -> Stage:
    out = inputs.parent / "out"
    return Stage(inputs, out, out / "results", PARAMS, mode, 0, None, "linear")


def test_it_is_a_poisson_regression_with_an_offset(inputs: Path) -> None:
    train = Table.read(inputs / "train")
    model = fit(PARAMS, train)
    logs = logarithms(model.offset, train.x)
    z = (logs - model.mean) / model.scale
    assert np.abs(z).max() < 5

    # the gradient of half the mean deviance plus the penalty is nothing at the solution
    predicted = np.exp(z @ model.weights + model.intercept + 0.5 * logs[:, -1])
    slope = z.T @ (predicted - train.y) / len(train.y) + 0.1 * model.weights
    assert np.abs(slope).max() < 1e-4
    assert predicted.sum() == pytest.approx(train.y.sum(), rel=1e-4)
    np.testing.assert_allclose(model.forecast(train.x), np.minimum(predicted, train.y.max()), rtol=1e-5)


def test_without_trust_it_is_the_solvers_own_ridge_and_a_strong_penalty_leaves_the_mean(inputs: Path) -> None:
    train = Table.read(inputs / "train")
    model = fit({**PARAMS, "trust": 0.0}, train)
    z = (logarithms(model.offset, train.x) - model.mean) / model.scale
    own = PoissonRegressor(alpha=0.1, max_iter=300).fit(z, train.y)

    np.testing.assert_allclose(model.weights, own.coef_, atol=1e-3)
    mean = fit({**PARAMS, "trust": 0.0, "alpha": 1e6}, train).forecast(train.x)
    np.testing.assert_allclose(mean, train.y.mean(), rtol=1e-3)
    offset = fit({**PARAMS, "trust": 1.0, "alpha": 1e6}, train)
    expected = offset.offset.expected(train.x)
    np.testing.assert_allclose(offset.forecast(train.x), expected * train.y.sum() / expected.sum(), rtol=1e-3)


def test_the_graph_forecasts_what_was_fitted_for_windows_far_from_any_it_was_fitted_to(inputs: Path) -> None:
    model = fit(PARAMS, Table.read(inputs / "train"))
    rng = np.random.default_rng(1)
    window = rng.negative_binomial(1, 0.02, (300, L, 2)).astype(np.float32)
    window[rng.random((300, L)) < 0.2] = np.nan
    window[0], window[1] = np.nan, 1e6
    day = rng.integers(18_000, 22_000, 300)
    x = features.compute(window, day, H)
    expected = model.forecast(x.reshape(-1, x.shape[2])).reshape(-1, H)

    assert expected.max() == model.most
    assert check_parity(graph(model, 1.0, L, H).SerializeToString(), window, day, expected) < 1e-6


def test_a_fold_learns_from_labels_known_when_it_begins_and_is_scored_on_what_comes_after(inputs: Path) -> None:
    train, validation = Table.read(inputs / "train"), Table.read(inputs / "validation")
    pairs = list(folds(train, validation))

    assert len(pairs) == 3
    first = validation.origin.min()
    for (past, ahead), start in zip(pairs, [first - 8 * WEEK, first - 4 * WEEK, first], strict=True):
        assert len(past.y)
        assert len(ahead.y)
        assert past.known_at.max() <= start == ahead.origin.min()
        assert ahead.origin.max() < start + 4 * WEEK
        assert ahead is validation or ahead.known_at.max() <= first
    assert pairs[-1][0] is train
    # without folds: train and validation alone
    assert len(list(folds(replace(train, folds=train.folds[:0]), validation))) == 1


def test_the_objective_is_the_deviance_over_the_rows_of_all_folds(inputs: Path) -> None:
    train, validation = Table.read(inputs / "train"), Table.read(inputs / "validation")
    seen: list[int] = []

    def forecast(past: Table, x: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:  # fmt: skip  # noqa: E501
        seen.append(len(past.y))
        return np.full(len(x), past.y.mean(), np.float32)

    scored = [(ahead.y, np.full(len(ahead.y), past.y.mean(), np.float32)) for past, ahead in folds(train, validation)]
    y, p = (np.concatenate(part) for part in zip(*scored, strict=True))
    assert deviance(train, validation, forecast) == pytest.approx(poisson_deviance(y, p, np.ones_like(y)))
    assert seen == sorted(seen)
    assert seen[-1] == len(train.y)


def test_too_many_folds_for_the_history_are_refused() -> None:
    with pytest.raises(SluiceMlError, match=r"SLU-7302.*8 folds"):
        split(panel(), replace(CUT, folds=8))


def test_folds_change_no_split() -> None:
    several, one = split(panel(), CUT), split(panel(), replace(CUT, folds=1))

    assert len(one.folds) == 0
    for name, panel_set in one.sets.items():
        np.testing.assert_array_equal(panel_set.rows.origin, several.sets[name].rows.origin)


def test_the_bundle_says_what_was_forecast_before_validation_was_learned_from(inputs: Path) -> None:
    objective = family(stage(inputs, "trial"))
    assert family(stage(inputs, "refit")) == objective
    model = inputs.parent / "out" / "model"
    train, known, validation = (Table.read(inputs / name) for name in ("train", "known", "validation"))
    signature = json.loads((model / "signature.json").read_text())
    assert signature["family"] == "linear"
    assert signature["newestLabel"] > "1970"
    assert known.known_at.max() > train.known_at.max()

    before = fit(PARAMS, train).forecast(validation.x)
    told: dict[tuple[str, str, str], float] = {}
    for file in sorted((model / "validation").iterdir()):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                told[file.stem, row["product"], row["horizon"]] = float(row["forecast"])
    rows = split(panel(), CUT).sets["validation"].rows
    assert len(told) == 12 * 4 * H
    for u, o, h, p in zip(rows.unit, rows.origin, rows.horizon, before, strict=True):
        stem = np.datetime64(int(o), "s").astype(object).strftime("%Y%m%dT%H%M%S")
        assert told[stem, f"p{u}", str(h)] == pytest.approx(float(p), rel=1e-5)


def test_it_says_which_parameter_it_lacks(inputs: Path) -> None:
    with pytest.raises(SluiceMlError, match="rate_units"):
        fit({"alpha": 1.0, "trust": 0.0}, Table.read(inputs / "train"))


def test_the_offset_is_the_same_in_the_graph() -> None:
    x = np.ones((3, features.width(L)), np.float32)
    x[:, SHIPPED], x[:, CAPPED], x[:, EXPOSURE] = [10, 1_000, 0], [5, 30, 0], [2, 7, 0.5]
    offset = Offset(0.02, 500.0)

    np.testing.assert_allclose(offset.expected(x), [2 * 15 / 510, 7 * 40 / 1500, 0.5 * 10 / 500], rtol=1e-6)
