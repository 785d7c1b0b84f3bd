"""The reader of tables against the cases that it shares with the one in Java (TableCasesTest)."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sluice_ml.errors import SluiceMlError
from sluice_ml.panel import Shape, instant_of, read_vintages, seconds_of
from sluice_ml.table import Reader, Table

CASES = Path(__file__).parents[4] / "test-fixtures" / "tables"
NAMES = sorted(file.stem for file in CASES.glob("*.json"))


def case(name: str) -> Any:
    return json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))


def rows(file: Path, columns: dict[str, str]) -> list[list[Any]]:
    table = Table.read(file, list(columns))
    read: list[list[Any]] = [list(table.lines)]
    for column, kind in columns.items():
        if kind == "key":
            read.append([key for (key,) in table.keys([column])])
        elif kind == "instant":
            read.append(table.instants(column))
        else:
            read.append([None if math.isnan(value) else value for value in table.numbers(column)])
    return [list(row) for row in zip(*read, strict=True)]


def values_of_rows(name: str, columns: Any) -> list[list[Any]]:
    return rows(CASES / f"{name}.csv", columns)


def expected(wanted: Any) -> list[list[Any]]:
    kinds = ["line", *wanted["columns"].values()]
    return [
        [instant_of(value) if kind == "instant" else value for kind, value in zip(kinds, row, strict=True)]
        for row in wanted["rows"]
    ]


def values(name: str, vintages: Any) -> list[float | None]:
    channel = vintages["channels"][0]
    shape = Shape(tuple(vintages["unit"]), (), tuple(vintages["channels"]), seconds_of(vintages["period"]), channel)
    panel = read_vintages(CASES / f"{name}.csv", shape, vintages["eventTime"], vintages["knownAt"])
    asked = vintages.get("asOf", [])
    unit = np.array([panel.units.index((q[0],)) for q in asked], np.int64)
    found = panel.values_at(
        unit,
        np.array([instant_of(q[1]) for q in asked], np.int64),
        np.array([instant_of(q[2]) for q in asked], np.int64),
        channel,
    )
    return [None if math.isnan(value) else value for value in found.tolist()]


def test_there_are_cases() -> None:
    assert len(NAMES) > 70


@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_read_as_the_case_says(name: str) -> None:
    wanted = case(name)
    if "refused" not in wanted:
        assert "rows" in wanted or "vintages" in wanted
        if "rows" in wanted:
            assert values_of_rows(name, wanted["columns"]) == expected(wanted)
        if "vintages" in wanted:
            assert values(name, wanted["vintages"]) == [q[3] for q in wanted["vintages"]["asOf"]]
        return
    look = values if "vintages" in wanted else values_of_rows
    with pytest.raises(SluiceMlError, match=r"SLU-710[45]: ") as refused:
        look(name, wanted.get("vintages", wanted["columns"]))
    assert refused.value.exit_code == 2
    what = refused.value.what
    assert f"{name}.csv" in what
    assert refused.value.hint
    for words in wanted["refused"]["says"]:
        assert words in what
    if "line" in wanted["refused"]:
        assert re.search(rf"line {wanted['refused']['line']}\b", what)
    if "column" in wanted["refused"]:
        assert f"(`{wanted['refused']['column']}`)" in what


def test_a_count_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    for text in ("0", "1.5", "-1", "1000001", ""):
        file.write_text(f'h\n1\n"{text}"\n')
        with pytest.raises(SluiceMlError, match=r"SLU-7104.*line 3, column 1 \(`h`\)"):
            Table.read(file, ["h"]).counts("h")
    file.write_text("h\n1\n2.0\n")
    assert Table.read(file, ["h"]).counts("h") == [1, 2]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SluiceMlError, match=r"SLU-7104: .*t.csv cannot be read: No such file"):
        Reader(tmp_path / "t.csv")
