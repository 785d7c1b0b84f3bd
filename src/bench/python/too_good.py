"""How far below validation's an honest model's holdout loss falls by chance, and a leaking one's by itself.

    python src/bench/python/too_good.py [REPETITIONS] [SEED]

The figure is what the gate looks at: the candidate's holdout loss as a part of its validation loss, divided by the
same of the baseline that was best on validation. A season, a level or a bulk order that lies in one of the two
windows moves both models; a label that the candidate has seen moves the candidate alone.

An honest model knows each unit's mean up to an error of its own, the baseline with a larger one. A leaking model
has moved the given part of the way from its forecast to the actual, on the holdout alone. Printed are the lowest
1 % and 0.1 % of the honest models, and for the leaking ones how many lie below a factor.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: mean [units, weeks] -> counts
Draw = Callable[[np.random.Generator, Floats], Floats]

VALIDATION = 12
FACTORS = (0.5, 0.6, 0.7, 0.8)
LEAKS = (0.1, 0.25, 0.5, 0.75)


def poisson(rng: np.random.Generator, mean: Floats) -> Floats:
    return rng.poisson(mean).astype(np.float64)


def overdispersed(rng: np.random.Generator, mean: Floats) -> Floats:
    return rng.poisson(mean * rng.gamma(0.5, 2.0, mean.shape)).astype(np.float64)


def croston(rng: np.random.Generator, mean: Floats) -> Floats:
    return np.where(rng.random(mean.shape) < 0.25, rng.poisson(4 * mean), 0).astype(np.float64)


def bulk(rng: np.random.Generator, mean: Floats) -> Floats:
    """Two weeks in a thousand hold a return of forty times the mean."""
    return np.where(rng.random(mean.shape) < 0.002, np.rint(40 * mean), rng.poisson(mean)).astype(np.float64)


GENERATORS: dict[str, tuple[Draw, float]] = {
    "Poisson": (poisson, 0.0),
    "overdispersed": (overdispersed, 0.0),
    "Croston": (croston, 0.0),
    "rare bulk": (bulk, 0.0),
    "common shocks sd 0.5": (poisson, 0.5),
}


def deviance(y: Floats, p: Floats) -> Floats:
    p = np.maximum(p, 1e-3)
    loss: Floats = 2 * (np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / p), 0) - y + p)
    return loss


def figure(model: Floats, baseline: Floats) -> float:
    """[units, weeks] losses, the first VALIDATION weeks being validation's."""
    v, h = slice(None, VALIDATION), slice(VALIDATION, None)
    return float(model[:, h].mean() / model[:, v].mean() / (baseline[:, h].mean() / baseline[:, v].mean()))


def one(rng: np.random.Generator, draw: Draw, shock: float, units: int, weeks: int) -> list[float]:
    """The figure of an honest model, then of one for each leak."""
    shape = (units, VALIDATION + weeks)
    level = rng.lognormal(0.7, 1.0, (units, 1))
    # a level that differs between the windows, and shocks of single weeks that neither model knows
    moved = np.where(np.arange(shape[1]) < VALIDATION, 1.0, np.exp(rng.normal(0, 0.3)))
    mean = level * moved * np.exp(rng.normal(0, shock, shape[1]) if shock else np.zeros(shape[1]))
    y = draw(rng, mean)
    known = level * moved
    honest = known * np.exp(rng.normal(0, 0.2, shape))
    baseline = deviance(y, known * np.exp(rng.normal(0, 0.6, shape)))
    figures = [figure(deviance(y, honest), baseline)]
    for part in LEAKS:
        seen = honest.copy()
        seen[:, VALIDATION:] += part * (y[:, VALIDATION:] - seen[:, VALIDATION:])
        figures.append(figure(deviance(y, seen), baseline))
    return figures


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    heads = [f"honest below {f}" for f in FACTORS]
    print("| generator | units | weeks | lowest 1 % | lowest 0.1 % | " + " | ".join(heads), end=" | ")
    print(" | ".join(f"leak {leak}: median; below {f}" for leak in LEAKS for f in (0.6,)) + " |")
    print("|---" * (5 + len(FACTORS) + len(LEAKS)) + "|")
    for name, (draw, shock) in GENERATORS.items():
        for units, weeks in ((30, 4), (100, 4), (100, 12), (300, 12)):
            rng = np.random.default_rng([seed, units, weeks, list(GENERATORS).index(name)])
            found = np.array([one(rng, draw, shock, units, weeks) for _ in range(repetitions)])
            low = [f"{np.quantile(found[:, 0], q):.2f}" for q in (0.01, 0.001)]
            false = [f"{100 * np.mean(found[:, 0] < f):.1f}" for f in FACTORS]
            seen = [
                f"{np.median(found[:, 1 + i]):.2f}; {100 * np.mean(found[:, 1 + i] < 0.6):.0f}"
                for i in range(len(LEAKS))
            ]
            print(f"| {name} | {units} | {weeks} | " + " | ".join(low + false + seen) + " |", flush=True)


if __name__ == "__main__":
    main()
