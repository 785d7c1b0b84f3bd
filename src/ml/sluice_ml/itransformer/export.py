"""The network as an ONNX graph, normalisation included, for any batch and any number of series."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto

from sluice_ml.graph import Graph
from sluice_ml.itransformer.network import EPSILON, Config, Params

F32 = np.float32


def add_encoder(g: Graph, params: Params, config: Config, series: str, statics: str | None = None) -> str:
    """Adds `network.encode` on `series` [batch, N, lookback]; returns the name of [batch, N, horizons].

    `statics` [batch, statics] where the config has some.
    """

    def weights(value: Any) -> str:
        return g.constant(np.asarray(value, F32))

    def linear(p: Params, x: str) -> str:
        return g("Add", g("MatMul", x, weights(p["w"])), weights(p["b"]))

    def norm(p: Params, x: str) -> str:
        return g("LayerNormalization", x, weights(p["g"]), weights(p["b"]), axis=-1, epsilon=EPSILON)

    def integers(*values: int) -> str:
        return g.constant(np.array(values, np.int64))

    heads, size = config.heads, config.width // config.heads
    split, joined = integers(0, 0, heads, size), integers(0, 0, config.width)
    half, one, root = g.constant(F32(0.5)), g.constant(F32(1)), g.constant(F32(math.sqrt(0.5)))
    shrink = g.constant(F32(size**-0.5))
    x = linear(params["embed"], series)
    if config.statics:
        if statics is None:
            raise ValueError("this network takes statics")
        token = g("Unsqueeze", linear(params["embed_statics"], statics), integers(1))
        x = g("Concat", x, token, axis=1)
    for layer in params["layers"]:
        q, k, v = (
            g("Transpose", g("Reshape", linear(layer[name], x), split), perm=[0, 2, 1, 3]) for name in ("q", "k", "v")
        )
        scores = g("Mul", g("MatMul", q, g("Transpose", k, perm=[0, 1, 3, 2])), shrink)
        mixed = g("Transpose", g("MatMul", g("Softmax", scores, axis=-1), v), perm=[0, 2, 1, 3])
        x = norm(layer["norm_attention"], g("Add", x, linear(layer["o"], g("Reshape", mixed, joined))))
        wide = linear(layer["in"], x)
        # gelu(x) = x/2 (1 + erf(x / sqrt 2)); the operator Gelu came two opsets later
        wide = g("Mul", g("Mul", wide, half), g("Add", g("Erf", g("Mul", wide, root)), one))
        x = norm(layer["norm_forward"], g("Add", x, linear(layer["out"], wide)))
    if config.statics:
        x = g("Slice", x, integers(0), integers(-1), integers(1))
    return linear(params["project"], norm(params["norm"], x))


def export(params: Params, config: Config, calendar: int = 0) -> onnx.ModelProto:
    """`network.forecast` as a model.

    `window` float32 [batch, lookback, series] gives `forecast` [batch, horizons, series]; with `calendar` columns
    there is a second input `calendar` [batch, lookback, calendar]. No value may be missing; scales may be any. Same
    parameters, same bytes.
    """
    if config.statics:
        raise ValueError("statics have a meaning that only their owner knows: use add_encoder")
    g = Graph()
    axis = g.constant(np.array([1], np.int64))
    mean = g("ReduceMean", "window", axis, keepdims=1)
    centred = g("Sub", "window", mean)
    variance = g("ReduceMean", g("Mul", centred, centred), axis, keepdims=1)
    scale = g("Sqrt", g("Add", variance, g.constant(F32(EPSILON))))
    scaled = g("Div", centred, scale)
    inputs: list[tuple[str, int, list[int | str]]] = [
        ("window", TensorProto.FLOAT, ["batch", config.lookback, "series"])
    ]
    if calendar:
        inputs.append(("calendar", TensorProto.FLOAT, ["batch", config.lookback, calendar]))
        scaled = g("Concat", scaled, "calendar", axis=2)
    encoded = add_encoder(g, params, config, g("Transpose", scaled, perm=[0, 2, 1]))
    if calendar:
        first, last = (g.constant(np.array([at], np.int64)) for at in (0, -calendar))
        encoded = g("Slice", encoded, first, last, axis)
    out = g("Transpose", encoded, perm=[0, 2, 1])
    g("Add", g("Mul", out, scale), mean, to="forecast")
    return g.model(
        "itransformer",
        inputs,
        [("forecast", TensorProto.FLOAT, ["batch", config.horizons, "series"])],
        "sluice_ml",
    )
