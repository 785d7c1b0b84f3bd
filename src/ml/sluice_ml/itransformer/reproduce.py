"""Trains and tests the network as papers on long-term forecasting do. `python -m sluice_ml.itransformer.reproduce FILE`

For each horizon and seed: train with early stopping on validation, then mean squared and mean absolute error
over every window of the test part, in standardised units. Prints one line of JSON each; progress goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sluice_ml.errors import SluiceMlError
from sluice_ml.itransformer.export import export
from sluice_ml.itransformer.network import Array, Config, Params, forecast, initial
from sluice_ml.itransformer.table import Split, Table, Windows, cut
from sluice_ml.itransformer.training import Batch, Options, batches, fit


def main(arguments: list[str] | None = None) -> int:
    """The command. Returns 2 when the input is wrong, 1 when training diverged."""
    parser = argparse.ArgumentParser(
        prog="sluice_ml.itransformer.reproduce", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("file", type=Path, help="CSV with a column of times and columns of numbers")
    parser.add_argument("--date", default="date", help="name of the column of times (%(default)s)")
    parser.add_argument("--split", default="12/4/4m", help="12/4/4m or 70/10/20%% (%(default)s)")
    parser.add_argument("--lookback", type=int, default=96)
    parser.add_argument("--horizons", type=int, nargs="+", default=[96, 192, 336, 720])
    parser.add_argument("--seeds", type=int, nargs="+", default=[2023])
    parser.add_argument(
        "--calendar",
        action="store_true",
        help="time of day, week, month and year as series, as the authors' code has it",
    )
    parser.add_argument("--width", type=int, default=256, help="of a token and of the feed-forward layer")
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--patience", type=int, default=3)
    parser.add_argument("--checkpoints", type=Path, help="folder: an interrupted training resumes from here")
    parser.add_argument("--onnx", type=Path, help="folder that receives a model per horizon and seed")
    p = parser.parse_args(arguments)
    options = Options(p.learning_rate, p.batch, p.epochs, p.patience)
    try:
        table = Table.read(p.file, p.date)
        split = Split.of(p.split, table)
        for horizons in p.horizons:
            config = Config(p.lookback, horizons, p.width, p.width, p.heads, p.layers, p.dropout)
            for seed in p.seeds:
                name = f"{p.file.stem}-{p.lookback}-{horizons}-{seed}"
                checkpoint = p.checkpoints / f"{name}.npz" if p.checkpoints else None
                line, params = run(table, split, config, options, seed, p.calendar, checkpoint)
                print(json.dumps({"file": p.file.name, **line}), flush=True)
                if p.onnx:
                    p.onnx.mkdir(parents=True, exist_ok=True)
                    model = export(params, config, table.calendar().shape[1] if p.calendar else 0)
                    (p.onnx / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))
    except SluiceMlError as e:
        print(e, file=sys.stderr)
        return 1 if e.id == "SLU-7411" else 2
    return 0


def run(
    table: Table,
    split: Split,
    config: Config,
    options: Options,
    seed: int,
    calendar: bool = False,
    checkpoint: Path | None = None,
) -> tuple[dict[str, Any], Params]:
    """One training and its test."""
    train, validation, test = cut(table, split, config.lookback, config.horizons, calendar=calendar)

    def losses(params: Params, batch: Batch, key: Array | None) -> Array:
        past, marks, future = batch
        off: Array = forecast(params, config, past, key, marks) - future
        return (off * off).mean(axis=(1, 2))

    fitted = fit(
        losses,
        initial(config, jax.random.key(seed)),
        train,
        validation,
        options,
        seed,
        checkpoint=checkpoint,
        progress=lambda epoch: print(f"horizon {config.horizons}, seed {seed}, {epoch}", file=sys.stderr, flush=True),
    )
    mse, mae = errors(lambda past, marks: forecast(fitted.params, config, past, None, marks), test, options.batch)
    return {
        "horizon": config.horizons,
        "seed": seed,
        "mse": round(mse, 4),
        "mae": round(mae, 4),
        "calendar": calendar,
        "windows": len(test),
        "epochs": len(fitted.epochs),
        "stopped": fitted.stopped,
        "validation": round(fitted.loss, 4),
        "device": jax.devices()[0].platform,
        "config": asdict(config),
        "options": asdict(options),
    }, fitted.params


def errors(model: Callable[[Array, Array], Array], test: Windows, batch: int) -> tuple[float, float]:
    """(mean squared, mean absolute) error over all windows, times and series."""

    @jax.jit
    def sums(past: Array, marks: Array, future: Array, mask: Array) -> tuple[Array, Array]:
        off = jnp.where(mask[:, None, None], model(past, marks) - future, 0.0)
        return (off * off).mean(axis=(1, 2)).sum(), jnp.abs(off).mean(axis=(1, 2)).sum()

    if not len(test):
        raise SluiceMlError("SLU-7410", "no window fits into the test part", "shorten look-back or horizon")
    totals = np.zeros(2)
    for at, mask in batches(len(test), batch):
        totals += [float(x) for x in sums(*test.batch(at), mask)]
    return float(totals[0] / len(test)), float(totals[1] / len(test))


if __name__ == "__main__":
    sys.exit(main())
