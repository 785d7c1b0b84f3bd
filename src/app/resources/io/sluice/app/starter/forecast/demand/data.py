"""Data stage: made-up weekly sales, so that the pipeline runs before it meets your data.

Replace it by whatever fetches your data; keep the columns' meaning: one CSV, a row per product and week, and
`known`, the instant from which the row is known (later rows of the same week revise it).
"""

from __future__ import annotations

import numpy as np

from sluice_ml.errors import SluiceMlError
from sluice_ml.panel import DAY, instant_of, iso_instant
from sluice_ml.stage import Stage

WEEK = 7 * DAY
#: first week in the data
START = instant_of("2022-01-03")
PRODUCTS = 150


def main() -> None:
    stage = Stage.from_environment()
    if stage.as_of is None:
        raise SluiceMlError("SLU-7001", "SLUICE_AS_OF is not set")
    # only weeks that were over then: an earlier as-of gives the same numbers, fewer of them
    weeks = (int(stage.as_of.timestamp()) - START) // WEEK
    if weeks < 1:
        raise SluiceMlError("SLU-7301", "there is no data before 2022-01-10", "choose a later --as-of")
    season = 2 * np.pi * np.arange(weeks) / 52.18
    with (stage.outputs / "demand").open("w", encoding="utf-8", newline="") as out:
        out.write("product,week,known,sold\n")
        for product in range(PRODUCTS):
            rng = np.random.default_rng([stage.seed, product])
            level, swing, noise = rng.lognormal(1.5, 1.0), rng.uniform(0.2, 0.5), rng.uniform(0.01, 0.04)
            drift = np.cumsum(noise * np.array([rng.standard_normal() for _ in range(weeks)]))
            counts = np.random.default_rng([stage.seed, product, 1])
            for week in range(weeks):
                mean = level * np.exp(drift[week] + swing * np.cos(season[week]))
                at = START + week * WEEK
                out.write(f"P{product:03d},{iso_instant(at)},{iso_instant(at + WEEK)},{counts.poisson(mean)}\n")


if __name__ == "__main__":
    main()
