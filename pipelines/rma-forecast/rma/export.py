"""A trained booster as a model bundle: window in, forecast out, the features inside the graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from rma import features
from rma.offset import CAPPED, EXPOSURE, SHIPPED, Offset
from rma.train_xgboost import Model
from rma.trees import add_trees
from sluice_ml.bundle import Signature, check_parity, write_bundle
from sluice_ml.graph import Graph
from sluice_ml.panel import DAY, PanelSet
from sluice_ml.stage import Stage

_PARITY_ROWS = 2_000
_PROBE_ROWS = 8


def graph(model: Model, factor: float, lookback: int, horizons: int) -> Any:
    """The whole model as ONNX: features, trees, offset, level, one row per window."""
    g = Graph()
    name = features.add_features(g, lookback, horizons)
    counts = add_trees(g, name, model.booster)
    if model.offset is not None:
        counts = g("Mul", counts, _expected(g, name, model.offset))
        counts = g("Mul", counts, g.constant(np.float32(model.level)))
    counts = g("Mul", counts, g.constant(np.float32(factor)))
    g("Reshape", counts, g.constant(np.array([-1, horizons], np.int64)), to="forecast")
    return features.model(g, "forecast", ["batch", horizons], lookback, ml=True)


def _expected(g: Graph, x: str, offset: Offset) -> str:
    """`Offset.expected` of features [rows, width]: [rows, 1]."""
    shipped, capped, exposure = (
        g("Gather", x, g.constant(np.array([at], np.int64)), axis=1) for at in (SHIPPED, CAPPED, EXPOSURE)
    )
    prior, units = (g.constant(c) for c in offset.constants())
    return g("Mul", g("Div", g("Add", capped, prior), g("Add", shipped, units)), exposure)


def export(stage: Stage, params: dict[str, Any], model: Model, factor: float, newest_label: int) -> None:
    """Writes `outputs/model`, after the graph and `model` agreed on windows of validation.

    Raises SLU-7201 where they do not.
    """
    validation = PanelSet.read(stage.inputs / "validation")
    shape = validation.panel.shape
    lookback = int(stage.params.get("lookback", 26))
    horizons = int(validation.rows.horizon.max())
    pairs = np.unique(np.stack([validation.rows.unit, validation.rows.origin]), axis=1)
    some = np.linspace(0, pairs.shape[1] - 1, min(_PARITY_ROWS, pairs.shape[1])).astype(np.int64)
    unit, origin = pairs[0][some], pairs[1][some]
    window = validation.panel.windows(unit, origin, lookback)
    whole = graph(model, factor, lookback, horizons)
    x = features.compute(window, origin // DAY, horizons)
    expected = model.forecast(x.reshape(-1, x.shape[2])) * np.float32(factor)
    blob = whole.SerializeToString(deterministic=True)
    stage.result("parity", check_parity(blob, window, origin // DAY, expected.reshape(len(some), horizons)))
    # busy units say more than silent ones, and one window with gaps is among them
    busiest = np.argsort(-np.nansum(window[:, :, 0], axis=1), kind="stable")[: _PROBE_ROWS - 2]
    gaps = np.flatnonzero(np.isnan(window).any(axis=(1, 2)))[:1]
    probe = np.unique(np.concatenate([busiest, gaps, [len(some) - 1]]))
    signature = Signature(shape.channels, lookback, horizons, shape.period, newest_label, stage.family or "xgboost")
    write_bundle(stage.outputs / "model", whole, signature, params, window[probe], origin[probe] // DAY)
