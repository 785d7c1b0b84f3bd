"""What the iTransformer sees, as an ONNX graph from a raw panel window: one token per series, and one for the rest.

Like `rma.features` this is the one definition: training runs this graph to get its inputs and the served model
contains it, so what is missing or late is treated alike in both.

The unit's channels are the series: returned, shipped, and which periods are known at all (a product that was just
launched has no past). Counts go in as square roots, which makes the noise of small and large ones alike; each series
is centred and scaled over its known periods, as the paper does, and what is missing lies at its mean. That takes the
level away, so the level goes in as statics, with the season at the origin, and comes back as the base that the
network corrects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto

from sluice_ml.bundle import session
from sluice_ml.graph import Graph
from sluice_ml.panel import Ints, Windows

Floats = NDArray[np.float32]

SERIES = 3
STATICS = 8
#: added to a variance of roots: the root of a Poisson count has a variance of a quarter, whatever its mean
_NOISE = 0.25
#: what a unit that nothing is known of is taken to ship and to return in a week
_SOME_SHIPPED, _SOME_RETURNED = 1.0, 0.05
_YEAR_DAYS = 365.25
_MONTH = 4


@dataclass(frozen=True)
class Tokens:
    """Names of tensors in a graph, or their values: `series` [batch, SERIES, lookback], `statics`
    [batch, STATICS], `base` [batch, 1], the count per week that the network's output is a log factor on."""

    series: str
    statics: str
    base: str


@dataclass(frozen=True)
class Seen:
    """The same as arrays."""

    series: Floats
    statics: Floats
    base: Floats


def add_tokens(g: Graph, lookback: int) -> Tokens:
    """Adds the transform of `window` [batch, lookback, 2 = returned, shipped] and `origin_day` [batch, 1]."""
    f32 = np.float32

    def number(value: float) -> str:
        return g.constant(f32(value))

    def integers(*values: int) -> str:
        return g.constant(np.array(values, np.int64))

    axis1, axis2 = integers(1), integers(2)
    zero, one = number(0), number(1)
    missing = g("IsNaN", "window")
    known = g.as_float(g("Not", missing))
    counts = g("Max", g("Where", missing, zero, "window"), zero)

    def weeks(x: str, newest: int) -> str:
        """[batch, newest, channels]"""
        return g("Slice", x, integers(lookback - newest), integers(lookback), axis1)

    def total(x: str) -> str:
        return g("ReduceSum", x, axis1, keepdims=1)

    # per channel over its known weeks
    roots = g("Sqrt", counts)
    weight = g("Max", total(known), one)
    mean = g("Div", total(roots), weight)
    centred = g("Mul", g("Sub", roots, mean), known)
    variance = g("Div", total(g("Mul", centred, centred)), weight)
    scaled = g("Div", centred, g("Sqrt", g("Add", variance, number(_NOISE))))
    shipped_known = g("Slice", known, integers(1), integers(2), axis2)
    series = g("Transpose", g("Concat", scaled, shipped_known, axis=2), perm=[0, 2, 1])

    # levels: what is counted in a known week, drawn to a little where little is known
    some = g.constant(np.array([[[_SOME_RETURNED, _SOME_SHIPPED]]], f32))

    def level(newest: int) -> str:
        """[batch, 1, channels]"""
        return g(
            "Div",
            g("Add", total(weeks(counts, newest)), some),
            g("Add", total(weeks(known, newest)), one),
        )

    whole, month = level(lookback), level(min(_MONTH, lookback))
    base = g("Squeeze", g("Slice", whole, integers(0), integers(1), axis2), axis2)
    day = g("Mul", g.as_float("origin_day"), number(2 * np.pi / _YEAR_DAYS))
    levels = g("Concat", g("Log", whole), g("Log", month), axis=2)
    flat = g("Reshape", levels, integers(0, 4))
    share = g("Div", g("Squeeze", total(shipped_known), axis2), number(lookback))
    spread = g("Squeeze", g("Slice", g("Sqrt", variance), integers(0), integers(1), axis2), axis2)
    statics = g("Concat", flat, share, spread, g("Sin", day), g("Cos", day), axis=1)
    return Tokens(series, statics, base)


def inputs(lookback: int) -> list[tuple[str, int, list[int | str]]]:
    """The two inputs of a bundle."""
    return [
        ("window", TensorProto.FLOAT, ["batch", lookback, 2]),
        ("origin_day", TensorProto.INT64, ["batch", 1]),
    ]


def compute(window: Windows, origin_day: Ints) -> Seen:
    """Tokens of windows [n, lookback, 2] at origins [n], in days since 1970-01-01."""
    lookback = window.shape[1]
    g = Graph()
    t = add_tokens(g, lookback)
    model: onnx.ModelProto = g.model(
        "tokens",
        inputs(lookback),
        [
            (t.series, TensorProto.FLOAT, ["batch", SERIES, lookback]),
            (t.statics, TensorProto.FLOAT, ["batch", STATICS]),
            (t.base, TensorProto.FLOAT, ["batch", 1]),
        ],
        "rma",
    )
    feed = {"window": window, "origin_day": origin_day.reshape(-1, 1)}
    return Seen(*session(model.SerializeToString()).run([t.series, t.statics, t.base], feed))
