"""How often does drift@1 cry wolf in a year of weekly looks, and which shifts does it see? `drift_years.py PART ..`

`drift_years.py quiet SEASON PANELS SEED`: PANELS panels that do not move, each looked at 52 times, a week apart, with
the same champion. SEASON is none, 0.3, 0.6, own (0.6, a phase for each unit), lives (0.3, and products that are
launched and end at any time) or waves (the same, launched in spring and autumn only).
`drift_years.py slow SEASON PANELS SEED`: a year of looks at PANELS panels of each shift of SLOW, four weeks apart.
`drift_years.py shift SEASON PANELS SEED`: one look at PANELS panels of each shift.
`drift_years.py real CSV`: the real returns of weekly-returns.csv, as they are and with shifts put in.
`drift_years.py table FILE ..`: the tables of docs/drift.md of what the parts wrote.

A part prints a line of JSON for each look: everything that was measured, so that every rule is a matter of reading it
again. What is looked at is the stage itself (`sluice_ml.drift.compare`); only Evidently, which hands the columns to our
index and draws its page, is left out. The panels: 300 units, a log-normal level each, weeks autocorrelated by unit
(sd 0.3, 0.8) and for all together (sd 0.1, 0.7), Poisson counts; 72 weeks of reference, every other origin of it; today
is the newest 26 origins, with validation, holdout and the wait for labels between. Products with lives: one to three
years long, ten weeks until a product sells as it will, half a year in which it sells less and less, and half a year
more in which returns of what was sold come in; some 300 sell at any time.
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
REFERENCE = np.arange(13, 72 + 13, 2)
#: purge, validation, purge, holdout, recent; then a year of looks
FIRST = 72 + 26 + 12 + 26 + 12 + 26
WEEKS = FIRST + LOOKS + 8
#: when a shift begins: the windows of today's origins are shifted throughout
SHIFTED = FIRST - NOW - 13
WEEK = 7 * 86_400
SEASONS = {
    "none": (0.0, False),
    "0.3": (0.3, False),
    "0.6": (0.6, False),
    "own": (0.6, True),
    "lives": (0.3, False),
    "waves": (0.3, False),
}
#: weeks that a product is sold: at least and at most; those of its start, of its end, and of returns after it
LIFE, RAMP, FADE, RETURNS = (52, 156), 10, 26, 26
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
#: what begins small, or shows only in other months
SLOW: tuple[tuple[str, float], ...] = (
    ("trend a week", 0.0025),
    ("trend a week", 0.005),
    ("trend a week", 0.01),
    ("trend a week", 0.02),
    ("season moved by weeks", 13),
    ("season moved by weeks", 26),
)
EVERY = 4


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
    lives = season in ("lives", "waves")
    units = UNITS * (WEEKS + LIFE[1]) * 2 // sum(LIFE) if lives else UNITS
    phase = rng.uniform(0, 2 * np.pi, units)[:, None] if own_phase else rng.uniform(0, 2 * np.pi)
    if shift == "season moved by weeks":
        phase = phase + np.where(when, 2 * np.pi * size / 52, 0)
    strength = amplitude * np.where(when, size if shift == "amplitude x" else 1.0, 1.0)
    # the calendar's year, not 52 weeks
    season_log = np.log1p(np.clip(strength * np.sin(2 * np.pi * week * 7 / 365.2425 + phase), -0.9, None))
    level = rng.normal(2, 1, units)[:, None]
    own = autocorrelated(rng, 0.8, 0.3, (units, WEEKS))
    common = autocorrelated(rng, 0.7, 0.1, (WEEKS,))
    trend = np.where(when, size * (week - SHIFTED), 0) if shift == "trend a week" else 0
    shipped = np.exp(level + own + common + season_log + trend)
    rate = np.exp(rng.normal(-2.2, 0.5, units))[:, None] * np.exp(autocorrelated(rng, 0.7, 0.1, (WEEKS,)))
    market = np.where(rng.random(units) < 0.6, "eu", "us")
    if shift == "shipments x":
        shipped = shipped * np.where(when, size, 1)
    if shift == "returns x":
        rate = rate * np.where(when, size, 1)
    if shift == "new family, share of units":
        new = (rng.random(units) < size)[:, None] & when[None]
        shipped, rate = np.where(new, shipped * 4, shipped), np.where(new, rate * 3, rate)
    if lives:
        selling, known = lived(rng, units, season == "waves")
        sold = rng.poisson(shipped * selling).astype(float)
        # what comes back was shipped in the quarter before
        padded = np.concatenate([np.zeros((units, LONG)), np.cumsum(sold, axis=1)], axis=1)
        back = rng.poisson(rate * (padded[:, LONG:] - padded[:, :-LONG]) / LONG).astype(float)
        s, r = np.where(known, sold, np.nan), np.where(known, back, np.nan)
    else:
        s, r = rng.poisson(shipped).astype(float), rng.poisson(rate * shipped).astype(float)
    return shifted(rng, Panel(s, r, market), when, shift, size)


def lived(rng: np.random.Generator, units: int, waves: bool) -> tuple[Any, Any]:
    """How much of its plateau each unit sells in each week, and the weeks of which it has rows."""
    launch = rng.integers(-LIFE[1], WEEKS, units)
    if waves:  # the first twelve weeks of a half-year
        launch = launch // 26 * 26 + rng.integers(0, 12, units)
    age = np.arange(WEEKS)[None] - launch[:, None]
    left = rng.integers(LIFE[0], LIFE[1] + 1, units)[:, None] - age
    selling = np.clip((age + 1) / RAMP, 0, 1) * np.clip(left / FADE, 0, 1)
    return selling, (age >= 0) & (left > -RETURNS)


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
        r[:, when] = np.where(r[:, when] > np.nanquantile(r, 1 - size), np.nan, r[:, when])
    elif shift == "weeks above missing":
        r[:, when] = np.where(r[:, when] > size, np.nan, r[:, when])
    elif shift == "largest units missing":
        r[np.ix_(np.nansum(r, 1) > np.quantile(np.nansum(r, 1), 1 - size), when)] = np.nan
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


def looked(reference: Raw, current: Raw) -> dict[str, Any]:
    """Everything that a look measures, by all weeks and by the same weeks of the year."""
    every = compare(reference, current, Options.of(WITH | {"season": "none", "joint": 1}), 1)
    same = compare(reference, current, Options.of(WITH), 1)
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
            yield {"season": season, "panel": seed * 1000 + p, "look": look} | looked(reference, raw(one, now))


def slow(season: str, panels: int, seed: int) -> Iterator[dict[str, Any]]:
    for shift, size in SLOW:
        for p in range(panels):
            one = panel(np.random.default_rng([seed, p, 2]), season, shift, size)
            reference = raw(one, REFERENCE)
            for look in range(-NOW, LOOKS, EVERY):
                now = np.arange(FIRST - NOW, FIRST) + look
                yield {
                    "season": season,
                    "shift": shift,
                    "size": size,
                    "panel": seed * 1000 + p,
                    "since": FIRST + look - SHIFTED,
                } | looked(reference, raw(one, now))


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
        ("shipments x", 1.5),
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
    slowly: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        if "look" in line:
            years[line["season"]][line["panel"]].append(line)
        elif "since" in line:
            slowly[line["season"], f"{line['shift']} {line['size']:g}"].append(line)
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
    windows(moved)
    began(slowly)
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


def began(slowly: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
    """What begins small: how many panels are seen as weeks go by, and by what."""
    for season in dict.fromkeys(s for s, _ in slowly):
        weeks = sorted({line["since"] for (s, _), lines in slowly.items() if s == season for line in lines})
        shown = [w for w in weeks if (w - weeks[0]) % 12 == 0]
        print(f"\n| season {season}: weeks since it began | " + " | ".join(map(str, shown)) + " | by, at last | area |")
        print("|---|" + "---|" * (len(shown) + 2))
        for (s, shift), lines in slowly.items():
            if s != season:
                continue
            first: dict[int, int] = {}
            for line in lines:
                if line["same"]["status"] == "drifted":
                    first[line["panel"]] = min(first.get(line["panel"], line["since"]), line["since"])
            panels = len({line["panel"] for line in lines})
            seen = [f"{100 * sum(at <= w for at in first.values()) / panels:.0f}" for w in shown]
            last = [line["same"] for line in lines if line["since"] == weeks[-1]]
            rules = sorted({rule for look in last for rule in look["because"]})
            area = np.median([look["joint"] or 0 for look in last])
            print(f"| {shift} | " + " | ".join(seen) + f" | {', '.join(rules)} | {area:.2f} |")


def windows(moved: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
    """The real returns, window by window, as the stage says it with `season: none`."""
    real_ = {shift: {line["panel"]: line for line in lines} for (s, shift), lines in moved.items() if s == "real"}
    if not real_:
        return
    names = ("shipped.mean4", "returned.mean4", "shipped.mean13", "returned.mean13", "returned/shipped", "market")
    shifts_ = list(dict.fromkeys(s for s in real_ if s == "none" or s.startswith(("shipments x ", "returns x "))))
    print(f"\n| today's first week | psi: {', '.join(names)} | missing | " + " | ".join(shifts_) + " |")
    print("|---|---|---|" + "---|" * len(shifts_))
    for week, line in real_["none"].items():
        side = line["joined"]
        values = ", ".join(f"{side['psi'][n]:.2f}" for n in names)
        says = [real_[s][week]["joined"]["status"] for s in shifts_]
        print(f"| {week} | {values} | {side['gap']['returned/shipped']:.2f} | " + " | ".join(says) + " |")


def main(arguments: list[str]) -> int:
    # the stage compares by Evidently, which hands each column to the same index
    drift._evidently = _directly
    drift_joint.separation = partial(drift_joint.separation, by_column=False)
    what, *rest = arguments
    if what == "table":
        tables([Path(a) for a in rest])
        return 0
    parts = {"quiet": quiet, "slow": slow, "shift": shifts}
    found = real(Path(rest[0])) if what == "real" else parts[what](rest[0], int(rest[1]), int(rest[2]))
    for line in found:
        print(json.dumps(line), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
