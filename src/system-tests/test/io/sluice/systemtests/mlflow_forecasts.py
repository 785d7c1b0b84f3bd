"""Loads a version by MLflow's own client and compares its numbers with Sluice's; fails where they differ.

mlflow_forecasts.py TRACKING_URI MODEL_URI probe
    a graph: its example of a call, against the probe of the version
mlflow_forecasts.py TRACKING_URI MODEL_URI predictions WINDOWS PREDICTIONS
    a command: WINDOWS/<origin>/{windows.csv,as-of}, against PREDICTIONS/<origin>.csv
"""

import json
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.artifacts import download_artifacts
from mlflow.models import validate_serving_input


def graph(uri: str) -> None:
    folder = Path(download_artifacts(uri))
    probe = json.loads((folder / "probe.json").read_text())
    expected = np.array(probe["output"], np.float32)[:2]
    served = (folder / "serving_input_example.json").read_text()
    model = mlflow.pyfunc.load_model(str(folder))
    for answer in (model.predict(model.input_example), validate_serving_input(str(folder), served)):
        (output,) = answer.values()
        assert output.shape == expected.shape, (output, expected)
        off = np.abs(output - expected) / np.maximum(1, np.abs(expected))
        assert off.max() <= probe["tolerance"], (output, expected)
    assert mlflow.onnx.load_model(str(folder)).graph.node
    print("the same as the probe:", expected.size)


def command(uri: str, windows: Path, predictions: Path) -> None:
    tables, scored = [], []
    for origin in sorted(windows.iterdir()):
        instant = (origin / "as-of").read_text().strip()
        header = pd.read_csv(origin / "windows.csv", nrows=0).columns
        units = {c: str for c in header if "." not in c}
        keep = {"keep_default_na": False, "na_values": [""]}
        tables.append(pd.read_csv(origin / "windows.csv", dtype=units, **keep).assign(origin=instant))
        scored.append(pd.read_csv(predictions / f"{origin.name}.csv", dtype=units).assign(origin=instant))
    key = [*units, "origin", "horizon"]
    model = mlflow.pyfunc.load_model(uri)
    # not in the order of windows.csv: what is asked together says nothing of one row
    got = model.predict(pd.concat(tables).sample(frac=1, random_state=1)).set_index(key).sort_index()
    want = pd.concat(scored).set_index(key).sort_index()
    pd.testing.assert_frame_equal(got, want[["forecast"]], check_exact=True, check_dtype=False)
    refused = ""
    try:
        model.predict(tables[0].assign(**dict.fromkeys(units, 7)))
    except mlflow.exceptions.MlflowException as e:
        refused = f"{e.get_http_status_code()} {e.message}"
    assert refused.startswith("400 SLU-6314: row 0, column "), refused
    print("the same as the predict stage:", len(got))


if __name__ == "__main__":
    mlflow.set_tracking_uri(sys.argv[1])
    if sys.argv[3] == "probe":
        graph(sys.argv[2])
    else:
        command(sys.argv[2], Path(sys.argv[4]), Path(sys.argv[5]))
