"""How often does drift@1 cry wolf, and how large a shift does it see? `drift_rates.py [REPETITIONS] [SEED]`

Draws panels of weekly shipments and returns whose weeks are autocorrelated, by unit and for all units together, with a
season; sums them up as the drift stage does (means over 4 and 13 weeks, a rate, a slice column); and compares the
origins of the latest 26 weeks with the champion's. What counts is the status of the data set, so the false alarms are
those of the whole, on windows like those of a run, not of single columns on independent rows. Real returns
are in drift_years.py, which asks the stage itself. Prints markdown.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from sluice_ml.drift import cells, psi

Columns = dict[str, tuple[Any, Any, bool]]  # reference, current, numeric
WEEKS, NOW, UNITS = 156, 26, 400
REFERENCE = np.arange(13, WEEKS - NOW - 24, 2)  # every other week; validation and holdout lie between
CURRENT = np.arange(WEEKS - NOW, WEEKS)
FALSE_ALARMS = 0.05
SHARES = {"any column": 1e-9, "30 %": 0.3, "50 %": 0.5}


def autocorrelated(rng: np.random.Generator, rho: float, deviation: float, shape: tuple[int, ...]) -> Any:
    """AR(1) along the last axis, stationary."""
    fresh = rng.normal(0, deviation, shape)
    out = np.empty(shape)
    out[..., 0] = fresh[..., 0]
    for t in range(1, shape[-1]):
        out[..., t] = rho * out[..., t - 1] + np.sqrt(1 - rho**2) * fresh[..., t]
    return out


def panel(rng: np.random.Generator, shift: str = "", size: float = 0.0) -> Columns:
    """One panel, its latest weeks shifted: `size` is the factor of a level, a deviation or an amplitude, or a share."""
    when = np.arange(WEEKS) >= WEEKS - NOW - 13  # the windows of today's origins are shifted throughout
    factor = np.where(when, size, 1.0)
    market = rng.random(UNITS) < 0.6
    amplitude = 0.3 * (factor if shift == "season" else 1.0)
    season = np.log1p(np.clip(amplitude * np.sin(2 * np.pi * np.arange(WEEKS) / 52), -0.9, None))
    level = rng.normal(2.0, 1.0, UNITS)[:, None]
    own = autocorrelated(rng, 0.8, 0.3, (UNITS, WEEKS))
    own = own * (factor if shift == "scale" else 1.0)
    common = autocorrelated(rng, 0.7, 0.1, (WEEKS,))
    shipped = np.exp(level + own + common + season) * (factor if shift == "mean" else 1.0)
    shipped = rng.poisson(shipped).astype(float)
    rate = np.exp(rng.normal(-2.2, 0.5, UNITS))[:, None] * np.exp(autocorrelated(rng, 0.7, 0.1, (WEEKS,)))
    returned = rng.poisson(rate * shipped * (factor if shift == "rate" else 1.0)).astype(float)
    if shift == "missing":
        returned[:, when] = np.where(rng.random((UNITS, int(when.sum()))) < size, np.nan, returned[:, when])
    names = np.where(market, "eu", "us")
    later = np.where(rng.random(UNITS) < (size if shift == "mix" else 0), "us", names)
    return summed(shipped, returned, names, later, REFERENCE, CURRENT)


def summed(shipped: Any, returned: Any, names: Any, later: Any, before: Any, now: Any) -> Columns:
    """The columns of the stage, for both sets of origins."""

    def at(values: Any, origins: Any, length: int) -> Any:
        padded = np.concatenate([np.zeros((len(values), 1)), np.cumsum(np.nan_to_num(values), axis=1)], axis=1)
        seen = np.concatenate([np.zeros((len(values), 1)), np.cumsum(~np.isnan(values), axis=1)], axis=1)
        total, n = (c[:, origins] - c[:, origins - length] for c in (padded, seen))
        return np.where(n > 0, total / np.maximum(n, 1), np.nan)

    def pair(values: Callable[[Any], Any]) -> tuple[Any, Any, bool]:
        one, other = values(before).ravel(), values(now).ravel()
        return one[~np.isnan(one)], other[~np.isnan(other)], True

    out: Columns = {}
    for length in (4, 13):
        out[f"shipped.mean{length}"] = pair(partial(at, shipped, length=length))
        out[f"returned.mean{length}"] = pair(partial(at, returned, length=length))

    def ratio(origins: Any) -> Any:
        both = np.where(np.isnan(returned), np.nan, shipped)
        below, above = at(both, origins, 13), at(returned, origins, 13)
        return np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)

    out["returned/shipped"] = pair(ratio)
    out["market"] = (np.repeat(names, len(before)), np.repeat(later, len(now)), False)
    gap = float(np.isnan(returned[:, now[0] - 13 :]).mean() - np.isnan(returned[:, : before[-1]]).mean())
    out["(missing)"] = (np.array([gap]), np.array([gap]), True)
    return out


def distance(method: str, reference: Any, current: Any, numeric: bool) -> float:
    """Larger is farther; of `ks` the p-value's complement."""
    if method == "psi" or not numeric:
        return psi(*cells(reference, current, numeric))
    if method == "wasserstein":
        return float(stats.wasserstein_distance(reference, current) / max(np.std(reference), 1e-3))
    return float(1 - stats.ks_2samp(reference, current, method="asymp").pvalue)


