"""Family itransformer: attention between the series of a unit, one network for all units.

Trained on the Poisson deviance by which the gate judges: the network gives the logarithm of a factor on the unit's
own level (`rma.tokens`), so a forecast is above zero whatever it says. It learns from train; training stops when
validation stops getting better, as XGBoost's number of rounds is searched on validation too.

A function, not a command: all trials run in one process, which imports JAX and reads the panels once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import onnx

from rma import tokens
from rma.counts import FLOOR, bias, calibrate, poisson_deviance
from rma.tokens import STATICS, Floats, Seen
from sluice_ml.bundle import Signature, check_parity, write_bundle
from sluice_ml.graph import Graph
from sluice_ml.itransformer.export import add_encoder
from sluice_ml.itransformer.network import Array, Config, Params, encode, initial
from sluice_ml.itransformer.training import Batch, Indices, Losses, Options, batches, fit
from sluice_ml.panel import DAY, Ints, PanelSet, Shape, Windows
from sluice_ml.stage import Stage

#: log of the largest factor on a unit's level, either way: keeps a wild network finite
_WIDEST = 4.0
#: newest share of training windows by which the level of a trial is set
_TAIL = 0.25
_PARITY_ROWS = 2_000
_PROBE_ROWS = 8


@dataclass(frozen=True)
class Samples:
    """One sample per unit and origin: what was seen, and labels and their weights [n, horizons]; a horizon without
    a label weighs nothing. Beside it what a bundle is checked with."""

    seen: Seen
    y: Floats
    weight: Floats
    window: Windows
    origin: Ints
    known_at: int

    @staticmethod
    def read(folder: Path, lookback: int) -> Samples:
        """From a panel table set; rows of the same unit and origin become one sample."""
        panel_set = PanelSet.read(folder)
        rows = panel_set.rows
        pairs, at = np.unique(np.stack([rows.unit, rows.origin]), axis=1, return_inverse=True)
        window = panel_set.panel.windows(pairs[0], pairs[1], lookback)
        labels = (pairs.shape[1], int(rows.horizon.max()))
        y, weight = np.zeros(labels, np.float32), np.zeros(labels, np.float32)
        y[at.reshape(-1), rows.horizon - 1] = rows.actual
        weight[at.reshape(-1), rows.horizon - 1] = rows.weight
        return Samples(
            tokens.compute(window, pairs[1] // DAY), y, weight, window, pairs[1], int(rows.known_at.max(initial=0))
        )

    def __len__(self) -> int:
        return len(self.y)

    def batch(self, at: Indices) -> Batch:
        """(series, statics, base, y, weight) of these samples; weights are such that their mean is 1."""
        s = self.seen
        scale = np.float32(len(self) / self.weight.sum(dtype=np.float64))
        return s.series[at], s.statics[at], s.base[at], self.y[at], self.weight[at] * scale


def counts(params: Params, config: Config, batch: Batch, key: Array | None = None) -> Array:
    """The forecast [batch, horizons], above 0."""
    series, statics, base = batch[:3]
    factor = encode(params, config, series, statics, key)[:, 0]
    counted: Array = base * jnp.exp(jnp.clip(factor, -_WIDEST, _WIDEST))
    return counted


# Kept by config: trials of the same shape share what was compiled for them.


@lru_cache(maxsize=16)
def losses_of(config: Config) -> Losses:
    """Poisson deviance per sample; the mean over all samples is that over all rows."""

    def losses(params: Params, batch: Batch, key: Array | None) -> Array:
        y, weight = batch[3:]
        p = jnp.maximum(counts(params, config, batch, key), FLOOR)
        deviance = 2 * (jnp.where(y > 0, y * jnp.log(jnp.where(y > 0, y, 1.0) / p), 0.0) - y + p)
        weighted: Array = (deviance * weight).sum(axis=1)
        return weighted

    return losses


@lru_cache(maxsize=16)
def _forecaster(config: Config) -> Callable[[Params, Batch], Array]:
    return jax.jit(lambda params, batch: counts(params, config, batch))


@lru_cache(maxsize=16)
def _starter(config: Config) -> Callable[[Array], Params]:
    return jax.jit(lambda key: initial(config, key))


def forecast(params: Params, config: Config, samples: Samples) -> Floats:
    """[samples, horizons]"""
    run = _forecaster(config)
    return np.concatenate(
        [np.asarray(run(params, samples.batch(at)))[mask] for at, mask in batches(len(samples), 1024)]
    )


def level(samples: Samples, prediction: Floats, newest: float = 1.0) -> float:
    """`calibrate` over the newest share of the samples' origins."""
    recent = samples.origin >= np.quantile(samples.origin, 1 - newest)
    labelled = samples.weight[recent] > 0
    return calibrate(samples.y[recent][labelled], prediction[recent][labelled], samples.y.shape[1])


