"""The simulated world: what was known earlier stays as it was, reports are late, and the episodes are real."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from rma import simulate
from rma.simulate import LONGEST_DELAY, START, WEEK, cohort, episodes, hazard, product, vintages
from sluice_ml.errors import SluiceMlError

Row = tuple[str, str, int, int, int, int]


@cache
def known(weeks: int, seed: int = 0) -> list[Row]:
    return list(vintages(seed, START + weeks * WEEK))


@pytest.mark.parametrize("earlier", [1, 20, 59])
def test_data_of_an_earlier_time_is_the_part_of_a_later_one_that_was_known(earlier: int) -> None:
    as_of = START + earlier * WEEK

    assert known(earlier) == [row for row in known(60) if row[3] <= as_of]


def test_the_same_seed_is_the_same_world_and_another_seed_another() -> None:
    assert known(20) == list(vintages(0, START + 20 * WEEK))
    assert known(20) != list(vintages(1, START + 20 * WEEK))


def test_a_vintage_is_never_known_before_its_week_is_over_and_counts_are_never_negative() -> None:
    for _, _, week, reported, shipped, returned in known(60):
        assert reported >= week + WEEK
        assert shipped >= 0
        assert returned >= 0


def test_most_returns_are_reported_soon_some_after_half_a_year_and_some_are_withdrawn() -> None:
    cohorts = [cohort(0, week) for week in range(40)]
    delays = np.concatenate([c.reported - c.week for c in cohorts])
    withdrawn = np.concatenate([c.withdrawn >= 0 for c in cohorts])

    assert np.mean(delays <= 4) == pytest.approx(0.62, abs=0.08)
    # the label counts as final after 180 days, 25.7 weeks: a small tail comes later, nothing after the longest
    assert 0.01 < np.mean(delays >= 26) < 0.04
    assert delays.max() <= LONGEST_DELAY
    assert withdrawn.mean() == pytest.approx(0.06, abs=0.01)


def test_a_hazard_sums_to_the_share_of_faulty_units() -> None:
    for number in range(20):
        p = product(0, number)
        assert hazard(p).sum() == pytest.approx(p.faulty)
        assert (hazard(p) > 0).all()


def test_a_bad_batch_doubles_failures_of_its_group_in_its_weeks_only() -> None:
    episode = next(e for e in episodes(60) if e.kind == "batch")

    def rate(weeks: range, inside: bool) -> float:
        failed = shipped = expected = 0.0
        for week in weeks:
            c = cohort(0, week)
            member = np.array([(p.group == episode.group) == inside for p in c.products])
            failed += float(member[c.product].sum())
            units = c.shipped.sum(axis=1)
            shipped += float(units[member].sum())
            expected += float((units * np.array([p.faulty for p in c.products]))[member].sum())
        assert shipped > 0
        return failed / expected

    during, before = range(episode.since, episode.until), range(episode.since - 8, episode.since)

    assert rate(during, True) / rate(before, True) == pytest.approx(episode.factor, rel=0.2)
    assert rate(during, False) / rate(before, False) == pytest.approx(1.0, rel=0.2)


def test_a_backlog_delays_reports_of_its_weeks_only() -> None:
    episode = next(e for e in episodes(60) if e.kind == "backlog")
    cohorts = [cohort(0, week) for week in range(30)]
    week = np.concatenate([c.week for c in cohorts])
    delay = np.concatenate([c.reported - c.week for c in cohorts])
    inside = (week >= episode.since) & (week < episode.until)
    outside = (week >= episode.until) & (week < episode.until + 8)

    assert np.median(delay[inside]) - np.median(delay[outside]) == pytest.approx(episode.factor, abs=1)


def test_episodes_are_known_by_their_dates() -> None:
    told = simulate.truth(0, START + 70 * WEEK)["episodes"]

    assert isinstance(told, list)
    assert [(e["kind"], e["from"]) for e in told] == [
        ("batch", "2022-03-14"), ("backlog", "2022-08-29"), ("batch", "2023-03-13"),
    ]  # fmt: skip


def test_the_panel_is_large_enough_for_the_gate() -> None:
    rows = [row for row in known(60) if row[2] == START + 50 * WEEK]
    units = {row[:2] for row in rows}
    positive = {row[:2] for row in rows if row[5] > 0}

    assert len(units) >= 200
    assert len(positive) >= 90


def test_before_the_first_week_there_is_nothing() -> None:
    with pytest.raises(SluiceMlError, match="SLU-7301"):
        list(vintages(0, START))
