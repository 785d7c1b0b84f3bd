"""How often does drift@1 cry wolf in a year of weekly looks, and which shifts does it see? `drift_years.py PART ..`

`drift_years.py quiet SEASON PANELS SEED`: PANELS panels that do not move, each looked at 52 times, a week apart, with
the same champion. SEASON is none, 0.3, 0.6 or own (0.6, a phase for each unit).
`drift_years.py shift SEASON PANELS SEED`: one look at PANELS panels of each shift.
`drift_years.py real CSV`: the real returns of weekly-returns.csv, as they are and with shifts put in.
`drift_years.py table FILE ..`: the tables of docs/drift.md of what the parts wrote.

A part prints a line of JSON for each look: everything that was measured, so that every rule is a matter of reading it
again. What is looked at is the stage itself (`sluice_ml.drift.compare`); only Evidently, which hands the columns to our
index and draws its page, is left out. The panels: 300 units, a log-normal level each, weeks autocorrelated by unit
(sd 0.3, 0.8) and for all together (sd 0.1, 0.7), Poisson counts; 72 weeks of reference, every other origin of it; today
is the newest 26 origins, with validation, holdout and the wait for labels between.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from drift_rates import autocorrelated

from sluice_ml import drift, drift_joint
from sluice_ml.drift import Finding, Options, cells, compare, psi
from sluice_ml.drift_table import LONG, Raw, _Sums

UNITS, LOOKS, NOW = 300, 52, 26
#: the columns together, which take the longest, are looked at every other week; their windows differ little
TOGETHER = 2
REFERENCE = np.arange(13, 72 + 13, 2)
#: purge, validation, purge, holdout, recent; then a year of looks
FIRST = 72 + 26 + 12 + 26 + 12 + 26
WEEKS = FIRST + LOOKS + 8
#: when a shift begins: the windows of today's origins are shifted throughout
SHIFTED = FIRST - NOW - 13
WEEK = 7 * 86_400
SEASONS = {"none": (0.0, False), "0.3": (0.3, False), "0.6": (0.6, False), "own": (0.6, True)}
WITH: dict[str, Any] = {
    "method": "psi",
    "threshold": 0.1,
    "share": 0.3,
    "alone": 3,
    "season": "year",
    "joint": 0.99,
    "minRows": 500,
    "missing": 0.1,
    "reference": "preprocess.train",
}
SHIFTS: tuple[tuple[str, float], ...] = (
    ("none", 0),
    ("shipments x", 1.25),
    ("shipments x", 1.5),
    ("shipments x", 2),
    ("returns x", 1.25),
    ("returns x", 1.5),
    ("returns x", 2),
    ("returns of other units", 0),
    ("returns of other weeks", 0),
    ("trend a week", 0.005),
    ("trend a week", 0.01),
    ("trend a week", 0.02),
    ("season moved by weeks", 13),
    ("season moved by weeks", 26),
    ("amplitude x", 2),
    ("new family, share of units", 0.1),
    ("new family, share of units", 0.3),
    ("shipments x1000, share of units", 1),
    ("shipments x1000, share of units", 0.4),
    ("largest weeks missing", 0.02),
    ("largest weeks missing", 0.05),
    ("largest weeks missing", 0.1),
    ("largest units missing", 0.05),
    ("largest units missing", 0.2),
    ("missing at random", 0.05),
    ("a channel gone", 0),
    ("a market gone", 0),
)


@dataclass(frozen=True)
class Panel:
    """Weekly numbers of units; NaN where one is missing."""

    shipped: Any
    returned: Any
    market: Any


def panel(rng: np.random.Generator, season: str, shift: str = "none", size: float = 0.0) -> Panel:
    """One panel, shifted from SHIFTED on."""
    amplitude, own_phase = SEASONS[season]
    week = np.arange(WEEKS)
    when = week >= SHIFTED
    phase = rng.uniform(0, 2 * np.pi, UNITS)[:, None] if own_phase else rng.uniform(0, 2 * np.pi)
    if shift == "season moved by weeks":
        phase = phase + np.where(when, 2 * np.pi * size / 52, 0)
    strength = amplitude * np.where(when, size if shift == "amplitude x" else 1.0, 1.0)
    # the calendar's year, not 52 weeks
    season_log = np.log1p(np.clip(strength * np.sin(2 * np.pi * week * 7 / 365.2425 + phase), -0.9, None))
    level = rng.normal(2, 1, UNITS)[:, None]
    own = autocorrelated(rng, 0.8, 0.3, (UNITS, WEEKS))
    common = autocorrelated(rng, 0.7, 0.1, (WEEKS,))
    trend = np.where(when, size * (week - SHIFTED), 0) if shift == "trend a week" else 0
    shipped = np.exp(level + own + common + season_log + trend)
    rate = np.exp(rng.normal(-2.2, 0.5, UNITS))[:, None] * np.exp(autocorrelated(rng, 0.7, 0.1, (WEEKS,)))
    market = np.where(rng.random(UNITS) < 0.6, "eu", "us")
    if shift == "shipments x":
        shipped = shipped * np.where(when, size, 1)
    if shift == "returns x":
        rate = rate * np.where(when, size, 1)
    if shift == "new family, share of units":
        new = (rng.random(UNITS) < size)[:, None] & when[None]
        shipped, rate = np.where(new, shipped * 4, shipped), np.where(new, rate * 3, rate)
    s, r = rng.poisson(shipped).astype(float), rng.poisson(rate * shipped).astype(float)
    return shifted(rng, Panel(s, r, market), when, shift, size)


def shifted(rng: np.random.Generator, was: Panel, when: Any, shift: str, size: float) -> Panel:
    """The shifts that need the counts alone."""
    s, r, market = was.shipped.copy(), was.returned.copy(), was.market
    units = len(s)
    if shift == "returns of other units":
        r[:, when] = r[rng.permutation(units)][:, when]
    elif shift == "returns of other weeks":
        at = np.flatnonzero(when)
        for u in range(units):
            r[u, at] = r[u, rng.permutation(at)]
    elif shift == "shipments x1000, share of units":
        s[np.ix_(market == "us" if size < 1 else market != "", when)] *= 1000
    elif shift == "largest weeks missing":
        r[:, when] = np.where(r[:, when] > np.quantile(r, 1 - size), np.nan, r[:, when])
    elif shift == "weeks above missing":
        r[:, when] = np.where(r[:, when] > size, np.nan, r[:, when])
    elif shift == "largest units missing":
        r[np.ix_(r.sum(1) > np.quantile(r.sum(1), 1 - size), when)] = np.nan
    elif shift == "missing at random":
        r[:, when] = np.where(rng.random((units, int(when.sum()))) < size, np.nan, r[:, when])
    elif shift == "a channel gone":
        r[:, when] = np.nan
    elif shift == "a market gone":
        s[np.ix_(market == "us", when)] = np.nan
        r[np.ix_(market == "us", when)] = np.nan
    return Panel(s, r, market)


def raw(of: Panel, origins: Any) -> Raw:
    """What the stage reads of a panel table set, for these origins; of a market that is gone there are no rows."""
    windows = np.stack(
        [np.stack([values[:, o - LONG : o] for o in origins]) for values in (of.shipped, of.returned)], axis=-1
    ).astype(np.float32)
    unit = np.tile(np.arange(len(of.shipped)), len(origins))
    origin = np.repeat(origins, len(of.shipped))
    windows = windows.reshape(-1, LONG, 2)
    there = np.isfinite(windows[:, :, 0]).any(axis=1)
    sums = _Sums(("shipped", "returned"), "returned")
    sums.add(windows[there])
    numbers = {name: np.concatenate(parts) for name, parts in sums.parts.items()}
    gaps = {name: np.concatenate(parts) for name, parts in sums.gaps.items()}
    rows = int(there.sum())
    return Raw(
        {"market": pa.array(of.market[unit[there]].tolist(), pa.string())},
        numbers,
        {name: float(gap.mean()) for name, gap in gaps.items()},
        rows,
        rows,
        units=unit[there].astype(str).astype(object),
        origins=(origin[there] * WEEK).astype(np.int64),
        gaps=gaps,
    )


def _directly(reference: Any, current: Any, kinds: Any, methods: Any, share: float) -> tuple[dict[str, float], str]:
    """The index of each column without Evidently around it, which leaves out what is missing."""
    del methods, share

    def there(values: Any, kind: str) -> Any:
        return values[np.isfinite(values)] if kind == "numeric" else values

    return {n: psi(*cells(there(reference[n], k), there(current[n], k), k == "numeric")) for n, k in kinds.items()}, ""


def looked(reference: Raw, current: Raw, together: bool = True) -> dict[str, Any]:
    """Everything that a look measures, by all weeks and by the same weeks of the year."""
    every = compare(reference, current, Options.of(WITH | {"season": "none", "joint": 1}), 1)
    same = compare(reference, current, Options.of(WITH if together else WITH | {"joint": 1}), 1)
    return {"all": _told(every), "same": _told(same)}


def _told(found: Finding) -> dict[str, Any]:
    return {
        "psi": {c.name: round(c.value, 4) for c in found.columns if c.value is not None},
        "gap": {c.name: round(abs(c.current.missing - c.reference.missing), 4) for c in found.columns},
        "lost": sorted(c.name for c in found.columns if c.lost),
        "largest": sorted(c.name for c in found.columns if c.lost.largest is not None),
        "because": list(found.because),
        "joint": round(found.joint.auc, 4) if found.joint is not None else None,
        "status": found.status,
    }


def quiet(season: str, panels: int, seed: int) -> Iterator[dict[str, Any]]:
    for p in range(panels):
        one = panel(np.random.default_rng([seed, p, 0]), season)
        reference = raw(one, REFERENCE)
        for look in range(LOOKS):
            now = np.arange(FIRST - NOW, FIRST) + look
            yield {"season": season, "panel": seed * 1000 + p, "look": look} | looked(
                reference, raw(one, now), look % TOGETHER == 0
            )


def shifts(season: str, panels: int, seed: int) -> Iterator[dict[str, Any]]:
    for shift, size in SHIFTS:
        for p in range(panels):
            one = panel(np.random.default_rng([seed, p, 1]), season, shift, size)
            now = np.arange(FIRST - NOW, FIRST)
            found = looked(raw(one, REFERENCE), raw(one, now))
            yield {"season": season, "shift": shift, "size": size, "panel": seed * 1000 + p} | found


def real(file: Path) -> Iterator[dict[str, Any]]:
    """Real returns of one year: 12 origins against the 8 that follow 4 weeks later; the windows overlap."""
    rows = list(csv.DictReader(file.open(encoding="utf-8")))
    weeks = sorted({r["week"] for r in rows})
    units = sorted({(r["stock_code"], r["market"]) for r in rows})
    week_at, unit_at = {w: i for i, w in enumerate(weeks)}, {u: i for i, u in enumerate(units)}
    s, r = np.zeros((len(units), len(weeks))), np.zeros((len(units), len(weeks)))
    for row in rows:
        at = unit_at[(row["stock_code"], row["market"])], week_at[row["week"]]
        s[at], r[at] = float(row["shipped_units"]), float(row["returned_units"])
    market = np.array([u[1] for u in units])
    told: tuple[tuple[str, float], ...] = (
        ("none", 0),
        ("returns of other units", 0),
        ("returns of other weeks", 0),
        ("shipments x", 2),
        ("returns x", 2),
        ("returns x", 3),
        ("shipments x1000, share of units", 1),
        ("weeks above missing", 10),
        ("missing at random", 0.05),
        ("a channel gone", 0),
    )
    for first in range(13, len(weeks) - 24 + 1, 2):
        now = first + 16 + np.arange(8)
        for shift, size in told:
            rng = np.random.default_rng([first, 7])
            when = np.arange(len(weeks)) >= now[0] - 13
            factor = np.where(when, size, 1)
            one = Panel(
                rng.poisson(s * factor).astype(float) if shift == "shipments x" else s,
                rng.poisson(r * factor).astype(float) if shift == "returns x" else r,
                market,
            )
            one = shifted(rng, one, when, shift, size)
            found = looked(raw(one, first + np.arange(12)), raw(one, now))
            # without a season the rows of all weeks are compared, and the columns together
            found["joined"] = _told(
                compare(
                    raw(one, first + np.arange(12)),
                    raw(one, now),
                    Options.of(WITH | {"season": "none"}),
                    1,
                )
            )
            yield {"season": "real", "shift": shift, "size": size, "panel": weeks[now[0]]} | found


#: what a setting of the stage says about a look
RULES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "before: share 30 %, all weeks": lambda r: _share(r["all"]),
    "all weeks: one column at 3 times": lambda r: _times(r["all"]) >= 3,
    "same weeks: share 30 %": lambda r: _share(r["same"]),
    "same weeks: one column at 2 times": lambda r: _times(r["same"]) >= 2,
    "same weeks: one column at 3 times": lambda r: _times(r["same"]) >= 3,
    "lost": lambda r: bool(r["same"]["lost"]),
    "together 0.60": lambda r: _area(r) >= 0.60,
    "together 0.67": lambda r: _area(r) >= 0.67,
    "together 0.70": lambda r: _area(r) >= 0.70,
    "now: defaults": lambda r: (
        bool(r["same"]["lost"]) or _share(r["same"]) or _times(r["same"]) >= 3 or _area(r) >= 0.67
    ),
}


def _share(side: dict[str, Any]) -> bool:
    moved = [value >= 0.1 or side["gap"][name] >= 0.1 for name, value in side["psi"].items()]
    moved += [True] * (len(side["gap"]) - len(side["psi"]))
    return float(np.mean(moved)) >= 0.3


def _times(side: dict[str, Any]) -> float:
    return float(max([v / 0.1 for v in side["psi"].values()] + [g / 0.1 for g in side["gap"].values()]))


def _area(look: dict[str, Any]) -> float:
    side = look.get("joined", look["same"])
    return float(side["joint"]) if side["joint"] is not None else 0.0


def tables(files: list[Path]) -> None:
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    years: dict[str, dict[int, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    moved: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        if "look" in line:
            years[line["season"]][line["panel"]].append(line)
        else:
            size = f" {line['size']:g}" if line["size"] else ""
            moved[line["season"], line["shift"] + size].append(line)
    whole = {s: [p for p in panels.values() if len(p) == LOOKS] for s, panels in years.items()}
    seasons = [s for s in SEASONS if s in whole]
    print(
        "| looks of a week apart, nothing moved | " + " | ".join(f"{s}: {len(whole[s])} years" for s in seasons) + " |"
    )
    print("|---|" + "---|" * len(seasons))
    for rule, says in RULES.items():
        cells_ = []
        for season in seasons:
            found = np.array([[says(look) for look in year] for year in whole[season]])
            cells_.append(f"{100 * found.any(axis=1).mean():.0f} % ({100 * found.mean():.1f} % of looks)")
        print(f"| {rule} | " + " | ".join(cells_) + " |")
    areas = {s: [max(_area(look) for look in year) for year in whole[s]] for s in seasons}
    print(
        "| largest area of a year: median, highest | "
        + " | ".join(f"{np.median(a):.3f}, {max(a):.3f}" for a in areas.values())
        + " |"
    )
    for season in dict.fromkeys(s for s, _ in moved):
        shown = [r for r in RULES if r not in ("together 0.60", "together 0.70")]
        print(f"\n| season {season}: shift | looks | " + " | ".join(shown) + " | psi, largest | area |")
        print("|---|---|" + "---|" * len(shown) + "---|---|")
        for (s, shift), looks in moved.items():
            if s == season:
                seen = [f"{100 * np.mean([RULES[r](look) for look in looks]):.0f}" for r in shown]
                psis = np.median([max(look["same"]["psi"].values(), default=0) for look in looks])
                area = np.median([_area(look) for look in looks])
                print(f"| {shift} | {len(looks)} | " + " | ".join(seen) + f" | {psis:.2f} | {area:.2f} |")


def main(arguments: list[str]) -> int:
    # the stage compares by Evidently, which hands each column to the same index
    drift._evidently = _directly
    drift_joint.separation = partial(drift_joint.separation, by_column=False)
    what, *rest = arguments
    if what == "table":
        tables([Path(a) for a in rest])
        return 0
    parts = {"quiet": quiet, "shift": shifts}
    found = real(Path(rest[0])) if what == "real" else parts[what](rest[0], int(rest[1]), int(rest[2]))
    for line in found:
        print(json.dumps(line), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
