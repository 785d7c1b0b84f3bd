"""How often a gain passes that a window without its rare large values only seems to show, and what it costs.

The rule is the gate's (`io.sluice.core.gate.RareValues`), in numpy, after a sign-flip test by unit and, from 8 weeks
on, a two-way test with Satterthwaite's degrees of freedom. Prints the table of docs/gate.md, "Rare large values":

    python src/bench/python/rare_values.py REPETITIONS [PART OF A CASE'S NAME]
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
#: labels, candidate's and champion's forecasts, each [repetitions, units, weeks]
Draw = Callable[[int, int, int], tuple[Floats, Floats, Floats]]

HISTORY = 72
DELTA = 0.01
#: values so large that the window should hold at most so many
EXPECTED = 10
FLIPS = 499
RNG = np.random.default_rng(5)


def deviance(y: Floats, p: Floats) -> Floats:
    p = np.maximum(p, 1e-3)
    out: Floats = 2 * (np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / p), 0) - y + p)
    return out


def biased(y: Floats, mean: Floats) -> tuple[Floats, Floats, Floats]:
    """20 % too low against 22 % too high: the same expected deviance."""
    return y, 0.8 * mean + 0 * y, 1.22474 * mean + 0 * y


def bulk(r: int, u: int, w: int) -> tuple[Floats, Floats, Floats]:
    y = RNG.poisson(0.05, (r, u, w)) + 100.0 * (RNG.random((r, u, w)) < 1 / 2000)
    return biased(y, np.full((r, u, 1), 0.05 + 100 / 2000))


def croston(r: int, u: int, w: int) -> tuple[Floats, Floats, Floats]:
    q = RNG.beta(0.6, 5, (r, u, 1))
    size = np.maximum(np.exp(RNG.normal(0.7, 0.6, (r, u, 1))), 1.01)
    y = (RNG.random((r, u, w)) < q) * RNG.geometric(np.broadcast_to(1 / size, (r, u, w)))
    return biased(y.astype(np.float64), q * size)


def negative_binomial(r: int, u: int, w: int) -> tuple[Floats, Floats, Floats]:
    mean = np.exp(RNG.normal(0, 1.2, (r, u, 1)))
    return biased(RNG.poisson(mean * RNG.gamma(0.3, 1 / 0.3, (r, u, w))).astype(np.float64), mean)


def overdispersed(champion: float) -> Draw:
    """The candidate errs by 0.35 by unit where models are equal, by 0.1 where it is better."""

    def draw(r: int, u: int, w: int) -> tuple[Floats, Floats, Floats]:
        level = np.exp(RNG.normal(0, 1.2, (r, u, 1)))
        active = level * np.exp(RNG.normal(-0.32, 0.8, (r, u, 1)))
        y = RNG.poisson(active * RNG.gamma(0.5, 2, (r, u, w))).astype(np.float64)

        def forecast(by_unit: float, by_cell: float) -> Floats:
            out: Floats = level * np.exp(RNG.normal(0, by_unit, (r, u, 1)) + RNG.normal(0, by_cell, (r, u, w)))
            return out

        own = (0.35, 0.15) if champion == 0.35 else (0.1, 0.1)
        return y, forecast(*own), forecast(champion, 0.15)

    return draw


def foreseen(r: int, u: int, w: int) -> tuple[Floats, Floats, Floats]:
    level = np.exp(RNG.normal(0, 1.2, (r, u, 1)))
    large = RNG.random((r, u, w)) < 0.003
    y = RNG.poisson(level * np.where(large, 20, 1) * RNG.gamma(2, 0.5, (r, u, w))).astype(np.float64)

    def noise() -> Floats:
        return np.exp(RNG.normal(0, 0.2, (r, u, w)))

    return y, level * np.where(large, 14, 1) * noise(), level * 1.06 * noise()


CASES: dict[str, Draw] = {
    "half of the volume in one row of 2000": bulk,
    "intermittent (Croston)": croston,
    "overdispersed (negative binomial, k 0.3)": negative_binomial,
    "equal models, overdispersed": overdispersed(0.35),
    "a better candidate, overdispersed": overdispersed(0.4),
    "a candidate that foresees large weeks": foreseen,
}


def proven(d: Floats) -> bool:
    """Of differences [units, weeks]."""
    by_unit = d.sum(1)
    variance = float((by_unit**2).sum())
    if variance == 0:
        return False
    total = by_unit.sum()
    signs = RNG.integers(0, 2, (FLIPS, len(by_unit))) * 2 - 1
    if (1 + (signs @ by_unit <= total + 1e-9 * np.sqrt(variance)).sum()) / (FLIPS + 1) > 0.05:
        return False
    units, weeks = d.shape
    if weeks < 8:
        return True
    both = max(variance + float((d.sum(0) ** 2).sum()) - float((d**2).sum()), variance)
    share = (both - variance) / both
    df = 1 / ((1 - share) ** 2 / (units - 1) + share**2 / (weeks - 1))
    return bool(stats.t.cdf(total / np.sqrt(both), df) <= 0.05)


def stands(y: Floats, own: Floats, other: Floats, earlier: Floats) -> bool:
    """Whether a proven gain is one with its share of rare values put in."""
    d = deviance(y, own) - (1 - DELTA) * deviance(y, other)
    scale = y.size / earlier.size
    descending = np.sort(earlier)[::-1]
    most = int(EXPECTED / scale)
    most = int((descending > descending[min(most, len(descending) - 1)]).sum())
    if most == 0 or descending[most - 1] <= 0:
        return True
    rare = descending[:most]
    held = y >= rare[-1]
    shortfall = 1 - y[held].sum() / (scale * rare.sum())
    if shortfall < 0.25:
        return True
    share = (own + other) / (own + other).sum()
    usual = (share * d)[~held].sum() / share[~held].sum()

    def loss(p: Floats) -> Floats:
        p = np.maximum(p, 1e-3)
        out: Floats = 2 * (rare * np.log(rare) - rare - rare * (share * np.log(p)).sum() + (share * p).sum())
        return out

    instead = loss(own) - (1 - DELTA) * loss(other) - usual
    total = d.sum() + shortfall * scale * instead.sum()
    variance = (d.sum(1) ** 2).sum() + (shortfall * scale) ** 2 * (instead**2).sum()
    return bool(stats.norm.cdf(total / np.sqrt(variance)) <= 0.05)


def rates(draw: Draw, units: int, weeks: int, repetitions: int) -> tuple[float, float]:
    """Shares of promotions without the rule and with it."""
    passed = kept = 0
    for _ in range(repetitions):
        y, own, other = (x[0] for x in draw(1, units, HISTORY + weeks))
        own, other = (np.broadcast_to(p, y.shape)[:, HISTORY:] for p in (own, other))
        now = y[:, HISTORY:]
        if proven(deviance(now, own) - (1 - DELTA) * deviance(now, other)):
            passed += 1
            kept += stands(now, own, other, y[:, :HISTORY].ravel())
    return passed / repetitions, kept / repetitions


def main() -> None:
    repetitions, part = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    for name, draw in CASES.items():
        if part in name:
            cells = [rates(draw, units, weeks, repetitions) for units in (100, 300) for weeks in (4, 8, 26)]
            print(f"| {name} | " + " | ".join(f"{100 * a:.1f} / {100 * b:.1f}" for a, b in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
