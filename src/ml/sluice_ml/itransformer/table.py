"""A file of series: a column `date`, then one column of numbers per series; cut in time, scaled by its first part."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sluice_ml.errors import InputError
from sluice_ml.itransformer.training import Batch, Indices
from sluice_ml.table import Reader, number

Floats = NDArray[np.float32]

_MONTHS = re.compile(r"(\d+)/(\d+)/(\d+)m")
_SHARES = re.compile(r"(\d+)/(\d+)/(\d+)%")
#: what benchmarks call a month
_MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Table:
    """Series on one regular grid from `start`: `values` [times, series], all finite; `step` between two times."""

    names: tuple[str, ...]
    values: NDArray[np.float64]
    start: datetime
    step: timedelta

    def calendar(self) -> Floats:
        """Where each time lies in the hour (of steps below an hour), day, week, month and year, from -0.5 to 0.5:
        [times, 4 or 5]. These are the series of time features that the paper's authors put beside those of the file."""
        times = [self.start + i * self.step for i in range(len(self.values))]
        parts = [
            [t.hour / 23, t.weekday() / 6, (t.day - 1) / 30, (t.timetuple().tm_yday - 1) / 365]
            + ([t.minute / 59] if self.step < timedelta(hours=1) else [])
            for t in times
        ]
        return (np.array(parts) - 0.5).astype(np.float32)

    @staticmethod
    def read(file: Path, date: str = "date") -> Table:
        """Reads a CSV with a header. Raises SLU-7420 with line and column for anything else."""

        def wrong(what: str, hint: str = "") -> InputError:
            return InputError("SLU-7420", f"{file.name}{what}", hint)

        times: list[datetime] = []
        rows: list[list[float]] = []
        with Reader(file, file.name) as reader:
            header = reader.header
            if date not in header or len(header) < 2:
                raise wrong(f", line 1: a column `{date}` and at least one other are needed")
            at = header.index(date)
            names = tuple(name for i, name in enumerate(header) if i != at)
            for record in reader:
                where = f", line {reader.line}"
                try:
                    # published series have local times without a zone, on a grid of their own
                    times.append(datetime.fromisoformat(record[at]))
                except ValueError:
                    raise wrong(f"{where}: {date} is not a time: {record[at]!r}") from None
                texts = [text for i, text in enumerate(record) if i != at]
                rows.append([])
                for name, text in zip(names, texts, strict=True):
                    try:
                        rows[-1].append(number(text))
                    except ValueError as e:
                        raise wrong(
                            f"{where}: {name}: {e}, and a finite number is needed",
                            "fill or drop what is missing: the benchmark says nothing about gaps",
                        ) from None
        if len(rows) < 2:
            raise wrong(f": {len(rows)} rows of data")
        step = times[1] - times[0]
        for line, (before, after) in enumerate(itertools.pairwise(times), start=3):
            if step <= timedelta(0) or after - before != step:
                raise wrong(
                    f", line {line}: {after} follows {before}; the step was {step}", "one regular grid is needed"
                )
        return Table(names, np.array(rows), times[0], step)


@dataclass(frozen=True)
class Split:
    """The number of times in train, validation and test, which follow one another."""

    train: int
    validation: int
    test: int

    @staticmethod
    def of(text: str, table: Table) -> Split:
        """`12/4/4m`: months of 30 days (what papers do with ETT); `70/10/20%`: shares. Raises SLU-7421."""
        total = len(table.values)
        if match := _MONTHS.fullmatch(text):
            counts = [int(n) * _MONTH // table.step for n in match.groups()]
        elif (match := _SHARES.fullmatch(text)) and sum(map(int, match.groups())) <= 100:
            train, _, test = (total * int(n) // 100 for n in match.groups())
            rest = total - train - test if sum(map(int, match.groups())) == 100 else total * int(match[2]) // 100
            counts = [train, rest, test]
        else:
            raise InputError("SLU-7421", f"{text!r} is not a split", "write 12/4/4m (months of 30 days) or 70/10/20%")
        if sum(counts) > total or min(counts) < 1:
            raise InputError("SLU-7421", f"the split {text} needs {counts} times, the file has {total}")
        return Split(*counts)


@dataclass(frozen=True)
class Windows:
    """Samples of `lookback` times and the `horizons` after them; `values` [times, series], `calendar` [times, C]."""

    values: Floats
    calendar: Floats
    lookback: int
    horizons: int

    def __len__(self) -> int:
        return max(0, len(self.values) - self.lookback - self.horizons + 1)

    def batch(self, at: Indices) -> Batch:
        """(past [n, lookback, series], its calendar [n, lookback, C], future [n, horizons, series])."""
        times = at[:, None] + np.arange(self.lookback + self.horizons)
        both = self.values[times]
        return both[:, : self.lookback], self.calendar[times[:, : self.lookback]], both[:, self.lookback :]


def cut(
    table: Table, split: Split, lookback: int, horizons: int, *, calendar: bool = False
) -> tuple[Windows, Windows, Windows]:
    """Train, validation and test, in units of the training part's standard deviation around its mean.

    The past of the first validation and test windows reaches into the part before, their futures do not. A
    series that is constant in training is only centred. Without `calendar` it has no columns.
    """
    fitted = table.values[: split.train]
    scale = fitted.std(axis=0)
    scaled = ((table.values - fitted.mean(axis=0)) / np.where(scale > 0, scale, 1.0)).astype(np.float32)
    marks = table.calendar() if calendar else np.empty((len(scaled), 0), np.float32)
    ends = np.cumsum([split.train, split.validation, split.test]).tolist()
    starts = [0, max(0, ends[0] - lookback), max(0, ends[1] - lookback)]
    train, validation, test = (
        Windows(scaled[start:end], marks[start:end], lookback, horizons)
        for start, end in zip(starts, ends, strict=True)
    )
    return train, validation, test
