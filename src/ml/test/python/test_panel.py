"""What was known when: windows and values against a reading of the definition, row by row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sluice_ml.errors import SluiceMlError
from sluice_ml.panel import DAY, Panel, PanelSet, Rows, Shape, instant_of, iso_instant, seconds_of

WEEK = 7 * DAY
SHAPE = Shape(("product", "market"), ("market",), ("returned", "shipped"), WEEK, "returned")


def random_panel(seed: int) -> Panel:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 200))
    week = rng.integers(0, 20, n)
    start = int(rng.integers(0, 1000)) * DAY
    values = rng.integers(0, 50, (n, 2)).astype(float)
    values[rng.random((n, 2)) < 0.1] = np.nan
    known = start + (week + 1) * WEEK + rng.integers(0, 8, n) * WEEK
    return Panel(
        SHAPE, (("a", "eu"), ("a", "us"), ("b", "eu")), rng.integers(0, 3, n), start + week * WEEK, known, values
    )


def log(seed: int) -> Panel:
    """A panel as a table has it: each report once, sorted by unit, period and instant."""
    panel = random_panel(seed)
    keys = np.stack([panel.unit, panel.event_time, panel.known_at])
    at = np.unique(keys, axis=1, return_index=True)[1]
    return Panel(SHAPE, panel.units, panel.unit[at], panel.event_time[at], panel.known_at[at], panel.values[at])


def naive_cell(panel: Panel, unit: int, event_time: int, as_of: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The definition: the latest vintage of a cell among those known, the later row on a tie."""
    best = None
    for i in range(len(panel.unit)):
        same = panel.unit[i] == unit and panel.event_time[i] == event_time and panel.known_at[i] <= as_of
        if same and (best is None or panel.known_at[i] >= panel.known_at[best]):
            best = i
    return np.full(2, np.nan) if best is None else panel.values[best]


@pytest.mark.parametrize("seed", range(25))
def test_a_window_is_what_its_definition_says(seed: int) -> None:
    panel = random_panel(seed)
    rng = np.random.default_rng([seed, 1])
    lookback = int(rng.integers(1, 30))
    start = int(panel.event_time.min())
    unit = rng.integers(0, 3, 12)
    # origins before, inside and after the data, on the grid and off it
    origin = start + rng.integers(-3, 30, 12) * WEEK + rng.integers(0, 2, 12) * 3 * DAY

    windows = panel.windows(unit, origin, lookback)

    assert windows.dtype == np.float32
    for row in range(12):
        last = start + (int(origin[row]) - start) // WEEK * WEEK - WEEK
        for slot in range(lookback):
            cell = naive_cell(panel, int(unit[row]), last - (lookback - 1 - slot) * WEEK, int(origin[row]))
            np.testing.assert_array_equal(windows[row, slot], cell.astype(np.float32))


@pytest.mark.parametrize("seed", range(10))
def test_a_value_is_the_one_known_then(seed: int) -> None:
    panel = random_panel(seed)
    at = panel.event_time
    as_of = panel.known_at

    values = panel.values_at(panel.unit, at, as_of, "shipped")

    expected = [naive_cell(panel, int(u), int(e), int(k))[1] for u, e, k in zip(panel.unit, at, as_of, strict=True)]
    np.testing.assert_array_equal(values, expected)


def test_what_comes_later_changes_no_window() -> None:
    panel = random_panel(3)
    origin = np.full(3, int(np.median(panel.known_at)))
    unit = np.arange(3)
    future = panel.known_at > origin[0]
    spoiled = panel.values.copy()
    spoiled[future] = 1e6

    poisoned = Panel(SHAPE, panel.units, panel.unit, panel.event_time, panel.known_at, spoiled)

    assert future.any()
    np.testing.assert_array_equal(panel.windows(unit, origin, 10), poisoned.windows(unit, origin, 10))


def test_a_table_set_survives_its_files(tmp_path: Path) -> None:
    panel = log(5)
    panel = Panel(
        SHAPE,
        (("a", "us"), ('a,"x"', "eu"), ("b", "eu")),
        panel.unit,
        panel.event_time,
        panel.known_at,
        panel.values / 3,
    )
    origin = np.array([instant_of("2026-01-05")] * 3)
    rows = Rows(
        np.arange(3),
        origin,
        np.array([1, 2, 3]),
        origin + WEEK,
        origin + 2 * WEEK,
        np.array([1.5, np.nan, 3.0]),
        np.ones(3),
    )

    PanelSet(panel, rows).write(tmp_path / "one")
    read = PanelSet.read(tmp_path / "one")
    read.write(tmp_path / "two")

    for name in ("rows.csv", "panel.csv", "panel.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    np.testing.assert_array_equal(read.panel.values, panel.values)
    assert (tmp_path / "one" / "rows.csv").read_text().splitlines()[2].startswith('"a,""x""",eu,2026-01-05,2,')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("product,market,origin\n", "line 1: no column horizon"),
        ("product,market,origin,horizon,targetEnd,knownAt,actual,weight\na,eu,2026-01-05,1\n", "line 2 has 4 fields"),
        (
            "product,market,origin,horizon,targetEnd,knownAt,actual,weight\na,eu,soon,1,2026-01-05,2026-01-05,1,1\n",
            "line 2, column 3 (`origin`): `soon` is not an instant",
        ),
        (
            "product,market,origin,horizon,targetEnd,knownAt,actual,weight\na,eu,2026-01-05,1,2026-01-05,2026-01-05,x,1\n",
            "line 2, column 7 (`actual`): `x` is not a number",
        ),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    no, none = np.zeros(0, np.int64), np.zeros(0)
    PanelSet(log(1), Rows(no, no, no, no, no, none, none)).write(tmp_path)
    (tmp_path / "rows.csv").write_text(text)

    with pytest.raises(SluiceMlError, match="SLU-7104") as refused:
        PanelSet.read(tmp_path)
    assert message in str(refused.value)


def test_event_times_off_the_grid_are_refused() -> None:
    with pytest.raises(SluiceMlError, match="SLU-7103"):
        Panel(SHAPE, (("a", "eu"),), np.zeros(2, np.int64), np.array([0, DAY]), np.array([WEEK, WEEK]), np.ones((2, 2)))


def test_times_are_read_and_written() -> None:
    assert seconds_of("P7D") == seconds_of("7d") == seconds_of("P1W") == WEEK
    assert iso_instant(instant_of("2026-01-05T00:00:00Z")) == "2026-01-05"
    assert iso_instant(instant_of("2026-01-05T00:30:00Z")) == "2026-01-05T00:30:00Z"
    with pytest.raises(ValueError, match="it has an offset"):
        instant_of("2026-01-05T01:00:00+00:30")
    with pytest.raises(SluiceMlError, match="SLU-7101"):
        seconds_of("P1M")
