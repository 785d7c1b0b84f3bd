"""What does it cost to read tables, and what do pandas and Arrow take? `reading.py [ROWS] [JAVA CLASSPATH]`

Writes the `rows.csv` of a panel table set and a plain table of 10 columns, and reads each in processes of their own:
by the readers of evaluate (Java) and of families and drift (Python), which hold every field to docs/tables.md, and by
pandas.read_csv and pyarrow.csv, which guess and hold nothing. Prints CPU seconds (other work on the machine lengthens
them less than the time by the clock) and seconds by the clock. The Java reader is left out without a class path.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from drift_large import measured, write

OURS = """
import sys
from pathlib import Path
from sluice_ml.table import Table
instants = ["origin", "targetEnd", "knownAt"]
table = Table.read(Path(sys.argv[1]), ["product", "market", *instants, "actual"])
parsed = [table.keys(["product", "market"]), *(table.instants(c) for c in instants), table.numbers("actual")]
print(len(table), len(parsed))
"""
DRIFT = """
import sys
from pathlib import Path
from sluice_ml.drift_table import read
print(read(Path(sys.argv[1]), 1).rows)
"""
PANDAS = "import sys, pandas; print(len(pandas.read_csv(sys.argv[1])))"
ARROW = "import sys, pyarrow.csv as c; print(c.read_csv(sys.argv[1]).num_rows)"


def rows(file: Path, count: int) -> None:
    at = np.arange(count)
    week = np.datetime64("2024-01-01") + 7 * (at // 20_000 % 60).astype("timedelta64[D]")
    end = week + np.timedelta64(28, "D")
    table = {
        "product": pa.array([f"P-{n}" for n in at % 10_000]),
        "market": pa.array(np.where(at % 20_000 < 10_000, "eu", "us")),
        "origin": pa.array(week.astype(str)),
        "horizon": pa.array(1 + at % 4),
        "targetEnd": pa.array(end.astype(str)),
        "knownAt": pa.array((end + np.timedelta64(180, "D")).astype(str)),
        "actual": pa.array(at * 7 % 23),
        "weight": pa.array(np.ones(count, np.int64)),
    }
    pacsv.write_csv(pa.table(table), file)


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows(folder / "rows.csv", count)
        write(folder / "table.csv", count, 10, 1)
        runs: list[tuple[str, list[str]]] = []
        if len(arguments) > 1:
            java = Path(os.environ.get("JAVA_HOME", "/usr")) / "bin/java"
            command = [str(java), "-XX:+UseSerialGC", "-Xmx1g", "-cp", arguments[1], "io.sluice.bench.TableReading"]
            runs.append(("rows.csv, evaluate's reader (Java)", [*command, str(folder / "rows.csv")]))
        for what, program, file in (
            ("rows.csv, families' reader (Python)", OURS, "rows.csv"),
            ("rows.csv, pandas", PANDAS, "rows.csv"),
            ("rows.csv, Arrow", ARROW, "rows.csv"),
            ("10 columns, drift's reader (Python)", DRIFT, "table.csv"),
            ("10 columns, pandas", PANDAS, "table.csv"),
            ("10 columns, Arrow", ARROW, "table.csv"),
        ):
            runs.append((what, [sys.executable, "-c", program, str(folder / file)]))
        print(f"{count} rows\n| what | CPU | by the clock |\n|---|---|---|")
        for what, command in runs:
            clock, cpu, _ = measured(command, {"OMP_NUM_THREADS": "1"}, folder / "log")
            print(f"| {what} | {cpu:.1f} s | {clock:.1f} s |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