def scores(columns: Columns, method: str) -> Any:
    """What each column measures; a gap of missing values of 0.1 counts as its threshold, as in the stage."""
    return np.array([distance(method, *c) for name, c in columns.items() if name != "(missing)"])


def gap(columns: Columns) -> float:
    return float(columns["(missing)"][0][0])


def drifted(values: Any, gaps: Any, threshold: float, share: float) -> Any:
    """Status by run; a gap of 10 points makes the three columns of the label drift."""
    by_value = values >= threshold
    if len(gaps):
        by_value = by_value | ((gaps >= 0.1)[:, None] & LABEL[None, :])
    return by_value.mean(axis=1) >= share


LABEL = np.array([False, True, False, True, True, False])


def simulate(repetitions: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes: Mapping[str, tuple[float, ...]] = {
        "mean": (1.1, 1.25, 1.5, 2.0),
        "rate": (1.25, 1.5, 2.0, 3.0),
        "scale": (1.5, 2.0, 3.0),
        "season": (1.5, 2.0, 3.0),
        "mix": (0.1, 0.25, 0.5),
        "missing": (0.05, 0.15, 0.3),
    }
    methods = ("psi", "wasserstein", "ks")

    def draw(count: int, shift: str = "", size: float = 0.0) -> tuple[dict[str, Any], Any]:
        found: dict[str, list[Any]] = {m: [] for m in methods}
        gaps = []
        for _ in range(count):
            columns = panel(rng, shift, size)
            gaps.append(gap(columns))
            for method in methods:
                found[method].append(scores(columns, method))
        return {m: np.array(v) for m, v in found.items()}, np.array(gaps)

    quiet, none = draw(repetitions)
    moved = {(t, s): draw(max(50, repetitions // 5), t, s) for t, every in sizes.items() for s in every}
    for method in methods:
        base = quiet[method]
        settings: list[tuple[str, float, float]] = []
        for word, share in SHARES.items():
            need = max(1, int(np.ceil(share * base.shape[1] - 1e-9)))
            threshold = float(np.quantile(np.sort(base, axis=1)[:, -need], 1 - FALSE_ALARMS))
            settings.append((f"{word}, {threshold:.3g}", threshold, share))
        for fixed in {"psi": (0.1, 0.2), "wasserstein": (0.1, 0.2), "ks": (0.95,)}[method]:
            settings += [(f"{word}, **{fixed:g}**", fixed, share) for word, share in SHARES.items()]
        print(f"\n| {method}: drifted when | " + " | ".join(s[0] for s in settings) + " |")
        print("|---|" + "---|" * len(settings))
        alarms = [100 * drifted(base, none, t, s).mean() for _, t, s in settings]
        print("| no shift | " + " | ".join(f"{a:.1f}" for a in alarms) + " |")
        for (shift, size), (values, gaps) in moved.items():
            seen = [100 * drifted(values[method], gaps, t, s).mean() for _, t, s in settings]
            print(f"| {shift} {size:g} | " + " | ".join(f"{v:.0f}" for v in seen) + " |", flush=True)
    names = [n for n in panel(rng) if n != "(missing)"]
    print("\n| psi without a shift | " + " | ".join(names) + " |")
    print("|---|" + "---|" * len(names))
    for q in (0.5, 0.95, 0.99):
        print(f"| quantile {q} | " + " | ".join(f"{v:.3f}" for v in np.quantile(quiet["psi"], q, axis=0)) + " |")


def main(arguments: list[str]) -> int:
    repetitions, seed = (int(a) for a in (arguments + ["500", "1"][len(arguments) :])[:2])
    print(f"{repetitions} repetitions without a shift, seed {seed}; {UNITS} units; percent of runs that are `drifted`")
    simulate(repetitions, seed)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
