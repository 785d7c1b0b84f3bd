"""Writes the bundles that the tests load. Needs onnx and onnxruntime; run in this folder, commit the result.

`partial` is `linear` that knows no answer from a day on. `linear`: forecast for horizon h = max(0, sum of known
`returned` of the last 4 periods / 4 * (1 + h / 10) + origin_day mod 7 / 100), missing = 0. The probe's outputs come
from Python's ONNX Runtime, so a load in Java is a parity test.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh

LOOKBACK, HORIZONS = 6, 3
HERE = Path(__file__).parent / "bundles"


def graph(scale: float = 1.0, until: int | None = None) -> onnx.ModelProto:
    """`until`: a day from which on the forecast is NaN."""
    f32 = np.float32
    constants = {
        "zero": f32(0),
        "from": np.array([LOOKBACK - 4], np.int64),
        "to": np.array([LOOKBACK], np.int64),
        "time": np.array([1], np.int64),
        "first": np.array([0], np.int64),
        "second": np.array([1], np.int64),
        "channel": np.array([2], np.int64),
        "factors": np.array([[scale * (1 + k / 10) / 4 for k in range(1, HORIZONS + 1)]], f32),
        "seven": np.array(7, np.int64),
        "hundredth": f32(0.01),
    }
    nodes = [
        h.make_node("IsNaN", ["window"], ["missing"]),
        h.make_node("Where", ["missing", "zero", "window"], ["known"]),
        h.make_node("Slice", ["known", "from", "to", "time"], ["recent"]),
        h.make_node("Slice", ["recent", "first", "second", "channel"], ["returned"]),
        h.make_node("ReduceSum", ["returned", "time"], ["sum"], keepdims=0),
        h.make_node("MatMul", ["sum", "factors"], ["level"]),
        h.make_node("Mod", ["origin_day", "seven"], ["weekday"]),
        h.make_node("Cast", ["weekday"], ["weekday_float"], to=T.FLOAT),
        h.make_node("Mul", ["weekday_float", "hundredth"], ["step"]),
        h.make_node("Add", ["level", "step"], ["raw"]),
        h.make_node("Relu", ["raw"], ["forecast"]),
    ]
    if until is not None:
        constants["until"] = np.array(until, np.int64)
        constants["nan"] = f32(np.nan)
        nodes[-1] = h.make_node("Relu", ["raw"], ["known_forecast"])
        nodes.append(h.make_node("Less", ["origin_day", "until"], ["early"]))
        nodes.append(h.make_node("Where", ["early", "known_forecast", "nan"], ["forecast"]))
    g = h.make_graph(
        nodes,
        "linear",
        [
            h.make_tensor_value_info("window", T.FLOAT, ["batch", LOOKBACK, 2]),
            h.make_tensor_value_info("origin_day", T.INT64, ["batch", 1]),
        ],
        [h.make_tensor_value_info("forecast", T.FLOAT, ["batch", HORIZONS])],
        [nh.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    model = h.make_model(g, opset_imports=[h.make_opsetid("", 18)], producer_name="sluice-tests")
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    return model


def bundle(name: str, model: onnx.ModelProto, family: str, last_day: int = 20_475) -> None:
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    blob = model.SerializeToString(deterministic=True)
    (folder / "model.onnx").write_bytes(blob)
    rng = np.random.default_rng(7)
    window = rng.poisson(3, (5, LOOKBACK, 2)).astype(np.float32)
    window[0, :2] = np.nan
    window[3, 4, 0] = np.nan
    day = np.array([[20000], [20007], [20013], [20021], [last_day]], np.int64)
    out = ort.InferenceSession(blob).run(["forecast"], {"window": window, "origin_day": day})[0]
    nested = [[[None if np.isnan(v) else float(v) for v in p] for p in w] for w in window]
    signature = {
        "apiVersion": "sluice.io/bundle/v1",
        "kind": "forecast",
        "inputs": [
            {"name": "window", "kind": "window", "channels": ["returned", "shipped"], "lookback": LOOKBACK},
            {"name": "origin_day", "kind": "originDay"},
        ],
        "output": "forecast",
        "horizons": list(range(1, HORIZONS + 1)),
        "period": "P7D",
        "newestLabel": "2025-01-06",
        "family": family,
    }
    probe = {
        "inputs": {"window": nested, "origin_day": day.tolist()},
        "output": out.astype(float).tolist(),
        "tolerance": 1e-5,
    }
    for file, content in (("signature", signature), ("probe", probe), ("params", {"scale": 1})):
        (folder / f"{file}.json").write_text(json.dumps(content) + "\n")
    (folder / "MLmodel").write_text("flavors:\n  onnx:\n    data: model.onnx\n")


def hostile() -> None:
    external = graph()
    onnx.load_model_from_string(external.SerializeToString())
    tensor = next(i for i in external.graph.initializer if i.name == "factors")
    tensor.ClearField("raw_data")
    tensor.data_location = T.EXTERNAL
    for key, value in (("location", "../../secret.bin"), ("offset", "0"), ("length", "12")):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    (HERE / "external.onnx").write_bytes(external.SerializeToString(deterministic=True))
    newer = graph()
    newer.opset_import[0].version = 9999
    (HERE / "opset.onnx").write_bytes(newer.SerializeToString(deterministic=True))
    custom = graph()
    custom.graph.node[-1].domain = "acme.custom"
    custom.opset_import.append(h.make_opsetid("acme.custom", 1))
    (HERE / "custom-op.onnx").write_bytes(custom.SerializeToString(deterministic=True))


if __name__ == "__main__":
    bundle("linear", graph(), "linear")
    bundle("doubled", graph(2.0), "doubled")
    # between validation and holdout of the tests' tables; the probe's days lie before
    bundle("partial", graph(until=20_372), "partial", last_day=20_371)
    hostile()
