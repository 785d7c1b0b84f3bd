"""The drift stage on tables that moved, did not move, and should not exist; with Evidently itself."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from sluice_ml import drift_table
from sluice_ml.drift import Options, absent, cells, compare, document, psi
from sluice_ml.drift_joint import area
from sluice_ml.drift_season import YEAR, same_weeks
from sluice_ml.drift_table import SAMPLE, Raw, read
from sluice_ml.errors import SluiceMlError
from sluice_ml.panel import Panel, PanelSet, Rows, Shape

# Evidently's own imports and plots warn of what their makers will change
pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = Path(__file__).parents[4]
SCHEMA = json.loads((ROOT / "src/contracts/resources/contracts/drift.schema.json").read_text())
WITH: dict[str, Any] = {
    "method": "psi",
    "threshold": 0.2,
    "share": 0.5,
    "alone": 3,
    "season": "year",
    "joint": 1,
    "minRows": 30,
    "missing": 0.1,
    "reference": "preprocess.train",
}
CHAMPION = {"version": 3, "run": "r-3", "stages": {"preprocess": {"kept": True}}}
ROWS = 600


def table(file: Path, **columns: Any) -> Path:
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(names), *(",".join("" if v is None else str(v) for v in row) for row in rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def found(folder: Path, before: dict[str, Any], now: dict[str, Any], **options: Any) -> dict[str, Any]:
    """drift.json for two tables, held to its schema."""
    asked = Options.of(WITH | options)
    reference = read(table(folder / "reference.csv", **before), 1)
    current = read(table(folder / "current.csv", **now), 1)
    out = document(compare(reference, current, asked, 1), asked, CHAMPION, reference, current)
    jsonschema.validate(out, SCHEMA)
    return out


def normal(seed: int, mean: float = 0.0, deviation: float = 1.0, rows: int = ROWS) -> list[float]:
    return list(np.random.default_rng(seed).normal(mean, deviation, rows))


def words(seed: int, shares: dict[str, float], rows: int = ROWS) -> list[str]:
    return list(np.random.default_rng(seed).choice(list(shares), rows, p=list(shares.values())))


# ---- the index


def test_the_index_is_the_symmetric_divergence_of_the_shares() -> None:
    value = psi(np.array([5000, 5000]), np.array([8000, 2000]))
    p, q = 5000.5 / 10001, 8000.5 / 10001
    by_hand = (p - q) * math.log(p / q) + (q - p) * math.log((1 - p) / (1 - q))
    assert value == pytest.approx(by_hand, rel=1e-12)
    assert psi(np.array([30, 70]), np.array([30, 70])) == 0


def test_the_index_is_symmetric_and_an_empty_cell_is_finite() -> None:
    one, other = np.array([10, 0, 90]), np.array([40, 20, 40])
    assert psi(one, other) == pytest.approx(psi(other, one))
    assert math.isfinite(psi(one, other))


def test_zeros_of_a_count_are_told_from_ones() -> None:
    reference = np.repeat([0, 1, 2], [800, 100, 100])
    current = np.repeat([0, 1, 2], [100, 800, 100])
    assert psi(*cells(reference, current, True)) > 1


def test_one_outlier_does_not_hide_a_shift() -> None:
    reference = [*normal(1), 1e12]
    assert psi(*cells(reference, normal(2, mean=1.0), True)) > 0.5
    assert psi(*cells(reference, normal(3), True)) < 0.1


def test_evidently_reports_this_index(tmp_path: Path) -> None:
    before, now = normal(1), normal(2, mean=0.3)
    column = found(tmp_path, {"x": before}, {"x": now})["columns"][0]
    assert column["value"] == pytest.approx(psi(*cells(before, now, True)), rel=1e-5)


# ---- what moves


def test_the_numbers_and_the_page_are_those_of_evidentlys_own_preset() -> None:
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    from sluice_ml.drift_report import compared

    sides = [
        pd.DataFrame(
            {
                "count": [*normal(seed, seed / 5)[1:], float("nan")],
                "size": normal(seed + 9),
                "kind": words(seed, {"a": 0.5 + seed / 10, "b": 0.5 - seed / 10}),
            }
        )
        for seed in (1, 2)
    ]
    methods = {"count": ("wasserstein", 0.1), "size": ("ks", 0.05), "kind": ("jensenshannon", 0.05)}
    definition = DataDefinition(numerical_columns=["count", "size"], categorical_columns=["kind"])
    preset = DataDriftPreset(
        columns=list(methods),
        drift_share=0.3,
        per_column_method={name: method for name, (method, _) in methods.items()},
        per_column_threshold={name: threshold for name, (_, threshold) in methods.items()},
    )
    theirs = Report([preset]).run(*(Dataset.from_pandas(side, data_definition=definition) for side in sides[::-1]))
    values, page = compared(sides[0], sides[1], ["count", "size"], methods, 0.3)
    assert values == {
        m["config"]["column"]: m["value"] for m in theirs.dict()["metrics"] if m["config"].get("column") is not None
    }
    # they differ in the random ids of their parts
    ids = r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
    assert re.sub(ids, "", page) == re.sub(ids, "", theirs.get_html_str(as_iframe=False))
    assert compared(sides[0], sides[1], ["count", "size"], methods, 0.3)[1] == page, "the same bytes every time"


def test_two_draws_of_one_population_are_stable(tmp_path: Path) -> None:
    shares = {"eu": 0.6, "us": 0.4}
    out = found(
        tmp_path,
        {"x": normal(1), "market": words(1, shares)},
        {"x": normal(2), "market": words(2, shares)},
    )
    assert out["status"] == "stable"
    assert "sampling" not in out


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param(normal(1), normal(2, mean=0.7), id="mean"),
        pytest.param(normal(1), normal(2, deviation=2.0), id="scale"),
        pytest.param(words(1, {"a": 0.8, "b": 0.2}), words(2, {"a": 0.3, "b": 0.7}), id="mix of categories"),
        pytest.param(words(1, {"a": 0.8, "b": 0.2}), words(2, {"a": 0.6, "c": 0.4}), id="new category"),
        pytest.param(normal(1), [None if i % 4 == 0 else v for i, v in enumerate(normal(2))], id="missing"),
    ],
)
def test_a_shift_is_drift_and_says_which_column(tmp_path: Path, before: list[Any], now: list[Any]) -> None:
    out = found(tmp_path, {"moved": before}, {"moved": now})
    assert out["status"] == "drifted"
    assert "1 of 1 columns moved, 50% make it drift: moved (" in out["reason"]


@pytest.mark.parametrize("method", ["psi", "jensenshannon", "wasserstein", "ks"])
def test_each_method_tells_a_shift_from_none(tmp_path: Path, method: str) -> None:
    threshold = {"psi": 0.2, "jensenshannon": 0.15, "wasserstein": 0.3, "ks": 0.001}[method]
    same = found(tmp_path, {"x": normal(1)}, {"x": normal(2)}, method=method, threshold=threshold)
    moved = found(tmp_path, {"x": normal(1)}, {"x": normal(2, mean=1.0)}, method=method, threshold=threshold)
    assert (same["status"], moved["status"]) == ("stable", "drifted")
    assert moved["columns"][0]["method"] == method


def test_the_column_that_moved_most_comes_first_and_one_in_three_is_not_drift(tmp_path: Path) -> None:
    before = {"a": normal(1), "b": normal(2), "c": normal(3)}
    now = {"a": normal(4), "b": normal(5, mean=0.6), "c": normal(6)}
    out = found(tmp_path, before, now)
    assert (out["status"], out["because"]) == ("stable", [])
    assert out["columns"][0]["name"] == "b"
    assert out["columns"][0]["drifted"]
    drifted = found(tmp_path, before, now, share=0.3)
    assert (drifted["status"], drifted["because"]) == ("drifted", ["share"])


def test_one_column_beyond_a_multiple_of_its_threshold_is_drift_alone(tmp_path: Path) -> None:
    before = {"a": normal(1), "b": normal(2), "c": normal(3)}
    now = {"a": normal(4), "b": normal(5, mean=2.0), "c": normal(6)}
    out = found(tmp_path, before, now)
    assert (out["status"], out["because"]) == ("drifted", ["alone"])
    assert out["reason"].startswith("1 of 3 columns moved, 50% make it drift: b (psi ")
    assert "b alone makes it drift, " in out["reason"]
    assert found(tmp_path, before, now, alone=1000)["status"] == "stable"


def test_a_p_value_is_no_multiple_of_anything(tmp_path: Path) -> None:
    before = {"a": normal(1), "b": normal(2), "c": normal(3)}
    now = {"a": normal(4), "b": normal(5, mean=2.0), "c": normal(6)}
    assert found(tmp_path, before, now, method="ks", threshold=0.001)["status"] == "stable"


# ---- what is gone


def _five(seed: int) -> dict[str, Any]:
    return {name: normal(seed + i) for i, name in enumerate("abcde")}


def test_a_column_without_any_value_is_drift_and_named_first(tmp_path: Path) -> None:
    out = found(tmp_path, _five(1), _five(20) | {"d": [None] * ROWS}, alone=100)
    assert (out["status"], out["because"]) == ("drifted", ["lost"])
    assert out["reason"].startswith("gone today: d (every value); 1 of 5 columns moved, 50% make it drift")
    assert out["columns"][0]["name"] == "d"
    assert out["columns"][0]["lost"] == {"values": True, "categories": []}


def test_a_known_category_that_is_gone_is_drift_and_named_first(tmp_path: Path) -> None:
    shares = {"eu": 0.6, "us": 0.36, "jp": 0.04}
    before = _five(1) | {"market": words(1, shares)}
    today = ["eu" if market == "jp" else market for market in words(2, shares)]
    out = found(tmp_path, before, _five(20) | {"market": today}, alone=100)
    assert (out["status"], out["because"]) == ("drifted", ["lost"])
    assert out["reason"].startswith("gone today: market 'jp' (")
    assert out["columns"][0]["name"] == "market"
    assert out["columns"][0]["lost"]["categories"][0]["name"] == "jp"
    assert not out["columns"][0]["lost"]["values"]


def test_a_category_that_chance_leaves_out_is_not_lost(tmp_path: Path) -> None:
    # of 600 rows 12 are to be expected
    before = {"market": ["eu"] * 588 + ["jp"] * 12, "x": normal(1)}
    out = found(tmp_path, before, {"market": ["eu"] * ROWS, "x": normal(2)})
    assert (out["status"], out["because"]) == ("stable", [])


def test_what_is_gone_comes_before_what_moved_more(tmp_path: Path) -> None:
    out = found(tmp_path, _five(1), _five(20) | {"a": normal(9, mean=9.0), "d": [None] * ROWS})
    assert out["reason"].startswith("gone today: d (every value); 2 of 5 columns moved, 50% make it drift: a (psi ")
    assert out["because"] == ["lost", "alone"]


def test_new_categories_are_named(tmp_path: Path) -> None:
    out = found(tmp_path, {"m": ["a", "b"] * 300}, {"m": ["a", "c"] * 300})
    assert out["columns"][0]["newCategories"] == {"share": 0.5, "names": ["c"]}


def test_the_largest_values_that_are_gone_are_lost(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    before, now = ({"x": rng.lognormal(size=3000), "y": rng.normal(size=3000)} for _ in range(2))
    top = np.quantile(before["x"], 0.98)
    assert found(tmp_path, before, now)["status"] == "stable"
    out = found(tmp_path, before, now | {"x": [None if v > top else v for v in now["x"]]}, share=0.6)
    assert (out["status"], out["because"]) == ("drifted", ["lost"])
    assert out["reason"].startswith("gone today: the largest values of x (above ")
    assert out["columns"][0]["lost"]["largest"]["current"] == 0
    # of 600 rows a dozen are to be expected above it
    assert found(tmp_path, {"x": before["x"][:600]}, {"x": np.minimum(now["x"][:600], top)})["status"] == "stable"


# ---- the columns together


def pair(seed: int, correlation: float, rows: int = 2000) -> dict[str, Any]:
    drawn = np.random.default_rng(seed).multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], rows)
    return {"x": drawn[:, 0], "y": drawn[:, 1]}


def test_a_correlation_that_is_gone_is_seen_by_the_columns_together_alone(tmp_path: Path) -> None:
    out = found(tmp_path, pair(1, 0.9), pair(2, 0.0), joint=0.65)
    assert (out["status"], out["because"]) == ("drifted", ["joint"])
    assert not any(c["drifted"] for c in out["columns"])
    assert "together the columns tell today's rows from the reference (area under the curve 0." in out["reason"]
    assert {c["name"] for c in out["joint"]["columns"]} == {"x", "y"}
    assert found(tmp_path, pair(1, 0.9), pair(2, 0.0))["status"] == "stable", "joint: 1 does not ask"


def test_two_draws_are_not_told_apart_and_the_answer_repeats(tmp_path: Path) -> None:
    first, again = (found(tmp_path, pair(1, 0.9), pair(2, 0.9), joint=0.65) for _ in range(2))
    assert first["status"] == "stable"
    assert 0.4 < first["joint"]["auc"] < 0.6
    assert first == again


def test_of_few_rows_more_is_asked(tmp_path: Path) -> None:
    out = found(tmp_path, pair(1, 0.0, 40), pair(2, 0.0, 40), joint=0.51, threshold=9)
    assert out["joint"]["threshold"] == pytest.approx(0.5 + 3 * math.sqrt(81 / (12 * 1600)), rel=1e-5)
    assert out["status"] == "stable"


def test_a_missing_category_and_a_rank_are_features_too() -> None:
    assert area(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 0, 1, 1])) == 1
    assert area(np.array([1.0, 1.0, 1.0, 1.0]), np.array([0, 1, 0, 1])) == 0.5


# ---- a panel: the same weeks of the year

UNITS, PERIOD = 80, 7 * 86_400


def panel(folder: Path, origins: Any, moved: float = 0.0, amplitude: float = 0.6, units: int = UNITS) -> Raw:
    """Weekly shipments with a common season that is `moved` by a part of a year, and returns of them."""
    rng = np.random.default_rng(int(origins[0]))
    weeks = np.arange(origins[0] - 13, origins[-1] + 1)
    season = 1 + amplitude * np.sin(2 * np.pi * (weeks * 7 / 365.2425 + moved))
    level = np.random.default_rng(7).lognormal(3, 1, units)[:, None]
    shipped = rng.poisson(level * season).astype(float)
    values = np.stack([shipped, rng.binomial(shipped.astype(int), 0.2).astype(float)], axis=-1)
    shape = Shape(("product",), (), ("shipped", "returned"), PERIOD, "returned")
    unit, week = (a.ravel() for a in np.meshgrid(np.arange(units), np.arange(len(weeks)), indexing="ij"))
    start = weeks[week] * PERIOD
    names = tuple((f"p{u:03}",) for u in range(units))
    log = Panel(shape, names, unit, start, start + PERIOD, values.reshape(-1, 2))
    who, when = (a.ravel() for a in np.meshgrid(np.arange(units), np.asarray(origins) * PERIOD, indexing="ij"))
    end = when + PERIOD
    nan = np.full(len(who), np.nan)
    PanelSet(log, Rows(who, when, np.ones_like(who), end, end, nan, np.ones(len(who)))).write(folder)
    return read(folder, 1)


def judged(reference: Raw, current: Raw, **options: Any) -> dict[str, Any]:
    asked = Options.of(WITH | {"threshold": 0.1, "share": 0.3, "minRows": 500} | options)
    out = document(compare(reference, current, asked, 1), asked, CHAMPION, reference, current)
    jsonschema.validate(out, SCHEMA)
    return out


LONG_REFERENCE, TODAY = np.arange(2613, 2685, 2), np.arange(2740, 2766)


def test_a_season_that_all_products_have_is_not_drift(tmp_path: Path) -> None:
    reference, current = panel(tmp_path / "r", LONG_REFERENCE), panel(tmp_path / "c", TODAY)
    assert judged(reference, current, season="none")["status"] == "drifted", "half a year differs from a whole one"
    out = judged(reference, current, joint=0.65)
    assert (out["status"], out["because"]) == ("stable", [])
    assert out["season"]["compared"] == "sameWeeks"
    assert out["season"]["parts"]["covered"] == out["season"]["parts"]["today"]
    assert out["rows"]["reference"]["rows"] == len(LONG_REFERENCE) * UNITS, "of the table, not of the weeks"


@pytest.mark.parametrize("moved", [0.25, 0.5])
def test_a_season_that_comes_at_another_time_is_drift(tmp_path: Path, moved: float) -> None:
    reference, current = panel(tmp_path / "r", LONG_REFERENCE), panel(tmp_path / "c", TODAY, moved)
    assert judged(reference, current, joint=0.65)["status"] == "drifted"


def test_a_reference_without_these_weeks_of_the_year_is_never_stable(tmp_path: Path) -> None:
    half = np.arange(2714, 2734)
    reference, current = panel(tmp_path / "r", half, amplitude=0), panel(tmp_path / "c", TODAY, amplitude=0)
    out = judged(reference, current, joint=0.65)
    assert (out["status"], out["because"]) == ("unknown", [])
    assert out["reason"].startswith("the champion's snapshot has rows of 0 of the 26 parts of the year that today's")
    assert out["season"]["compared"] == "allWeeks"
    assert out["joint"]["auc"] is None
    assert judged(reference, current, joint=0.65, season="none")["status"] == "stable"


def test_what_moved_is_drift_also_where_a_season_cannot_be_told(tmp_path: Path) -> None:
    reference, current = panel(tmp_path / "r", np.arange(2714, 2734)), panel(tmp_path / "c", TODAY)
    out = judged(reference, current)
    assert out["status"] == "drifted"
    assert out["reason"].endswith("so a season cannot be told from drift (season: none says there is none)")


def test_units_that_age_in_a_population_that_does_not_are_not_drift(tmp_path: Path) -> None:
    reference, current = panel(tmp_path / "r", LONG_REFERENCE), panel(tmp_path / "c", TODAY)
    # each product takes the place of the next smaller one, and the smallest that of the largest
    names = {f"p{u:03}": f"p{(u + 40) % UNITS:03}" for u in range(UNITS)}
    aged = replace(current, units=np.array([names[u] for u in current.units], object))
    assert judged(reference, aged, joint=0.67)["status"] == "stable"


def test_too_few_units_to_compare_together_are_said(tmp_path: Path) -> None:
    reference = panel(tmp_path / "r", np.arange(2613, 2685), units=15)
    current = panel(tmp_path / "c", np.arange(2740, 2780), units=15)
    out = judged(reference, current, joint=0.65)
    assert out["status"] == "unknown"
    assert out["reason"].startswith("15 units are on a side, too few to compare the columns together (20 are")
    assert judged(reference, current)["status"] == "stable"


def test_the_same_weeks_are_drawn_in_todays_proportions() -> None:
    weeks = np.arange(2600, 2704)  # two years, the second with twice as many rows
    reference = np.repeat(weeks * PERIOD, np.where(weeks < 2652, 10, 20))
    current = np.repeat(np.arange(2710, 2730) * PERIOD, 30)
    same = same_weeks(reference, current, 1)
    assert (same.weeks, same.covered, same.whole) == (20, 20, True)
    counts = np.unique(reference[same.reference], return_counts=True)[1]
    assert len(same.reference) == counts.sum()
    part = np.floor(np.mod(reference[same.reference] / YEAR, 1.0) * 52).astype(int)
    assert len(set(np.unique(part, return_counts=True)[1])) == 1, "every week counts the same"
    assert np.array_equal(same_weeks(reference, current, 1).reference, same.reference)


# ---- columns that changed


def test_a_column_that_is_gone_is_drift(tmp_path: Path) -> None:
    out = found(tmp_path, {"x": normal(1), "y": normal(2)}, {"x": normal(3)})
    assert (out["status"], out["because"]) == ("drifted", ["lost"])
    assert out["reason"].startswith("gone today: y (the column); 0 of 1 columns moved")
    assert out["schema"]["removed"] == ["y"]


def test_a_column_that_is_new_is_told_and_not_compared(tmp_path: Path) -> None:
    out = found(tmp_path, {"x": normal(1)}, {"x": normal(3), "y": normal(2)})
    assert out["status"] == "stable"
    assert out["schema"]["added"] == ["y"]


def test_numbers_that_became_words_are_another_type(tmp_path: Path) -> None:
    out = found(tmp_path, {"x": normal(1), "y": normal(2)}, {"x": normal(3), "y": ["low", "high"] * 300})
    assert (out["status"], out["because"]) == ("drifted", ["lost"])
    assert out["reason"].startswith("gone today: y (numeric in the reference, categorical today); ")
    assert out["schema"]["retyped"] == [{"name": "y", "reference": "numeric", "current": "categorical"}]


def test_columns_that_are_ignored_are_not_looked_at(tmp_path: Path) -> None:
    out = found(tmp_path, {"x": normal(1), "id": normal(2)}, {"x": normal(3), "id": normal(4, mean=9)}, ignore=["id"])
    assert [c["name"] for c in out["columns"]] == ["x"]


# ---- tables that should not exist


@pytest.mark.parametrize(
    ("before", "now", "status"),
    [
        pytest.param({"x": [None] * ROWS}, {"x": [None] * ROWS}, "unknown", id="empty on both sides"),
        pytest.param({"x": [None] * ROWS, "y": normal(1)}, {"x": [None] * ROWS, "y": normal(2)}, "stable", id="empty"),
        pytest.param({"x": normal(1)}, {"x": [None] * ROWS}, "drifted", id="all missing today"),
        pytest.param({"x": [None] * ROWS}, {"x": normal(1)}, "drifted", id="all missing then"),
        pytest.param({"x": [5] * ROWS}, {"x": [5] * ROWS}, "stable", id="constant"),
        pytest.param({"x": [5] * ROWS}, {"x": [6] * ROWS}, "drifted", id="another constant"),
        pytest.param({"x": normal(1)}, {"x": [1.0]}, "unknown", id="one row"),
        pytest.param({"x": normal(1)}, {"x": []}, "unknown", id="no row"),
        pytest.param({"x": normal(1)}, {"y": normal(1)}, "unknown", id="no column in common"),
        pytest.param({"x": normal(1)}, {"x": ["inf"] * ROWS}, "drifted", id="infinities"),
        pytest.param({"x": normal(1)}, {"x": [*normal(2)[:-5], *(["1e300"] * 5)]}, "stable", id="a few enormous"),
        pytest.param({"x": normal(1)}, {"x": [*normal(2)[:-200], *(["?"] * 200)]}, "drifted", id="a third no number"),
        pytest.param({"x": list(range(ROWS))}, {"x": list(range(5000, 5000 + ROWS))}, "drifted", id="no overlap"),
    ],
)
def test_no_table_makes_it_fail(tmp_path: Path, before: dict[str, Any], now: dict[str, Any], status: str) -> None:
    assert found(tmp_path, before, now)["status"] == status


def test_ten_thousand_categories_are_compared_by_the_commonest(tmp_path: Path) -> None:
    def names(seed: int) -> list[str]:
        return [f"c{i}" for i in np.random.default_rng(seed).integers(0, 10_000, 20_000)]

    out = found(tmp_path, {"x": names(1)}, {"x": names(2)}, columns={"x": {"kind": "categorical"}})
    assert out["status"] == "stable"


# ---- what cannot be read


@pytest.mark.parametrize(
    ("text", "why"),
    [("a,a\n1,2\n", "twice"), ("a,b\n1,2\n1\n", "line 3 has 1 fields"), ("", "is empty"), ("a\n\xff", "UTF-8")],
)
def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(SluiceMlError, match=f"SLU-7104.*{why}"):
        read(file, 1)


def test_a_folder_that_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SluiceMlError, match=r"SLU-7310.*a folder with 0 CSV files"):
        read(tmp_path, 1)


@pytest.mark.parametrize(
    "options", [{"method": "magic"}, {"season": "month"}, {"threshold": "high"}, {"columns": {"x": {"threshold": 0}}}]
)
def test_values_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SluiceMlError, match="SLU-7312"):
        Options.of(WITH | options)


def test_a_method_for_numbers_refuses_categories(tmp_path: Path) -> None:
    with pytest.raises(SluiceMlError, match=r"SLU-7313.*'m' holds categories"):
        found(tmp_path, {"m": ["a", "b"] * 300}, {"m": ["a", "b"] * 300}, method="ks", threshold=0.05)


# ---- samples


def test_of_a_large_table_a_sample_is_compared_and_its_error_stated(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = 2 * SAMPLE + 50_000
    before = {"x": rng.integers(0, 100, rows).tolist()}
    out = found(tmp_path, before, {"x": before["x"][: SAMPLE // 10]})
    assert out["rows"]["reference"] == {"rows": rows, "compared": SAMPLE}
    assert out["sampling"]["error"] == pytest.approx(math.sqrt(math.log(40) / (2 * SAMPLE)), rel=1e-5)
    assert out["status"] == "stable"


def test_the_sample_is_that_of_the_smallest_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift_table, "SAMPLE", 500)
    monkeypatch.setattr(drift_table, "_BLOCK", 4000)
    file = table(tmp_path / "t.csv", row=list(range(20_000)))
    raw = drift_table.read(file, 7)
    keys = np.random.default_rng(7).random(20_000)
    assert (raw.rows, raw.compared) == (20_000, 500)
    assert sorted(map(int, raw.texts["row"].to_pylist())) == sorted(np.argsort(keys)[:500].tolist())


def test_the_same_seed_draws_the_same_sample(tmp_path: Path) -> None:
    file = table(tmp_path / "t.csv", x=list(range(3 * SAMPLE)))
    drawn = [read(file, seed).texts["x"].to_pylist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    # every third row, from all over the file
    assert np.mean([int(v) for v in drawn[0]]) == pytest.approx(1.5 * SAMPLE, rel=0.02)


# ---- the stage


def run(folder: Path, values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    (folder / "params.json").write_text(json.dumps(values))
    for name in ("outputs", "results"):
        (folder / name).mkdir(exist_ok=True)
    env = os.environ | {
        "SLUICE_INPUTS": str(folder / "inputs"),
        "SLUICE_OUTPUTS": str(folder / "outputs"),
        "SLUICE_RESULTS": str(folder / "results"),
        "SLUICE_PARAMS": str(folder / "params.json"),
        "SLUICE_SEED": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "sluice_ml.drift"], env=env, capture_output=True, text=True, check=False
    )


def inputs(folder: Path) -> Path:
    (folder / "inputs").mkdir()
    return folder / "inputs"


def test_the_stage_leaves_finding_page_and_results(tmp_path: Path) -> None:
    into = inputs(tmp_path)
    table(into / "reference", x=normal(1))
    table(into / "current", x=normal(2, mean=2.0))
    (into / "champion").write_text(json.dumps(CHAMPION))
    ended = run(tmp_path, WITH)
    assert (ended.returncode, ended.stderr) == (0, "")
    out = json.loads((tmp_path / "outputs/drift").read_text())
    jsonschema.validate(out, SCHEMA)
    assert out["status"] == "drifted"
    assert out["champion"] == {"version": 3, "run": "r-3", "reference": "preprocess.train"}
    assert (tmp_path / "results/status").read_text() == "drifted"
    assert float((tmp_path / "results/share").read_text()) == 1.0
    assert "<html" in (tmp_path / "outputs/report").read_text()[:2000].lower()


def test_a_first_run_is_unknown_and_says_so(tmp_path: Path) -> None:
    table(inputs(tmp_path) / "current", x=normal(1))
    ended = run(tmp_path, WITH)
    assert ended.returncode == 0, ended.stderr
    out = json.loads((tmp_path / "outputs/drift").read_text())
    jsonschema.validate(out, SCHEMA)
    assert out["status"] == "unknown"
    assert out["reason"].startswith("no champion yet")


def test_a_snapshot_that_is_gone_is_told_apart_from_one_that_never_was() -> None:
    gone = CHAMPION | {"stages": {"preprocess": {"kept": False}}}
    assert "trained on (run r-3, preprocess.train) is gone from the store" in absent(gone, "preprocess.train")
    assert "no record of what preprocess left" in absent(CHAMPION | {"stages": {}}, "preprocess.train")
    assert "left no train" in absent(CHAMPION, "preprocess.train")


def test_bad_input_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    (inputs(tmp_path) / "current").write_text("a,a\n1,2\n")
    ended = run(tmp_path, WITH)
    assert ended.returncode == 2
    assert ended.stderr.startswith("SLU-7104")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param({"x": normal(1), "empty": [None] * ROWS}, {"x": normal(2), "empty": [None] * ROWS}, id="empty"),
        pytest.param({"x": normal(1), "one": [7] * ROWS}, {"x": normal(2), "one": [7] * ROWS}, id="constant"),
        pytest.param({"x": normal(1)}, {"x": [None] * ROWS}, id="all missing"),
        pytest.param({"x": normal(1)}, {"x": [0.5]}, id="one row"),
        pytest.param({"x": normal(1)}, {"x": ["low", "high"] * (ROWS // 2)}, id="wrong types"),
        pytest.param({"x": normal(1)}, {"x": ["inf", "-inf"] * (ROWS // 2)}, id="infinities"),
        pytest.param({"x": list(range(ROWS))}, {"x": list(range(9000, 9000 + ROWS))}, id="no overlap"),
        pytest.param(
            {"x": [f"c{i % 10_000}" for i in range(20_000)]},
            {"x": [f"d{i % 10_000}" for i in range(20_000)]},
            id="10,000 categories without overlap",
        ),
    ],
)
def test_the_stage_gives_a_status_whatever_the_data(
    tmp_path: Path, before: dict[str, Any], now: dict[str, Any]
) -> None:
    into = inputs(tmp_path)
    table(into / "reference", **before)
    table(into / "current", **now)
    (into / "champion").write_text(json.dumps(CHAMPION))

    ended = run(tmp_path, WITH)

    assert (ended.returncode, ended.stderr) == (0, "")
    out = json.loads((tmp_path / "outputs/drift").read_text())
    jsonschema.validate(out, SCHEMA)
    assert out["status"] in ("stable", "drifted", "unknown")
    assert out["reason"]


def test_a_name_in_the_data_cannot_write_into_the_page(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    into = inputs(tmp_path)
    table(into / "reference", **{evil: normal(1), "x": normal(2)})
    table(into / "current", x=normal(3, rows=10))
    ended = run(tmp_path, WITH)
    assert ended.returncode == 0, ended.stderr
    assert evil not in (tmp_path / "outputs/report").read_text()
