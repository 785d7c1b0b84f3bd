"""Real returns: cut at the as-of, without gaps, and with errors that name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rma.retail import WEEK, named, read, vintages
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
        ("A", "UK", first, 5, 1),
        ("A", "UK", first + WEEK, 0, 0),
        ("A", "UK", first + 2 * WEEK, 0, 0),
        ("A", "UK", first + 3 * WEEK, 3, 0),
        ("B", "Other", first + WEEK, 2, 2),
        ("B", "Other", first + 2 * WEEK, 0, 0),
        ("B", "Other", first + 3 * WEEK, 0, 0),
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
        (HEADER + "2011-01-03,A,UK,5,1,9\n2011-01-03,A,UK,5,1,9\n", "SLU-7104.*line 3.*second row"),
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
