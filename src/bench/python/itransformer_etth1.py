"""Does our iTransformer forecast as well as the published one? `itransformer_etth1.py ETTh1.csv [options]`

Trains on ETTh1 with the settings of the paper's table (look-back 96, 12/4/4 months, Adam at 1e-4 halved each epoch,
batch 32, ten epochs with patience 3; width 256, and 512 from horizon 336 on) and prints the errors on all test windows,
in standardised units, beside the published ones (arXiv 2310.06625). Exit code 1 when a mean over the seeds is more than
2 % off, to the better as to the worse. A folder of checkpoints lets an interrupted run resume. For other files and
settings there is `python -m sluice_ml.itransformer.reproduce`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import mean

from sluice_ml.itransformer.network import Config
from sluice_ml.itransformer.reproduce import run
from sluice_ml.itransformer.table import Split, Table
from sluice_ml.itransformer.training import Options

#: horizon to (mean squared, mean absolute) error
PUBLISHED = {96: (0.386, 0.405), 192: (0.441, 0.436), 336: (0.487, 0.458), 720: (0.503, 0.491)}
TOLERANCE = 0.02
LOOKBACK = 96


def width(horizons: int) -> int:
    """Of tokens and of the feed-forward layer, as the authors' scripts have it."""
    return 256 if horizons < 336 else 512


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2023, 2024, 2025])
    parser.add_argument("--horizons", type=int, nargs="+", choices=sorted(PUBLISHED), default=sorted(PUBLISHED))
    parser.add_argument(
        "--calendar", action="store_true", help="time features as further series, as the authors have it"
    )
    parser.add_argument("--checkpoints", type=Path)
    p = parser.parse_args()
    table = Table.read(p.file)
    split = Split.of("12/4/4m", table)
    missed = 0
    print("| horizon | MSE, by seed | published | off by | MAE, by seed | published | off by |\n" + "|---" * 7 + "|")
    for horizons in p.horizons:
        config = Config(LOOKBACK, horizons, width=width(horizons), feed_forward=width(horizons))
        found: list[tuple[float, float]] = []
        for seed in p.seeds:
            name = f"{p.file.stem}-{horizons}-{seed}{'-calendar' if p.calendar else ''}.npz"
            checkpoint = p.checkpoints / name if p.checkpoints else None
            line, _ = run(table, split, config, Options(), seed, p.calendar, checkpoint)
            found.append((line["mse"], line["mae"]))
        cells = [str(horizons)]
        for at, published in enumerate(PUBLISHED[horizons]):
            off = mean(f[at] for f in found) / published - 1
            missed += abs(off) > TOLERANCE
            cells += [", ".join(f"{f[at]:.4f}" for f in found), f"{published:.3f}", f"{off:+.1%}"]
        print("| " + " | ".join(cells) + " |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
