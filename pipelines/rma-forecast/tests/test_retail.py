"""Real returns: cut at the as-of, without gaps, and with errors that name the line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from rma.retail import WEEK, count_up_to, main, named, read, vintages
from sluice_ml.errors import SluiceMlError
from sluice_ml.panel import instant_of

HEADER = "week,stock_code,market,shipped_units,returned_units,revenue_gbp\n"
ROWS = "2011-01-03,A,UK,5,1,9.5\n2011-01-24,A,UK,3,0,2\n2011-01-10,B,Other,2,2,1\n"
FOURTH = instant_of("2011-01-31")


def table(folder: Path, text: str = HEADER + ROWS) -> Path:
    file = folder / "weekly.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_weeks_without_a_row_are_zeros_from_the_first_movement_on(tmp_path: Path) -> None:
    rows = list(vintages(read(table(tmp_path), FOURTH)))

    first = instant_of("2011-01-03")
    assert rows == [
        ("A", "UK", first, 5, 1, 0),
        ("A", "UK", first + WEEK, 0, 0, 0),
        ("A", "UK", first + 2 * WEEK, 0, 0, 0),
        ("A", "UK", first + 3 * WEEK, 3, 0, 0),
        ("B", "Other", first + WEEK, 2, 2, 0),
        ("B", "Other", first + 2 * WEEK, 0, 0, 0),
        ("B", "Other", first + 3 * WEEK, 0, 0, 0),
    ]


def test_a_week_is_known_when_it_is_over_and_not_before(tmp_path: Path) -> None:
    file = table(tmp_path)
    everything = list(vintages(read(file, FOURTH)))

    earlier = list(vintages(read(file, FOURTH - 1)))

    assert earlier
    assert max(row[2] for row in earlier) == instant_of("2011-01-10")
    assert set(earlier) < set(everything)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("week,stock_code\n", "SLU-7104.*line 1.*market"),
        (HEADER + "2011-01-03,A,UK,five,1,9\n", "SLU-7104.*line 2"),
        (HEADER + "2011-01-03,A,UK,5,-1,9\n", "SLU-7104.*line 2.*below 0"),
        (HEADER + "2011-01-03,A,UK,5,1,9\n2011-01-03,A,UK,5,2,9\n", "SLU-7104.*line 3.*second row"),
        (HEADER + "2011-01-03,A,UK,5.5,1,9\n", "SLU-7104.*line 2.*whole number"),
        (HEADER + "2011-03-07,A,UK,5,1,9\n", "SLU-7301"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, error: str) -> None:
    with pytest.raises(SluiceMlError, match=error):
        read(table(tmp_path, text), FOURTH)


def test_a_missing_file_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(SluiceMlError, match=r"SLU-7303[\s\S]*data\.returns\.with\.file"):
        read(tmp_path / "none.csv", FOURTH)


@pytest.mark.parametrize("params", [{}, {"file": ""}, {"file": "weekly.csv"}])
def test_a_file_that_a_stage_cannot_find_is_refused_with_the_option(params: dict[str, str]) -> None:
    with pytest.raises(SluiceMlError, match=r"SLU-7303[\s\S]*data\.returns\.with\.file"):
        named(params)


def test_a_week_counts_up_to_the_limit_and_keeps_the_rest_beside_it(tmp_path: Path) -> None:
    text = HEADER + "2011-01-03,A,UK,900,3000,9.5\n2011-01-10,A,UK,5,200,1\n2011-01-17,A,UK,5,199,1\n"
    movements = read(table(tmp_path, text), FOURTH)

    counted = [row[3:] for row in vintages(movements, 200)]

    assert counted == [(900, 200, 2_800), (5, 200, 0), (5, 199, 0)]
    assert [row[3:] for row in vintages(movements)] == [(900, 3_000, 0), (5, 200, 0), (5, 199, 0)]


@pytest.mark.parametrize("limit", [0, -200, 1.5, 200.0, "200", "many", True, [200]])
def test_a_limit_that_is_no_number_of_units_is_refused(limit: object) -> None:
    with pytest.raises(SluiceMlError, match=r"SLU-7350: countUpTo is .*, not a whole number of units"):
        count_up_to({"countUpTo": limit})


def test_without_a_limit_every_unit_counts() -> None:
    assert count_up_to({}) is None
    assert count_up_to({"countUpTo": None}) is None
    assert count_up_to({"countUpTo": 200}) == 200


def run_stage(folder: Path, monkeypatch: pytest.MonkeyPatch, params: dict[str, Any]) -> Path:
    """Runs the stage on ROWS as of the fourth Monday: its folder, with `outputs` and `results`."""
    given = folder / "params.json"
    given.write_text(json.dumps({"file": str(table(folder)), **params}), encoding="utf-8")
    for name, value in {
        "SLUICE_PARAMS": str(given),
        "SLUICE_INPUTS": str(folder / "inputs"),
        "SLUICE_OUTPUTS": str(folder / "outputs"),
        "SLUICE_RESULTS": str(folder / "results"),
        "SLUICE_AS_OF": "2011-01-31T00:00:00Z",
    }.items():
        monkeypatch.setenv(name, value)
    main()
    return folder


def test_the_stage_says_how_much_it_did_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_stage(tmp_path, monkeypatch, {"countUpTo": 1})

    with (folder / "outputs" / "returns").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    results = {p.name: p.read_text(encoding="utf-8") for p in (folder / "results").iterdir()}
    assert sum(int(row["returned"]) for row in rows) == int(results["returned"]) == 2
    assert sum(int(row["uncounted"]) for row in rows) == int(results["uncounted"]) == 1
    assert results["uncountedWeeks"] == "1"
    assert "1 of 3 units (33.3%) in 1 such weeks are not counted" in capsys.readouterr().out


def test_a_stage_with_a_wrong_limit_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SluiceMlError, match="SLU-7350"):
        run_stage(tmp_path, monkeypatch, {"countUpTo": -1})

    assert not (tmp_path / "outputs").exists()
