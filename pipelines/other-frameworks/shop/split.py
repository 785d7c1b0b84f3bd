"""Cuts the log of reports into train, validation and holdout: panel table sets (docs/architecture.md, "Tables").

Beside the contract's tables each set has `windows.csv`, a flat table that any language reads: the unit, the
`origin`, the window as it was known then (the columns that a predict command is shown, in the same order), the
labels `y.1`, `y.2`, and `known`, when the newest of these became known.
"""

from __future__ import annotations

import csv
import json
import os
from datetime import date, timedelta
from pathlib import Path

UNIT = ["product", "market"]
CHANNELS = ["returned", "shipped"]
LOOKBACK = 8
HORIZONS = 2
WEEK = timedelta(weeks=1)
#: origins of each set, counted back from the newest whose labels are all known
ORIGINS = {"train": range(54, 18, -2), "validation": range(13, 9, -1), "holdout": range(5, -1, -1)}

Unit = tuple[str, str]
#: (known from, values) of a unit's week, oldest report first
Reports = dict[tuple[Unit, date], list[tuple[date, list[str]]]]


def known(reports: Reports, unit: Unit, week: date, at: date) -> list[str]:
    """The values of a week as the reports had them at a time; empty fields when there was none."""
    values = [v for since, v in reports.get((unit, week), []) if since <= at]
    return values[-1] if values else [""] * len(CHANNELS)


def write(folder: Path, reports: Reports, units: list[Unit], origins: list[date]) -> None:
    folder.mkdir()
    shape = {"unit": UNIT, "slices": ["market"], "channels": CHANNELS, "period": "P7D", "label": "returned"}
    (folder / "panel.json").write_text(json.dumps(shape), encoding="utf-8")
    files = [(folder / name).open("w", newline="", encoding="utf-8") for name in ("panel.csv", "rows.csv", "windows.csv")]
    panel, rows, windows = (csv.writer(file, lineterminator="\n") for file in files)
    panel.writerow([*UNIT, "eventTime", "knownAt", *CHANNELS])
    for (unit, week), versions in reports.items():
        for since, values in versions:
            if since <= origins[-1]:
                panel.writerow([*unit, week, since, *values])
    lags = [f"{channel}.{back}" for back in range(LOOKBACK, 0, -1) for channel in CHANNELS]
    steps = range(1, HORIZONS + 1)
    rows.writerow([*UNIT, "origin", "horizon", "targetEnd", "knownAt", "actual", "weight"])
    windows.writerow([*UNIT, "origin", *lags, *(f"y.{h}" for h in steps), "known"])
    for unit in units:
        for origin in origins:
            labels = []
            for h in steps:
                end = origin + h * WEEK
                labels.append(known(reports, unit, end - WEEK, end + WEEK)[0])
                rows.writerow([*unit, origin, h, end, end + WEEK, labels[-1], 1])
            window = [v for back in range(LOOKBACK, 0, -1) for v in known(reports, unit, origin - back * WEEK, origin)]
            windows.writerow([*unit, origin, *window, *labels, origin + (HORIZONS + 1) * WEEK])
    for file in files:
        file.close()


def main() -> None:
    reports: Reports = {}
    with (Path(os.environ["SLUICE_INPUTS"]) / "weeks").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            week, since = date.fromisoformat(row["week"]), date.fromisoformat(row["reported"])
            unit = (row["product"], row["market"])
            reports.setdefault((unit, week), []).append((since, [row[channel] for channel in CHANNELS]))
    units = sorted({unit for unit, _ in reports})
    newest = max(since for versions in reports.values() for since, _ in versions)
    last_origin = newest - (HORIZONS + 1) * WEEK
    for name, weeks_back in ORIGINS.items():
        origins = [last_origin - back * WEEK for back in weeks_back]
        write(Path(os.environ["SLUICE_OUTPUTS"]) / name, reports, units, origins)


if __name__ == "__main__":
    main()
