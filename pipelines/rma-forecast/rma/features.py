"""The one definition of the features: an ONNX graph from a raw panel window to what the trees split on.

Training computes its features by running this graph, and the served model contains it, so the two cannot
drift apart. All sums are over counts, which float32 adds exactly in any order, and every other step is a
single correctly rounded operation: another build of the runtime gives the same bits, so no tree split flips.
(For the same reason the season comes from a table: Sin and Cos differ between builds by some 4e-7.)

The window is what was known at the origin, late reports missing. The model learns that recent weeks look
too good, because it is trained on windows of the same kind.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto

from rma.offset import CAP, SHIPPED_CAP
from sluice_ml.bundle import session
from sluice_ml.graph import Graph
from sluice_ml.panel import Ints, Windows

#: quarter days in four years: the season's index needs whole numbers only
_QUARTER_DAYS = 1461
_SEASON_STEPS = 53
_MONTH = 4
_GRAIN = 16


def spans(lookback: int) -> list[tuple[int, int]]:
    """Stretches of the window whose sums are features, as (from, to) periods back, `to` excluded."""
    edges = [e for e in (0, 4, 8, 13, 26, 52) if e < lookback] + [lookback]
    return list(zip(edges[1:], edges[:-1], strict=True))


def newest(lookback: int) -> int:
    """How many single periods before the origin are features of their own."""
    return min(8, lookback)


def add_features(g: Graph, lookback: int, horizons: int) -> str:
    """Adds the transform of `window` [batch, lookback, 2 = returned, shipped] and `origin_day` [batch, 1].

    Returns the name of the features: float32 [batch * horizons, width], horizons of a window side by side.
    """
    f32 = np.float32
    zero = g.constant(f32(0))
    window = g("Where", g("IsNaN", "window"), zero, "window")
    axis1 = g.constant(np.array([1], np.int64))
    axis2 = g.constant(np.array([2], np.int64))

    def between(channel: str, start: int, end: int) -> str:
        """Periods [start, end) of the window, counted from its oldest."""
        first, last = (g.constant(np.array([at], np.int64)) for at in (start, end))
        return g("Slice", channel, first, last, axis1)

    def channel(c: int) -> str:
        first, last = (g.constant(np.array([at], np.int64)) for at in (c, c + 1))
        return g("Squeeze", g("Slice", window, first, last, axis2), axis2)

    def total(x: str) -> str:
        return g("ReduceSum", x, axis1, keepdims=1)

    returned, shipped = channel(0), channel(1)
    recent = newest(lookback)
    parts = [between(returned, lookback - recent, lookback), between(shipped, lookback - recent, lookback)]
    one = g.constant(f32(1))
    sums: dict[str, str] = {}
    for name, x in (("returned", returned), ("shipped", shipped)):
        for far, near in spans(lookback):
            s = sums[f"{name}{far}"] = total(between(x, lookback - far, lookback - near))
            parts.append(s)
    everything, all_shipped = total(returned), total(shipped)
    parts += [everything, all_shipped]
    parts.append(total(g.as_float(g("Greater", returned, zero))))
    parts.append(total(g.as_float(g("Greater", shipped, zero))))
    parts.append(g("ReduceMax", returned, axis1, keepdims=1))
    parts.append(g("Div", everything, g("Add", all_shipped, one)))
    # of the oldest stretch nearly all is reported: its rate, applied to what shipped since
    oldest = spans(lookback)[-1][0]
    mature = g("Div", sums[f"returned{oldest}"], g("Add", sums[f"shipped{oldest}"], one))
    parts.append(mature)
    parts.append(g("Mul", mature, sums[f"shipped{spans(lookback)[0][0]}"]))
    parts.append(total(g("Min", returned, g.constant(f32(CAP)))))
    raw = g("Squeeze", g("Slice", "window", *(g.constant(np.array([at], np.int64)) for at in (1, 2)), axis2), axis2)
    known = g.as_float(g("Not", g("IsNaN", raw)))
    half = g.constant(f32(0.5))
    usual = g("Min", shipped, g.constant(f32(SHIPPED_CAP)))
    parts.append(total(usual))
    # whole sixteenths, so that their sums are exact
    grain = g.constant(f32(_GRAIN))
    roots = g("Floor", g("Mul", g("Sqrt", usual), grain))

    def weekly(weeks: int) -> str:
        """What shipped in a usual week of the newest `weeks` (square of the mean of roots), plus a half."""
        roots_then, known_then = (total(between(x, lookback - weeks, lookback)) for x in (roots, known))
        root = g("Div", g("Div", roots_then, g("Max", known_then, one)), grain)
        return g("Add", g("Mul", root, root), half)

    # what ships in a week: the geometric mean of the newest month and of the whole window
    parts.append(g("Sqrt", g("Mul", weekly(min(_MONTH, lookback)), weekly(lookback))))
    base = g("Concat", *parts, axis=1)

    steps = g.constant(np.arange(1, horizons + 1, dtype=np.int64).reshape(1, horizons))
    week = g.constant(np.array([7], np.int64))
    target_day = g("Add", "origin_day", g("Mul", steps, week))
    quarter = g(
        "Mod",
        g("Mul", target_day, g.constant(np.array([4], np.int64))),
        g.constant(np.array([_QUARTER_DAYS], np.int64)),
    )
    index = g("Div", quarter, g.constant(np.array([28], np.int64)))
    angle = 2 * np.pi * np.arange(_SEASON_STEPS) * 28 / _QUARTER_DAYS
    sine = g("Gather", g.constant(np.sin(angle).astype(f32)), index)
    cosine = g("Gather", g.constant(np.cos(angle).astype(f32)), index)
    horizon = g.as_float(g("Add", g("Mul", target_day, g.constant(np.array([0], np.int64))), steps))
    per_step = [g("Unsqueeze", x, axis2) for x in (horizon, sine, cosine)]
    ones = g("Add", g("Mul", per_step[0], zero), one)
    spread = g("Mul", g("Unsqueeze", base, axis1), ones)
    features = g("Concat", spread, *per_step, axis=2)
    return g("Reshape", features, g.constant(np.array([-1, width(lookback)], np.int64)))


def width(lookback: int) -> int:
    """Number of features."""
    return 2 * newest(lookback) + 2 * len(spans(lookback)) + 11 + 3


def model(g: Graph, output: str, dims: list[int | str], lookback: int, ml: bool = False) -> onnx.ModelProto:
    """A model of what was added to `g`, with the two inputs of a bundle."""
    inputs: list[tuple[str, int, list[int | str]]] = [
        ("window", TensorProto.FLOAT, ["batch", lookback, 2]),
        ("origin_day", TensorProto.INT64, ["batch", 1]),
    ]
    return g.model("panel", inputs, [(output, TensorProto.FLOAT, dims)], "rma", ml_opset=3 if ml else None)


def compute(window: Windows, origin_day: Ints, horizons: int) -> NDArray[np.float32]:
    """Features of windows [n, lookback, 2] at origins [n]: float32 [n, horizons, width]."""
    lookback = window.shape[1]
    g = Graph()
    name = add_features(g, lookback, horizons)
    blob = model(g, name, ["rows", width(lookback)], lookback).SerializeToString()
    feed = {"window": window, "origin_day": origin_day.reshape(-1, 1)}
    out: NDArray[np.float32] = session(blob).run([name], feed)[0]
    return out.reshape(len(window), horizons, -1)
