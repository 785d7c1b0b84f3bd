"""Data stage: real weekly returns of an online shop, cut at the as-of of the run.

Reads a CSV with the columns week (a Monday), stock_code, market, shipped_units, returned_units; any others
are left alone, and a week without a row is a week without movement. Such weeks are written out as zeros, from
the first movement of a product in a market on: before it, nobody knew of the product. A return counts in the
week in which it was booked, so a week is known at its end and never revised.

Writes what `rma.simulate` writes, one CSV with a vintage a row: product, market, week, reported (the Monday
after it, from which this is known), shipped, returned.

`with`: `file`, an absolute path, because a stage runs in a folder of its own; it is part of the cache key, the
content of the file is not, so a file that changes gets a new name or a new as-of.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sluice_ml.errors import SluiceMlError
from sluice_ml.panel import DAY, instant_of, iso_instant
from sluice_ml.stage import Stage

WEEK = 7 * DAY
_COLUMNS = ("week", "stock_code", "market", "shipped_units", "returned_units")
_HOW = 'name it by its absolute path: --set data.returns.with.file="$PWD/weekly-returns.csv"'

#: (product, market) -> week (epoch seconds of its Monday) -> shipped, returned
Movements = dict[tuple[str, str], dict[int, tuple[int, int]]]


def named(params: Mapping[str, Any]) -> Path:
    """The file that `with` names. Raises SLU-7303 where it names none, or none that a stage can find."""
    file = str(params.get("file") or "")
    if not file:
        raise SluiceMlError("SLU-7303", "no file of returns is named, and none is part of the repository", _HOW)
    if not Path(file).is_absolute():
        raise SluiceMlError("SLU-7303", f"{file} is relative, and a stage runs in a folder of its own", _HOW)
    return Path(file)


def read(file: Path, as_of: int) -> Movements:
    """The weeks that were over at `as_of` (epoch seconds). Raises SLU-7303, SLU-7104, SLU-7301."""
    movements: Movements = {}
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            if missing := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
                raise SluiceMlError("SLU-7104", f"{file}, line 1: no column {', '.join(missing)}")
            for record in reader:
                try:
                    week = instant_of(record["week"])
                    shipped, returned = int(record["shipped_units"]), int(record["returned_units"])
                except (TypeError, ValueError) as e:
                    raise SluiceMlError("SLU-7104", f"{file}, line {reader.line_num}: {e}") from e
                if shipped < 0 or returned < 0:
                    raise SluiceMlError("SLU-7104", f"{file}, line {reader.line_num}: a count below 0")
                if week + WEEK > as_of:
                    continue
                unit = movements.setdefault((record["stock_code"], record["market"]), {})
                if week in unit:
                    raise SluiceMlError(
                        "SLU-7104", f"{file}, line {reader.line_num}: a second row of the same week and unit"
                    )
                unit[week] = shipped, returned
    except FileNotFoundError:
        raise SluiceMlError("SLU-7303", f"there is no file {file}", _HOW) from None
    except (OSError, csv.Error, UnicodeDecodeError) as e:
        raise SluiceMlError("SLU-7104", f"{file} cannot be read: {e}") from e
    if not movements:
        raise SluiceMlError(
            "SLU-7301", f"{file} has no week that was over at {iso_instant(as_of)}", "choose a later as-of"
        )
    return movements


def vintages(movements: Movements) -> Iterator[tuple[str, str, int, int, int]]:
    """Rows (product, market, week, shipped, returned) without gaps, sorted."""
    last = max(week for weeks in movements.values() for week in weeks)
    for (product, market), weeks in sorted(movements.items()):
        for week in range(min(weeks), last + WEEK, WEEK):
            yield product, market, week, *weeks.get(week, (0, 0))


def main() -> None:
    stage = Stage.from_environment()
    if stage.as_of is None:
        raise SluiceMlError("SLU-7001", "SLUICE_AS_OF is not set")
    movements = read(named(stage.params), int(stage.as_of.timestamp()))
    rows = 0
    stage.outputs.mkdir(parents=True, exist_ok=True)
    with (stage.outputs / "returns").open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(["product", "market", "week", "reported", "shipped", "returned"])
        for product, market, week, shipped, returned in vintages(movements):
            table.writerow([product, market, iso_instant(week), iso_instant(week + WEEK), shipped, returned])
            rows += 1
    stage.result("rows", rows)
    stage.result("units", len(movements))


if __name__ == "__main__":
    main()
