"""Data stage: a world of shipments, failures and returns that are reported late.

Every week products ship to two markets. A unit fails at an age drawn from its product's hazard (early
failures, a constant rate, wear-out), the customer sends it back in that week, and the return is *reported*
weeks later: most within a month, some after more than half a year. A few returns turn out to have no fault
and are withdrawn again, a revision downwards. Products are launched and discontinued all the time, seasons
move shipments and failures, and at known dates something goes wrong (`episodes`).

Everything about a week's shipments, their later failures included, is drawn from a generator seeded with
that week. Hence the data as of an earlier time is exactly the part of a later one that was known by then.

Writes one CSV, a vintage a row: product, market, week (Monday), reported (the Monday from which this is
known), shipped, returned.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sluice_ml.errors import InputError
from sluice_ml.panel import DAY, iso_instant
from sluice_ml.stage import Stage, run

WEEK = 7 * DAY
#: Monday of week 0, the first week in the data
START = int(datetime(2022, 1, 3, tzinfo=UTC).timestamp())
MARKETS = ("eu", "us")
GROUPS = 5
#: weeks between two launches; with a life of about 300 weeks some 150 products are alive
LAUNCH_EVERY = 2
LIFE = 300
#: weeks under warranty: nothing is taken back later
WARRANTY = 104
#: no report comes later than this many weeks
LONGEST_DELAY = 40
#: weeks before week 0 whose shipments can still come back in it
_BEFORE = WARRANTY

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Episode:
    """Something that goes wrong between two weeks (counted from START, `until` excluded).

    `batch`: units of `group` shipped then fail `factor` times as often. `backlog`: returns that fall into it
    are reported `factor` weeks later.
    """

    kind: str
    group: int
    since: int
    until: int
    factor: float


def episodes(until: int) -> list[Episode]:
    """The drift episodes that begin before week `until`: one bad batch and one backlog a year."""
    found = []
    for year in range(until // 52 + 1):
        found.append(Episode("batch", year % GROUPS, 52 * year + 10, 52 * year + 18, 2.0))
        found.append(Episode("backlog", -1, 52 * year + 34, 52 * year + 38, 3.0))
    return [e for e in found if e.since < until]


@dataclass(frozen=True)
class Product:
    """One product's truth. Weeks count from START; `rate` is mean shipments a week at its plateau, `faulty`
    the share of units that fail under warranty, `early` and `wear` the parts of it at young and old age."""

    name: str
    group: int
    launch: int
    end: int
    rate: float
    faulty: float
    early: float
    wear: float
    peak: int


def product(seed: int, number: int) -> Product:
    """The product launched as number `number`, the same in every snapshot."""
    rng = np.random.default_rng([seed, 1, number])
    launch = LAUNCH_EVERY * number - LIFE
    early = rng.uniform(0.15, 0.5)
    return Product(
        name=f"P{number:04d}",
        group=int(rng.integers(GROUPS)),
        launch=launch,
        end=launch + int(rng.integers(LIFE - 60, LIFE + 60)),
        rate=float(np.exp(rng.normal(np.log(22), 0.8))),
        faulty=float(rng.beta(3, 40)),
        early=float(early),
        wear=float(rng.uniform(0, 0.8 - early)),
        peak=int(rng.integers(52)),
    )


def hazard(p: Product) -> Floats:
    """Probability that a unit comes back at age 0 .. WARRANTY-1 weeks; sums to `p.faulty`."""
    age = np.arange(WARRANTY)
    young = np.exp(-age / 5.0)
    old = 1 / (1 + np.exp(-(age - 78) / 6.0))
    shape = p.early * young / young.sum() + p.wear * old / old.sum() + (1 - p.early - p.wear) / WARRANTY
    per_week: Floats = p.faulty * shape
    return per_week


@dataclass(frozen=True)
class Cohort:
    """What shipped in one week: `shipped` [products, markets], and each return of it as rows of arrays:
    product and market index, week of the return, week it was reported in, week it was withdrawn (or -1)."""

    products: list[Product]
    shipped: Counts
    product: Counts
    market: Counts
    week: Counts
    reported: Counts
    withdrawn: Counts


def cohort(seed: int, week: int) -> Cohort:
    """All that is to be known about shipments of `week`, now and later; a function of seed and week alone."""
    newest = (week + LIFE) // LAUNCH_EVERY
    oldest = max(0, (week - 2 * LIFE) // LAUNCH_EVERY)
    alive = [p for n in range(oldest, newest + 1) if (p := _product(seed, n)).launch <= week < p.end]
    rng = np.random.default_rng([seed, 2, week + _BEFORE])
    mean = np.array([_shipments(p, week) for p in alive])[:, None] * np.array([1.0, 0.6])[None, :]
    shipped = rng.poisson(mean * rng.gamma(8.0, 1 / 8.0, mean.shape))
    rates = np.stack([_hazard(seed, p) for p in alive])
    for e in episodes(week + 1):
        if e.kind == "batch" and e.since <= week < e.until:
            rates[[i for i, p in enumerate(alive) if p.group == e.group]] *= e.factor
    # heat: failures peak in summer, for every other group in winter
    phase = np.array([0.0 if p.group % 2 else np.pi for p in alive])[:, None]
    ages = np.arange(WARRANTY)[None, :]
    rates = rates * (1 + 0.2 * np.cos(2 * np.pi * (week + ages - 28) / 52 + phase))
    failed = rng.poisson(shipped[:, :, None] * rates[:, None, :])
    at = np.nonzero(failed)
    which = np.repeat(np.arange(len(at[0])), failed[at])
    item, market, age = (index[which] for index in at)
    returned = week + age
    n = len(which)
    kind = rng.random(n)
    delay = np.where(
        kind < 0.6,
        rng.geometric(0.45, n) - 1,
        np.where(kind < 0.93, rng.poisson(7.0, n), rng.integers(12, 36, n)),
    )
    for e in episodes(week + WARRANTY):
        if e.kind == "backlog":
            delay = delay + np.where((returned >= e.since) & (returned < e.until), int(e.factor), 0)
    reported = returned + np.minimum(delay, LONGEST_DELAY)
    withdrawn = np.where(rng.random(n) < 0.06, reported + rng.integers(2, 9, n), -1)
    return Cohort(alive, shipped, item, market, returned, reported, withdrawn)


_products: dict[tuple[int, int], Product] = {}
_hazards: dict[tuple[int, str], Floats] = {}


def _product(seed: int, number: int) -> Product:
    key = (seed, number)
    if key not in _products:
        _products[key] = product(seed, number)
    return _products[key]


def _hazard(seed: int, p: Product) -> Floats:
    key = (seed, p.name)
    if key not in _hazards:
        _hazards[key] = hazard(p)
    return _hazards[key]


def _shipments(p: Product, week: int) -> float:
    age = week - p.launch
    ramp = min(1.0, (age + 1) / 10)
    fade = min(1.0, (p.end - week) / 40)
    season = 1 + 0.35 * np.cos(2 * np.pi * (week - p.peak) / 52)
    return float(p.rate * ramp * fade * season)


def vintages(seed: int, as_of: int) -> Iterator[tuple[str, str, int, int, int, int]]:
    """Rows (product, market, week, reported, shipped, returned) known at `as_of`, times in epoch seconds.

    Sorted by product, market, week and time of knowledge. Shipments of a week are known at its end.
    """
    known_weeks = (as_of - START) // WEEK
    if known_weeks < 1:
        raise InputError("SLU-7301", f"there is no data before {iso_instant(START + WEEK)}", "choose a later as-of")
    names: dict[str, Product] = {}
    shipped: dict[tuple[str, int, int], int] = {}
    events: list[tuple[str, int, int, int, int]] = []
    for week in range(-_BEFORE, known_weeks):
        c = cohort(seed, week)
        for i, p in enumerate(c.products):
            names[p.name] = p
            for m in range(len(MARKETS)):
                shipped[p.name, m, week] = int(c.shipped[i, m])
        labels = [p.name for p in c.products]
        # a report of week w closes on the Monday after it
        for sign, weeks in ((1, c.reported), (-1, c.withdrawn)):
            seen = (c.week >= 0) & (weeks >= 0) & (weeks + 1 <= known_weeks)
            events.extend(
                (labels[i], m, w, k + 1, sign)
                for i, m, w, k in zip(
                    c.product[seen].tolist(),
                    c.market[seen].tolist(),
                    c.week[seen].tolist(),
                    weeks[seen].tolist(),
                    strict=True,
                )
            )
    log: dict[tuple[str, int, int], dict[int, int]] = {}
    for name, place, week, known, sign in events:
        steps = log.setdefault((name, place, week), {})
        steps[known] = steps.get(known, 0) + sign
    for name in sorted(names):
        p = names[name]
        for m, market in enumerate(MARKETS):
            for week in range(max(0, p.launch), min(known_weeks, p.end + WARRANTY)):
                steps = log.get((name, m, week), {})
                units = shipped.get((name, m, week), 0)
                total = steps.get(week + 1, 0)
                yield name, market, START + week * WEEK, START + (week + 1) * WEEK, units, total
                for known in sorted(steps):
                    if known > week + 1 and steps[known]:
                        total += steps[known]
                        yield name, market, START + week * WEEK, START + known * WEEK, units, total


def truth(seed: int, as_of: int) -> dict[str, object]:
    """What really is behind the data: products with their hazards, and the episodes. For tests only."""
    weeks = (as_of - START) // WEEK
    count = (weeks + LIFE) // LAUNCH_EVERY
    return {
        "start": iso_instant(START),
        "products": [asdict(product(seed, n)) for n in range(count)],
        "episodes": [
            {
                **asdict(e),
                "from": iso_instant(START + e.since * WEEK),
                "to": iso_instant(START + e.until * WEEK),
            }
            for e in episodes(weeks)
        ],
    }


def main() -> None:
    stage = Stage.from_environment()
    if stage.as_of is None:
        raise InputError("SLU-7001", "SLUICE_AS_OF is not set")
    as_of = int(stage.as_of.timestamp())
    days: dict[int, str] = {}
    rows = 0
    stage.outputs.mkdir(parents=True, exist_ok=True)
    with (stage.outputs / str(stage.params.get("output", "returns"))).open("w", encoding="utf-8", newline="") as out:
        out.write("product,market,week,reported,shipped,returned\n")
        for name, market, week, known, shipped, returned in vintages(stage.seed, as_of):
            for t in (week, known):
                if t not in days:
                    days[t] = iso_instant(t)
            out.write(f"{name},{market},{days[week]},{days[known]},{shipped},{returned}\n")
            rows += 1
    if path := stage.params.get("truth"):
        Path(path).write_text(json.dumps(truth(stage.seed, as_of), indent=2) + "\n", encoding="utf-8")
    stage.result("rows", rows)


if __name__ == "__main__":
    sys.exit(run(main))
