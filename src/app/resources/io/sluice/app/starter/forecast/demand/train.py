"""Family loglinear: a Poisson regression on two levels of the past and the season.

In mode `trial` it fits the parameters of SLUICE_PARAMS and reports the loss on validation; in mode `refit` it
also writes the model as a bundle: an ONNX graph from the raw window to the forecast, so that a service
needs no code from here.

    log forecast = b0 + b1 log(short + 1/2) + b2 log(long + 1/2) + (b3 sin + b4 cos)(target)
                   + (b5 sin + b6 cos)(origin) + b7 horizon
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sluice_ml.bundle import Signature, check_parity, write_bundle
from sluice_ml.panel import DAY, Ints, PanelSet, Windows, seconds_of
from sluice_ml.stage import Stage

Floats = NDArray[np.float64]
LOOKBACK = 53
#: what the gate floors predictions at, too
FLOOR = 1e-3
#: quarter days in four years: the season turns on whole numbers, which every machine computes alike
TURN = 1461


def weights(params: dict[str, float]) -> Floats:
    """Weights of the past weeks, oldest first: [LOOKBACK, 2 half-lives], each column sums to 1."""
    age = np.arange(LOOKBACK)[::-1, None]
    decay = 0.5 ** (age / np.array([params["short"], params["long"]]))
    out: Floats = decay / decay.sum(axis=0)
    return out


def season(day: Ints) -> Floats:
    """[n, 2]: sine and cosine of the time of the year."""
    angle = day * 4 % TURN * (2 * np.pi / TURN)
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


def features(window: Windows, origin_day: Ints, horizon: Ints, params: dict[str, float]) -> Floats:
    """The regressors [n, 8] of windows [n, LOOKBACK, 1]; a missing week counts as nothing sold."""
    levels = np.log(np.nan_to_num(window[:, :, 0].astype(np.float64)) @ weights(params) + 0.5)
    columns = [np.ones((len(window), 1)), levels, season(origin_day + 7 * horizon), season(origin_day)]
    return np.concatenate([*columns, horizon[:, None]], axis=1)


def fit(x: Floats, y: Floats, l2: float) -> Floats:
    """Maximum likelihood with a ridge, by Newton's method; the constant is not shrunk."""
    b = np.zeros(x.shape[1])
    # the start that forecasts the long level: close enough for Newton to converge
    b[2] = 1.0
    ridge = l2 * len(y) * 0.01 * np.diag([0.0] + [1.0] * (x.shape[1] - 1))
    for _ in range(50):
        mean = np.exp(np.clip(x @ b, -20, 20))
        step = np.linalg.solve(x.T @ (x * mean[:, None]) + ridge, x.T @ (y - mean) - ridge @ b)
        b = b + step
        if np.abs(step).max() < 1e-10:
            break
    return b


def poisson_deviance(y: Floats, prediction: Floats) -> float:
    """Mean of 2 (y log(y / p) - y + p)."""
    p = np.maximum(prediction, FLOOR)
    return float(np.mean(2 * (np.where(y > 0, y * np.log(np.maximum(y, 1) / p), 0.0) - y + p)))


