"""What does the drift stage cost on a large table, and what Evidently alone? `drift_large.py [ROWS] [COLUMNS]`

Writes two tables (four columns in five are numbers, the others categories), runs the stage as a run does, and then in
the same way Evidently by itself: pandas reads all rows, its preset compares them, its page is saved. Both are processes
of their own; prints wall time, CPU time (which other work on the machine lengthens less), the process's largest
resident size, and the ratios.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

PEER = """
import sys
import pandas as pd
from evidently import Dataset, DataDefinition, Report
from evidently.presets import DataDriftPreset
frames = [pd.read_csv(sys.argv[1] + "/" + n) for n in ("current", "reference")]
numeric = [c for c in frames[0] if c.startswith("x")]
definition = DataDefinition(numerical_columns=numeric, categorical_columns=[c for c in frames[0] if c not in numeric])
report = Report([DataDriftPreset(method="psi", threshold=0.1)])
run = report.run(*(Dataset.from_pandas(f, data_definition=definition) for f in frames))
run.save_html(sys.argv[1] + "/peer.html")
"""
WITH = {"method": "psi", "threshold": 0.1, "share": 0.3, "minRows": 500, "missing": 0.1, "reference": "train.rows"}


def write(file: Path, rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table: dict[str, pa.Array] = {}
    for c in range(columns):
        if c % 5 == 4:
            table[f"c{c}"] = pa.DictionaryArray.from_arrays(
                pa.array(rng.integers(0, 20, rows), pa.int32()), [f"category {i}" for i in range(20)]
            ).dictionary_decode()
        else:
            table[f"x{c}"] = pa.array(np.round(rng.normal(size=rows), 5), mask=rng.random(rows) < 0.05)
    pacsv.write_csv(pa.table(table), file)


def measured(argv: list[str], environment: dict[str, str], log: Path) -> tuple[float, float, float]:
    """Seconds by the clock and of the CPU, and GiB at its fullest."""
    started = time.monotonic()
    with log.open("wb") as out:
        child = subprocess.Popen(argv, env=os.environ | environment, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        raise SystemExit(f"{argv[:3]} ended with {os.waitstatus_to_exitcode(status)}:\n{log.read_text()[-2000:]}")
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (1 << 20)


def main(arguments: list[str]) -> int:
    rows, columns = (int(a) for a in (arguments + ["1000000", "50"][len(arguments) :])[:2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("inputs", "outputs", "results"):
            (folder / part).mkdir()
        for seed, side in enumerate(("reference", "current")):
            write(folder / "inputs" / side, rows, columns, seed)
        (folder / "params.json").write_text(json.dumps(WITH))
        variables = {f"SLUICE_{part.upper()}": str(folder / part) for part in ("inputs", "outputs", "results")}
        variables["SLUICE_PARAMS"] = str(folder / "params.json")
        ours = measured([sys.executable, "-m", "sluice_ml.drift"], variables, folder / "log")
        print(f"{rows} rows x {columns} columns on both sides: {(folder / 'log').read_text().strip()[:200]}")
        print(f"drift stage      {ours[0]:6.1f} s  {ours[1]:6.1f} CPU s  {ours[2]:.2f} GiB", flush=True)
        peer = measured(
            [sys.executable, "-c", PEER, str(folder / "inputs")], {"DO_NOT_TRACK": "1"}, folder / "peer.log"
        )
        print(f"Evidently alone  {peer[0]:6.1f} s  {peer[1]:6.1f} CPU s  {peer[2]:.2f} GiB")
        print("ratio            " + "  ".join(f"{mine / other:.2f}" for mine, other in zip(ours, peer, strict=True)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
