"""Model bundles: a folder that `src/inference` and MLflow both load, written without importing mlflow.

The graph takes the raw panel window, so serving the model needs no code of the family that trained it:
`window` float32 [batch, lookback, channels] (NaN = missing), `origin_day` int64 [batch, 1] (days since
1970-01-01), output `forecast` float32 [batch, horizons]. Format: docs/architecture.md, "Model bundle".
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

from sluice_ml.errors import SluiceMlError
from sluice_ml.panel import Ints, Panel, Windows, iso_duration, iso_instant

API_VERSION = "sluice.io/bundle/v1"
#: relative where outputs are above 1, absolute below; float32 arithmetic of another build stays well inside
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Signature:
    """What a forecast model takes and gives. `period` in seconds; `newest_label`: epoch seconds of the latest
    instant at which a label that the model learned from became known."""

    channels: Sequence[str]
    lookback: int
    horizons: int
    period: int
    newest_label: int
    family: str

    def document(self) -> dict[str, Any]:
        """`signature.json`."""
        return {
            "apiVersion": API_VERSION,
            "kind": "forecast",
            "inputs": [
                {
                    "name": "window",
                    "kind": "window",
                    "channels": list(self.channels),
                    "lookback": self.lookback,
                },
                {"name": "origin_day", "kind": "originDay"},
            ],
            "output": "forecast",
            "horizons": list(range(1, self.horizons + 1)),
            "period": iso_duration(self.period),
            "newestLabel": iso_instant(self.newest_label),
            "family": self.family,
        }


def session(model: bytes) -> ort.InferenceSession:
    """A session on one thread, so that the same input gives the same bytes."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def predict(model: bytes, window: Windows, origin_day: Ints) -> NDArray[np.float32]:
    """Runs a bundle's graph: float32 [batch, horizons]. `origin_day` is [batch]."""
    feed = {"window": window, "origin_day": origin_day.reshape(-1, 1)}
    out: NDArray[np.float32] = session(model).run(["forecast"], feed)[0]
    return out


def check_parity(
    model: bytes, window: Windows, origin_day: Ints, expected: NDArray[np.float32], tolerance: float = 1e-4
) -> float:
    """The largest deviation of the graph from the trainer's own predictions, relative above 1.

    Raises SLU-7201 when it is above `tolerance`: a graph that says something else than the model that was
    tuned must not become a candidate. (Trees sum float32 leaves in another order than the library that
    trained them, and `exp` carries that on: 1e-4 is far above it, and far below one wrong split.)
    """
    got = predict(model, window, origin_day)
    if got.shape != expected.shape:
        raise SluiceMlError("SLU-7201", f"the graph gives {got.shape}, the trainer {expected.shape}")
    off = np.abs(got - expected) / np.maximum(1.0, np.abs(expected))
    worst = float(off.max()) if off.size else 0.0
    if not worst <= tolerance:
        row, horizon = np.unravel_index(int(np.nanargmax(off)), off.shape)
        raise SluiceMlError(
            "SLU-7201",
            f"the ONNX graph and the trained model disagree by {worst:.3g} (row {row}, horizon {horizon + 1}: "
            f"{got[row, horizon]!r} against {expected[row, horizon]!r})",
            "the conversion is wrong or a feature in the graph is not computed as in training; nothing was written",
        )
    return worst


def write_bundle(
    folder: Path,
    model: onnx.ModelProto,
    signature: Signature,
    params: Mapping[str, Any],
    probe_window: Windows,
    probe_day: Ints,
) -> None:
    """Writes `model.onnx`, `signature.json`, `params.json` and `probe.json`; same input, same bytes.

    `train@1` adds what MLflow wants to know about them.

    `probe_window` [n, lookback, channels] and `probe_day` [n], n >= 3, become the probe that every loader
    replays. Raises SLU-7202 when the model gives anything but finite numbers for them, or a negative one although
    no value of the windows is negative.
    """
    onnx.checker.check_model(model)
    blob = model.SerializeToString(deterministic=True)
    if len(probe_window) < 3:
        raise SluiceMlError("SLU-7202", f"a probe needs at least three rows, not {len(probe_window)}")
    output = predict(blob, probe_window, probe_day)
    if not (np.isfinite(output).all() and ((output >= 0).all() or (probe_window < 0).any())):
        raise SluiceMlError(
            "SLU-7202",
            "the model forecasts NaN, infinite or negative values for its probe",
            "such a model is ineligible",
        )
    if output.shape != (len(probe_window), signature.horizons):
        raise SluiceMlError(
            "SLU-7202", f"the model gives {output.shape}, its signature says {signature.horizons} horizons"
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(blob)
    _write_json(folder / "signature.json", signature.document())
    _write_json(folder / "params.json", dict(params))
    _write_json(
        folder / "probe.json",
        {
            "inputs": {"window": _nested(probe_window), "origin_day": probe_day.reshape(-1, 1).tolist()},
            "output": _nested(output),
            "tolerance": TOLERANCE,
        },
        indent=None,
    )


def write_validation(folder: Path, panel: Panel, unit: Ints, origin: Ints, forecast: NDArray[np.float32]) -> None:
    """Writes `validation/` of the bundle `folder`: what the model forecast there before it was fitted to it as well.

    `unit`, `origin` [n] are all pairs in the rows of validation, `forecast` is [n, horizons]. Families are compared
    by these forecasts, where a bundle has them, instead of by its graph's.
    """
    (folder / "validation").mkdir(parents=True)
    for instant in np.unique(origin).tolist():
        name = datetime.fromtimestamp(instant, UTC).strftime("%Y%m%dT%H%M%S")
        with (folder / "validation" / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
            table = csv.writer(out, lineterminator="\n")
            table.writerow([*panel.shape.unit, "horizon", "forecast"])
            for at in np.flatnonzero(origin == instant).tolist():
                for horizon, value in enumerate(forecast[at], start=1):
                    table.writerow([*panel.units[unit[at]], horizon, str(value)])


def _nested(array: NDArray[np.float32]) -> Any:
    """Nested lists with None for NaN; float32 widened exactly, so that readers get the same bits back."""

    def clean(value: Any) -> Any:
        if isinstance(value, list):
            return [clean(v) for v in value]
        return None if math.isnan(value) else value

    return clean(array.tolist())


def _write_json(file: Path, document: Any, indent: int | None = 2) -> None:
    file.write_text(json.dumps(document, indent=indent, sort_keys=False) + "\n", encoding="utf-8")