def graph(b: Floats, params: dict[str, float], horizons: int) -> onnx.ModelProto:
    """The same formula as ONNX: `window` [batch, LOOKBACK, 1], `origin_day` [batch, 1] -> [batch, horizons]."""
    f32, i64 = np.float32, np.int64
    steps = np.arange(1, horizons + 1)
    constants = {
        "zero": np.array(0, f32),
        "half": np.array(0.5, f32),
        "axis": np.array([2], i64),
        "weights": weights(params).astype(f32),
        "level_b": b[1:3].reshape(2, 1).astype(f32),
        "days": np.concatenate([[0], 7 * steps]).reshape(1, -1).astype(i64),
        "four": np.array(4, i64),
        "turn": np.array(TURN, i64),
        "angle_step": np.array(2 * np.pi / TURN, f32),
        # the season of the origin (first column of the angles) and of each target, into each horizon
        "sin_b": np.vstack([np.full(horizons, b[5]), np.eye(horizons) * b[3]]).astype(f32),
        "cos_b": np.vstack([np.full(horizons, b[6]), np.eye(horizons) * b[4]]).astype(f32),
        "constant": (b[0] + b[7] * steps).reshape(1, -1).astype(f32),
    }
    nodes = [
        ("IsNaN", ["window"], "missing", {}),
        ("Where", ["missing", "zero", "window"], "filled", {}),
        ("Squeeze", ["filled", "axis"], "sold", {}),
        ("MatMul", ["sold", "weights"], "levels", {}),
        ("Add", ["levels", "half"], "positive", {}),
        ("Log", ["positive"], "logs", {}),
        ("MatMul", ["logs", "level_b"], "level", {}),
        ("Add", ["origin_day", "days"], "day", {}),
        ("Mul", ["day", "four"], "quarters", {}),
        ("Mod", ["quarters", "turn"], "turned", {}),
        ("Cast", ["turned"], "turned_float", {"to": TensorProto.FLOAT}),
        ("Mul", ["turned_float", "angle_step"], "angle", {}),
        ("Sin", ["angle"], "sin", {}),
        ("Cos", ["angle"], "cos", {}),
        ("MatMul", ["sin", "sin_b"], "sin_part", {}),
        ("MatMul", ["cos", "cos_b"], "cos_part", {}),
        ("Sum", ["level", "constant", "sin_part", "cos_part"], "log_forecast", {}),
        ("Exp", ["log_forecast"], "forecast", {}),
    ]
    built = helper.make_graph(
        [helper.make_node(op, inputs, [to], **attributes) for op, inputs, to, attributes in nodes],
        "loglinear",
        [
            helper.make_tensor_value_info("window", TensorProto.FLOAT, ["batch", LOOKBACK, 1]),
            helper.make_tensor_value_info("origin_day", TensorProto.INT64, ["batch", 1]),
        ],
        [helper.make_tensor_value_info("forecast", TensorProto.FLOAT, ["batch", horizons])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(built, opset_imports=[helper.make_opsetid("", 18)], producer_name="demand")
    model.ir_version = 10
    return model


def write_model(stage: Stage, params: dict[str, Any], b: Floats, train: PanelSet, validation: PanelSet) -> None:
    """Writes `outputs/model` after the graph and the formula agreed on the windows of validation."""
    rows = validation.rows
    horizons = int(rows.horizon.max())
    unit, origin = np.unique(np.stack([rows.unit, rows.origin]), axis=1)
    window, day = validation.panel.windows(unit, origin, LOOKBACK), origin // DAY
    model = graph(b, params, horizons)
    expected = [np.exp(features(window, day, np.full(len(day), h), params) @ b) for h in range(1, horizons + 1)]
    check_parity(model.SerializeToString(), window, day, np.stack(expected, axis=1).astype(np.float32))
    signature = Signature(
        channels=("sold",),
        lookback=LOOKBACK,
        horizons=horizons,
        period=seconds_of("7d"),
        # of what the coefficients were fitted on; evaluate holds it against the holdout
        newest_label=int(train.rows.known_at.max()),
        family=stage.family,
    )
    probe = np.linspace(0, len(day) - 1, 8).astype(np.int64)
    write_bundle(stage.outputs / "model", model, signature, params, window[probe], day[probe])


def main() -> None:
    stage = Stage.from_environment()
    params = {name: float(stage.params[name]) for name in ("short", "long", "l2")}
    train, validation = (PanelSet.read(stage.inputs / name) for name in ("train", "validation"))
    x, xv = (features(s.windows(LOOKBACK), s.rows.origin // DAY, s.rows.horizon, params) for s in (train, validation))
    b = fit(x, train.rows.actual, params["l2"])
    stage.result("objective", poisson_deviance(validation.rows.actual, np.exp(xv @ b)))
    if stage.mode == "refit":
        write_model(stage, params, b, train, validation)


if __name__ == "__main__":
    main()
