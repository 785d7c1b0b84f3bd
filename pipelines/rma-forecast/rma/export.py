"""A fitted tabular model as a model bundle: window in, forecast out, the features inside the graph."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import onnx

from rma import features
from rma.offset import Floats
from sluice_ml.bundle import Signature, check_parity, write_bundle, write_validation
from sluice_ml.graph import Graph
from sluice_ml.panel import DAY, Ints, PanelSet, Windows
from sluice_ml.stage import Stage

_PARITY_ROWS = 2_000
_PROBE_ROWS = 8


class Forecaster(Protocol):
    """A fitted tabular model."""

    def forecast(self, x: Floats) -> Floats:
        """Counts [rows] of features [rows, width]."""

    def add(self, g: Graph, features: str) -> str:
        """Adds the same to a graph; returns the name of its counts [rows, 1]."""


def graph(model: Forecaster, factor: float, lookback: int, horizons: int) -> onnx.ModelProto:
    """The whole model as ONNX: features, model, level, one row per window."""
    g = Graph()
    counts = model.add(g, features.add_features(g, lookback, horizons))
    counts = g("Mul", counts, g.constant(np.float32(factor)))
    g("Reshape", counts, g.constant(np.array([-1, horizons], np.int64)), to="forecast")
    return features.model(g, "forecast", ["batch", horizons], lookback, ml=True)


def export(
    stage: Stage,
    params: dict[str, Any],
    model: Forecaster,
    factor: float,
    newest_label: int,
    before: tuple[Forecaster, float] | None = None,
) -> None:
    """Writes `outputs/model`, after the graph and `model` agreed on windows of validation.

    `before`: the model that had not seen validation and its factor, where `model` was fitted to validation; what it
    forecasts there goes beside the graph. Raises SLU-7201 where graph and model do not agree.
    """
    validation = PanelSet.read(stage.inputs / "validation")
    shape = validation.panel.shape
    lookback = int(stage.params.get("lookback", 26))
    horizons = int(validation.rows.horizon.max())
    unit, origin = np.unique(np.stack([validation.rows.unit, validation.rows.origin]), axis=1)
    some = np.linspace(0, len(unit) - 1, min(_PARITY_ROWS, len(unit))).astype(np.int64)
    window, day = validation.panel.windows(unit[some], origin[some], lookback), origin[some] // DAY
    whole = graph(model, factor, lookback, horizons)
    expected = forecasts(model, window, day, horizons) * np.float32(factor)
    blob = whole.SerializeToString(deterministic=True)
    stage.result("parity", check_parity(blob, window, day, expected))
    # busy units say more than silent ones, and one window with gaps is among them
    busiest = np.argsort(-np.nansum(window[:, :, 0], axis=1), kind="stable")[: _PROBE_ROWS - 2]
    gaps = np.flatnonzero(np.isnan(window).any(axis=(1, 2)))[:1]
    probe = np.unique(np.concatenate([busiest, gaps, [len(some) - 1]]))
    signature = Signature(shape.channels, lookback, horizons, shape.period, newest_label, stage.family or "xgboost")
    folder = stage.outputs / "model"
    write_bundle(folder, whole, signature, params, window[probe], day[probe])
    if before is not None:
        honest, level = before
        every = forecasts(honest, validation.panel.windows(unit, origin, lookback), origin // DAY, horizons)
        write_validation(folder, validation.panel, unit, origin, every * np.float32(level))


def forecasts(model: Forecaster, window: Windows, day: Ints, horizons: int) -> Floats:
    """[windows, horizons]"""
    x = features.compute(window, day, horizons)
    return model.forecast(x.reshape(-1, x.shape[2])).reshape(len(window), horizons)