def graph(params: Params, config: Config, factor: float) -> onnx.ModelProto:
    """The whole model as ONNX: tokens, network, level."""
    g = Graph()
    seen = tokens.add_tokens(g, config.lookback)
    first, second, channels = (g.constant(np.array([at], np.int64)) for at in (0, 1, 1))
    out = add_encoder(g, params, config, seen.series, seen.statics)
    returned = g("Squeeze", g("Slice", out, first, second, channels), channels)
    low, high = (g.constant(np.float32(edge)) for edge in (-_WIDEST, _WIDEST))
    raw = g("Mul", seen.base, g("Exp", g("Clip", returned, low, high)))
    g("Mul", raw, g.constant(np.float32(factor)), to="forecast")
    dims: list[int | str] = ["batch", config.horizons]
    outputs = [("forecast", onnx.TensorProto.FLOAT, dims)]
    return g.model("itransformer", tokens.inputs(config.lookback), outputs, "rma")


def export(stage: Stage, model: onnx.ModelProto, validation: Samples, prediction: Floats, newest_label: int) -> None:
    """Writes `outputs/model`, after the graph and the network agreed on windows of validation.

    `newest_label`: when the newest label that the network learned from became known.

    Raises SLU-7201 where they do not.
    """
    shape = Shape.read(stage.inputs / "validation")
    window, day = validation.window, validation.origin // DAY
    some = np.linspace(0, len(validation) - 1, min(_PARITY_ROWS, len(validation))).astype(np.int64)
    blob = model.SerializeToString(deterministic=True)
    stage.result("parity", check_parity(blob, window[some], day[some], prediction[some]))
    # busy units say more than silent ones, and one window with gaps is among them
    busiest = np.argsort(-np.nansum(window[:, :, 0], axis=1), kind="stable")[: _PROBE_ROWS - 2]
    gaps = np.flatnonzero(np.isnan(window).any(axis=(1, 2)))[:1]
    probe = np.unique(np.concatenate([busiest, gaps, [len(validation) - 1]]))
    signature = Signature(
        shape.channels,
        window.shape[1],
        prediction.shape[1],
        shape.period,
        newest_label,
        stage.family or "itransformer",
    )
    write_bundle(stage.outputs / "model", model, signature, dict(stage.params), window[probe], day[probe])


def family(stage: Stage) -> float:
    """What Sluice calls: the objective for `stage.params`; in mode `refit` it writes the bundle as well."""
    p = stage.params
    lookback = int(p.get("lookback", 26))
    train, validation = (_read(stage.inputs / name, lookback) for name in ("train", "validation"))
    width = int(p.get("width", 32))
    config = Config(
        lookback,
        validation.y.shape[1],
        width=width,
        feed_forward=2 * width,
        heads=int(p.get("heads", 4)),
        layers=int(p.get("layers", 1)),
        dropout=float(p.get("dropout", 0.0)),
        statics=STATICS,
    )
    options = Options(
        learning_rate=float(p["learning_rate"]),
        batch=int(p.get("batch", 256)),
        epochs=int(p.get("epochs", 12)),
        patience=int(p.get("patience", 3)),
        decay=float(p.get("decay", 0.8)),
        clip=1.0,
    )
    seed = stage.seed % 2**31
    fitted = fit(
        losses_of(config),
        _starter(config)(jax.random.key(seed)),
        train,
        validation,
        options,
        seed,
        progress=lambda epoch: print(epoch, flush=True),
    )
    raw = forecast(fitted.params, config, validation)
    labelled = validation.weight > 0
    y, weight = validation.y[labelled], validation.weight[labelled]
    prediction = raw[labelled] * np.float32(level(train, forecast(fitted.params, config, train), _TAIL))
    stage.result("validation.bias", bias(y, prediction))
    stage.result("epochs", len(fitted.epochs))
    if stage.mode == "refit":
        factor = level(validation, raw)
        stage.result("calibration", factor)
        # the network knows train; when it stopped and the factor know validation
        newest_label = max(train.known_at, validation.known_at)
        export(stage, graph(fitted.params, config, factor), validation, raw * np.float32(factor), newest_label)
    return poisson_deviance(y, prediction, weight)


@lru_cache(maxsize=2)
def _read(folder: Path, lookback: int) -> Samples:
    return Samples.read(folder, lookback)
