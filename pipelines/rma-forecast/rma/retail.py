"""Data stage: real weekly returns of an online shop, cut at the as-of of the run.

Reads a CSV with the columns week (a Monday), stock_code, market, shipped_units, returned_units; any others
are left alone, and a week without a row is a week without movement. Such weeks are written out as zeros, from
the first movement of a product in a market on: before it, nobody knew of the product. A return counts in the
week in which it was booked, so a week is known at its end and never revised.

Writes what `rma.simulate` writes, one CSV with a vintage a row: product, market, week, reported (the Monday
after it, from which this is known), shipped, returned; and uncounted, see below.

`with`:

- `file`, an absolute path, because a stage runs in a folder of its own; it is part of the cache key, the
  content of the file is not, so a file that changes gets a new name or a new as-of.
- `countUpTo`, optional: so many units a product, market and week count as returned, at most. A bulk order that
  is called off is booked as a return of hundreds or thousands of units, and a planner of returns has no
  use for it. The column `returned` then holds what counts, for labels, features and baselines alike; `uncounted`
  holds the rest, so nothing is lost, and the results say how many units and weeks that were.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sluice_ml.errors import InputError
from sluice_ml.panel import DAY, instant_of, iso_instant
from sluice_ml.stage import Stage, run
from sluice_ml.table import Reader, number, quoted

WEEK = 7 * DAY
_COLUMNS = ("week", "stock_code", "market", "shipped_units", "returned_units")
_HOW = 'name it by its absolute path: --set data.returns.with.file="$PWD/weekly-returns.csv"'

#: (product, market) -> week (epoch seconds of its Monday) -> shipped, returned
Movements = dict[tuple[str, str], dict[int, tuple[int, int]]]


def named(params: Mapping[str, Any]) -> Path:
    """The file that `with` names. Raises SLU-7303 where it names none, or none that a stage can find."""
    file = str(params.get("file") or "")
    if not file:
        raise InputError("SLU-7303", "no file of returns is named, and none is part of the repository", _HOW)
    if not Path(file).is_absolute():
        raise InputError("SLU-7303", f"{file} is relative, and a stage runs in a folder of its own", _HOW)
    return Path(file)


def count_up_to(params: Mapping[str, Any]) -> int | None:
    """The limit that `with` sets on what counts as returned; None where it sets none. Raises SLU-7350."""
    limit = params.get("countUpTo")
    if limit is None:
        return None
    # a bool is an int to Python, and true is not a number of units
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise InputError(
            "SLU-7350",
            f"countUpTo is {limit!r}, not a whole number of units, 1 or more",
            "write for example `countUpTo: 200`, or leave it out to count every unit",
        )
    return limit


def read(file: Path, as_of: int) -> Movements:
    """The weeks that were over at `as_of` (epoch seconds). Raises SLU-7303, SLU-7104, SLU-7301."""
    movements: Movements = {}
    if not file.is_file():
        raise InputError("SLU-7303", f"there is no file {file}", _HOW)
    with Reader(file) as reader:
        reader.require(_COLUMNS)
        at = [reader.header.index(name) for name in _COLUMNS]
        for record in reader:
            week_text, product, market, *counts = (record[i] for i in at)
            try:
                week = instant_of(week_text)
                shipped, returned = map(_count, counts)
            except ValueError as e:
                raise InputError("SLU-7104", f"{file}, line {reader.line}: {e}") from e
            if week + WEEK > as_of:
                continue
            unit = movements.setdefault((product, market), {})
            if unit.get(week, (shipped, returned)) != (shipped, returned):
                raise InputError(
                    "SLU-7104",
                    f"{file}, line {reader.line}: a second row of the same week and unit, with other counts",
                    "a week of a unit has one row; one that comes twice counts once",
                )
            unit[week] = shipped, returned
    if not movements:
        raise InputError(
            "SLU-7301", f"{file} has no week that was over at {iso_instant(as_of)}", "choose a later as-of"
        )
    return movements


def _count(text: str) -> int:
    value = number(text)
    if value < 0:
        raise ValueError(f"{quoted(text)} is a count below 0")
    if not value.is_integer():
        raise ValueError(f"{quoted(text)} is not a whole number")
    return int(value)


def vintages(movements: Movements, limit: int | None = None) -> Iterator[tuple[str, str, int, int, int, int]]:
    """Rows (product, market, week, shipped, returned, uncounted) without gaps, sorted; returned is at most `limit`."""
    last = max(week for weeks in movements.values() for week in weeks)
    for (product, market), weeks in sorted(movements.items()):
        for week in range(min(weeks), last + WEEK, WEEK):
            shipped, returned = weeks.get(week, (0, 0))
            counted = returned if limit is None else min(returned, limit)
            yield product, market, week, shipped, counted, returned - counted


def main() -> None:
    stage = Stage.from_environment()
    if stage.as_of is None:
        raise InputError("SLU-7001", "SLUICE_AS_OF is not set")
    limit = count_up_to(stage.params)
    movements = read(named(stage.params), int(stage.as_of.timestamp()))
    rows = returned = uncounted = limited = 0
    stage.outputs.mkdir(parents=True, exist_ok=True)
    with (stage.outputs / "returns").open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(["product", "market", "week", "reported", "shipped", "returned", "uncounted"])
        for product, market, week, *counts in vintages(movements, limit):
            table.writerow([product, market, iso_instant(week), iso_instant(week + WEEK), *counts])
            rows += 1
            returned += counts[1]
            uncounted += counts[2]
            limited += counts[2] > 0
    stage.result("rows", rows)
    stage.result("units", len(movements))
    stage.result("returned", returned)
    stage.result("uncounted", uncounted)
    stage.result("uncountedWeeks", limited)
    if limit is not None:
        share = uncounted / max(returned + uncounted, 1)
        print(
            f"counted up to {limit} returned units a product, market and week: {uncounted} of {returned + uncounted} "
            f"units ({share:.1%}) in {limited} such weeks are not counted"
        )


if __name__ == "__main__":
    sys.exit(run(main))
