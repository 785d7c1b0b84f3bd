"""The network: pure functions over a tree of parameters.

Each series of the window is one token: its L values are embedded by one linear map, attention mixes the
series, and one linear map projects each token to the H values that follow. So the number of series is free: a
network that was trained on seven forecasts one, or seventy (arXiv 2310.06625, section 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

Params = dict[str, Any]
Array = jax.Array

#: inside the root of the variance, so that a constant window does not divide by zero
EPSILON = 1e-5


@dataclass(frozen=True)
class Config:
    """What the parameters' shapes follow from. Defaults are those of the paper's ETTh1 runs.

    `statics`: how many numbers describe a window beside its series (a level, a season); they form one more
    token, which other tokens attend to and which forecasts nothing. None of them: 0.
    """

    lookback: int
    horizons: int
    width: int = 256
    feed_forward: int = 256
    heads: int = 8
    layers: int = 2
    dropout: float = 0.1
    statics: int = 0

    def __post_init__(self) -> None:
        if min(self.lookback, self.horizons, self.width, self.feed_forward, self.heads, self.layers) < 1:
            raise ValueError("lookback, horizons, width, feed_forward, heads and layers are at least 1")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout} is not in [0, 1)")


def initial(config: Config, key: Array) -> Params:
    """Parameters to start from: every linear map uniform within 1 / sqrt(inputs)."""
    d, f = config.width, config.feed_forward

    def norm() -> Params:
        return {"g": jnp.ones(d, jnp.float32), "b": jnp.zeros(d, jnp.float32)}

    def size(inputs: int, outputs: int) -> int:
        return (inputs + 1) * outputs

    layer = 4 * size(d, d) + size(d, f) + size(f, d)
    linear = _Linears(key, size(config.lookback, d) + config.layers * layer + size(d, config.horizons))
    params: Params = {
        "embed": linear(config.lookback, d),
        "layers": [
            {
                "q": linear(d, d),
                "k": linear(d, d),
                "v": linear(d, d),
                "o": linear(d, d),
                "in": linear(d, f),
                "out": linear(f, d),
                "norm_attention": norm(),
                "norm_forward": norm(),
            }
            for _ in range(config.layers)
        ],
        "norm": norm(),
        "project": linear(d, config.horizons),
    }
    if config.statics:
        # drawn apart, so that a network without statics starts as it would without this feature
        params["embed_statics"] = _Linears(jax.random.fold_in(key, 1), size(config.statics, d))(config.statics, d)
    return params


class _Linears:
    """Linear maps cut from one draw of `size` numbers: a draw each takes longer to compile than a network to train."""

    def __init__(self, key: Array, size: int) -> None:
        self._drawn = jax.random.uniform(key, (size,), jnp.float32, -1, 1)
        self._at = 0

    def __call__(self, inputs: int, outputs: int) -> Params:
        return {"w": self._cut((inputs, outputs), inputs), "b": self._cut((outputs,), inputs)}

    def _cut(self, shape: tuple[int, ...], inputs: int) -> Array:
        start, self._at = self._at, self._at + math.prod(shape)
        part: Array = self._drawn[start : self._at].reshape(shape) * inputs**-0.5
        return part


class _Dropout:
    """What to keep, for each place where something is dropped in turn; one draw, as above."""

    def __init__(self, config: Config, key: Array | None, batch: int, tokens: int) -> None:
        self._keep = 1 - config.dropout
        self._kept: Array | None = None
        self._at = 0
        if key is not None and config.dropout > 0:
            layer = config.heads * tokens * tokens + tokens * (2 * config.width + config.feed_forward)
            size = batch * (tokens * config.width + config.layers * layer)
            self._kept = jax.random.bernoulli(key, self._keep, (size,))

    def __call__(self, x: Array) -> Array:
        if self._kept is None:
            return x
        start, self._at = self._at, self._at + x.size
        left: Array = jnp.where(self._kept[start : self._at].reshape(x.shape), x / self._keep, 0)
        return left


def encode(
    params: Params, config: Config, series: Array, statics: Array | None = None, dropout_key: Array | None = None
) -> Array:
    """The network proper, on series that are normalised already.

    `series` [batch, N, lookback], `statics` [batch, statics] or None; returns [batch, N, horizons]. Without a
    `dropout_key` nothing is dropped: that is the model that forecasts.
    """
    batch, count, _ = series.shape
    heads, size = config.heads, config.width // config.heads
    x = _linear(params["embed"], series)
    if config.statics:
        if statics is None:
            raise ValueError("this network takes statics")
        x = jnp.concatenate([x, _linear(params["embed_statics"], statics)[:, None, :]], axis=1)
    tokens = x.shape[1]
    drop = _Dropout(config, dropout_key, batch, tokens)
    x = drop(x)
    for layer in params["layers"]:
        q, k, v = (
            _linear(layer[name], x).reshape(batch, tokens, heads, size).transpose(0, 2, 1, 3)
            for name in ("q", "k", "v")
        )
        scores = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) * size**-0.5, axis=-1)
        mixed = (drop(scores) @ v).transpose(0, 2, 1, 3).reshape(batch, tokens, config.width)
        x = _norm(layer["norm_attention"], x + drop(_linear(layer["o"], mixed)))
        wide = drop(jax.nn.gelu(_linear(layer["in"], x), approximate=False))
        x = _norm(layer["norm_forward"], x + drop(_linear(layer["out"], wide)))
    return _linear(params["project"], _norm(params["norm"], x[:, :count]))


def forecast(
    params: Params,
    config: Config,
    window: Array,
    dropout_key: Array | None = None,
    calendar: Array | None = None,
) -> Array:
    """The paper's model: `window` [batch, lookback, N], any scale; returns [batch, horizons, N] in that scale.

    Each series of each window is brought to mean 0 and variance 1 and the forecast is brought back (the
    non-stationary normalisation of the paper's section 3.2, without learned parameters). `calendar` [batch, lookback,
    C], where given, are series that are attended to as they are and not forecast.
    """
    mean = window.mean(axis=1, keepdims=True)
    centred = window - mean
    scale = jnp.sqrt((centred * centred).mean(axis=1, keepdims=True) + EPSILON)
    series = centred / scale if calendar is None else jnp.concatenate([centred / scale, calendar], axis=2)
    out = encode(params, config, series.transpose(0, 2, 1), dropout_key=dropout_key)
    return out[:, : window.shape[2]].transpose(0, 2, 1) * scale + mean


def _linear(p: Params, x: Array) -> Array:
    out: Array = x @ p["w"] + p["b"]
    return out


def _norm(p: Params, x: Array) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    out: Array = centred / jnp.sqrt(variance + EPSILON) * p["g"] + p["b"]
    return out
