"""What a drift stage compares: a CSV or a panel table set, as a sample of rows with typed columns.

Only what was read decides: no library guesses a type. A column is `numeric` when every value of the reference
is a number, `time` when every one is an instant (time always moves, so it is not compared), else `categorical`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sluice_ml.errors import InputError
from sluice_ml.panel import PanelSet, iso_instant
from sluice_ml.table import NUMBER, Reader

Kind = Literal["numeric", "categorical", "time"]

#: Rows that are compared of each side. A cumulative share of so many rows is within 0.0043 of the share of
#: all rows with a confidence of 95 % (Dvoretzky, Kiefer and Wolfowitz 1956, with Massart's constant).
SAMPLE = 100_000
#: Beyond this a number counts as infinite: its square would be.
LARGEST = 1e150
_BLOCK = 20_000
_INFINITY = "[+-]?(?i:inf|infinity)"
_WORD = "[+-]?(?i:inf|infinity|nan)"
_INSTANT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$"
#: a panel's windows are summed up over so many of the latest periods
SHORT, LONG = 4, 13


@dataclass(frozen=True)
class Column:
    """One column of a sample.

    `values` is a float64 array (NaN = not there) of a numeric column, an object array (None = not there) of
    others. `missing` is a share of all cells; `infinite` and `malformed` count cells that were there and are
    no numbers; they count as missing too.
    """

    kind: Kind
    values: Any
    missing: float
    infinite: int = 0
    malformed: int = 0

    @property
    def present(self) -> int:
        """How many values there are."""
        return int(np.count_nonzero(~pd.isna(self.values)))


@dataclass(frozen=True)
class Table:
    """A sample: `rows` there are, `compared` of them were drawn. `since` and `until` where origins are known."""

    columns: Mapping[str, Column]
    rows: int
    compared: int
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True)
class Raw:
    """A table as it was read; what its columns are is decided by the reference and the options."""

    texts: Mapping[str, Any]
    numbers: Mapping[str, Any]
    missing: Mapping[str, float]
    rows: int
    compared: int
    since: str | None = None
    until: str | None = None
    #: of a panel, by row: the unit's name, the origin in seconds, and the missing share of each window
    units: Any = None
    origins: Any = None
    gaps: Mapping[str, Any] = field(default_factory=dict)

    def take(self, at: Any) -> Raw:
        """Only the rows of a panel at these places; what `rows` and `compared` say stays that of the table."""
        gaps = {name: gap[at] for name, gap in self.gaps.items()}
        return replace(
            self,
            texts={name: texts.take(pa.array(at)) for name, texts in self.texts.items()},
            numbers={name: values[at] for name, values in self.numbers.items()},
            missing={name: _share(gap) for name, gap in gaps.items()},
            units=self.units[at],
            origins=self.origins[at],
            gaps=gaps,
        )

    def kind(self, name: str, declared: Kind | None = None) -> Kind:
        """What the column is: what the spec says, or what all its values look like."""
        if name in self.numbers:
            return "numeric"
        if declared is not None:
            return declared
        present = pc.drop_null(self.texts[name])
        if len(present) == 0:
            return "categorical"
        if _instants(present.slice(0, 100)) and _instants(present):
            return "time"
        return "numeric" if _all_numbers(present) else "categorical"

    def table(self, kinds: Mapping[str, Kind]) -> Table:
        """The columns as these kinds."""
        columns = {name: self._column(name, kind) for name, kind in kinds.items()}
        return Table(columns, self.rows, self.compared, self.since, self.until)

    @property
    def names(self) -> list[str]:
        return [*self.texts, *self.numbers]

    def _column(self, name: str, kind: Kind) -> Column:
        if name in self.numbers:
            values = np.array(self.numbers[name], np.float64)
            infinite = np.isinf(values) | (np.abs(values) > LARGEST)
            values[infinite] = np.nan
            return Column("numeric", values, self.missing[name], int(infinite.sum()))
        if kind == "numeric":
            values, malformed = _numbers(self.texts[name])
            infinite = np.isinf(values) | (np.abs(values) > LARGEST)
            values[infinite] = np.nan
            return Column("numeric", values, _share(np.isnan(values)), int(infinite.sum()), malformed)
        texts = self.texts[name]
        return Column(kind, texts.to_numpy(zero_copy_only=False), _share(texts.is_null().to_numpy(False)))


def read(path: Path, seed: int, periods: int | None = None) -> Raw:
    """Reads a CSV file, a folder with one, or a panel table set.

    `periods`: of a panel, only so many of its latest origins. Raises SLU-7310 for a file that is not a table, and
    what `Reader` and `PanelSet.read` raise for one that cannot be read.
    """
    if path.is_dir():
        if (path / "panel.json").is_file():
            return _panel(PanelSet.read(path), seed, periods)
        files = sorted(path.glob("*.csv"))
        if len(files) != 1:
            raise InputError(
                "SLU-7310",
                f"{path.name} is neither a table nor a panel: a folder with {len(files)} CSV files and no panel.json",
                "give the drift stage a CSV file, a folder with one, or a panel table set (docs/architecture.md)",
            )
        path = files[0]
    return _csv(path, seed)


def _csv(file: Path, seed: int) -> Raw:
    """Draws rows uniformly: each gets a random key, the smallest keys stay (Vitter 1985 has the idea).

    What is beyond the sample's largest key so far is not kept in the first place.
    """
    rng = np.random.default_rng(seed)
    kept: list[pa.Table] = []
    keys: list[Any] = []
    count = held = 0
    largest = 1.0
    with Reader(file, file.name) as records:
        names = records.header
        while block := list(itertools.islice(records, _BLOCK)):
            drawn = rng.random(len(block))
            count += len(block)
            if largest < 1.0:
                within = np.flatnonzero(drawn < largest)
                block, drawn = [block[i] for i in within.tolist()], drawn[within]
            held += len(block)
            columns = zip(*block, strict=True) if block else ((),) * len(names)
            kept.append(
                pa.table([pa.array([text or None for text in c], pa.string()) for c in columns], names=list(names))
            )
            keys.append(drawn)
            if held > 2 * SAMPLE:
                kept, keys, held = _smallest(kept, keys)
                largest = float(keys[0].max())
    if held > SAMPLE:
        kept, keys, held = _smallest(kept, keys)
    table = pa.concat_tables(kept).combine_chunks() if kept else None
    texts = {
        name: (table.column(name).combine_chunks() if table is not None and held else pa.array([], pa.string()))
        for name in names
    }
    texts = {name: a.combine_chunks() if isinstance(a, pa.ChunkedArray) else a for name, a in texts.items()}
    return Raw(texts, {}, {}, count, held)


def _smallest(kept: list[pa.Table], keys: list[Any]) -> tuple[list[pa.Table], list[Any], int]:
    key = np.concatenate(keys)
    at = np.sort(np.argpartition(key, SAMPLE)[:SAMPLE])
    return [pa.concat_tables(kept).take(pa.array(at)).combine_chunks()], [key[at]], SAMPLE


def _instants(texts: Any) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts, _INSTANT)).as_py())


def _all_numbers(texts: Any) -> bool:
    """Whether all are numbers, or words for what is none (`nan`, `inf`), which count as missing and are told."""
    return bool(pc.all(pc.match_substring_regex(texts, f"^(?:{NUMBER}|{_WORD})$")).as_py())


def _numbers(texts: Any) -> tuple[Any, int]:
    """The values as float64, NaN where there is none; how many were there and are no numbers."""
    good = pc.match_substring_regex(texts, f"^(?:{NUMBER}|{_INFINITY})$")
    plain = pc.if_else(good, texts, pa.scalar(None, pa.string()))
    malformed = len(texts) - texts.null_count - int(pc.sum(good).as_py() or 0)
    try:
        return pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64), malformed
    except pa.ArrowInvalid:
        # Arrow reads no `+1`
        return np.array(
            [math.nan if text is None else float(text) for text in plain.to_pylist()], np.float64
        ), malformed


def _share(flags: Any) -> float:
    return float(np.mean(flags)) if len(flags) else 0.0


@dataclass
class _Sums:
    """Grows the columns of a panel's windows, chunk by chunk."""

    channels: tuple[str, ...]
    label: str
    parts: dict[str, list[Any]] = field(default_factory=dict)
    gaps: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, windows: Any) -> None:
        """`windows`: float32 [rows, LONG, channels], NaN = missing."""
        present = np.isfinite(windows)
        filled = np.where(present, windows, 0.0).astype(np.float64)
        label = self.channels.index(self.label)
        for c, channel in enumerate(self.channels):
            for length in (SHORT, LONG):
                n = present[:, -length:, c].sum(axis=1)
                total = filled[:, -length:, c].sum(axis=1)
                mean = np.divide(total, n, out=np.full(len(total), np.nan), where=n > 0)
                self._put(f"{channel}.mean{length}", mean, 1 - n / length)
            if c != label:
                both = present[:, :, c] & present[:, :, label]
                below = (filled[:, :, c] * both).sum(axis=1)
                above = (filled[:, :, label] * both).sum(axis=1)
                ratio = np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0)
                self._put(f"{self.label}/{channel}", ratio, np.isnan(ratio).astype(np.float64))

    def _put(self, name: str, values: Any, gaps: Any) -> None:
        self.parts.setdefault(name, []).append(values)
        self.gaps.setdefault(name, []).append(gaps)


def _panel(panel_set: PanelSet, seed: int, periods: int | None) -> Raw:
    """A row for each unit and origin: what a model would see of each channel at that origin, summed up.

    Seen as of the origin, so that values of a reference that matured later are not mistaken for a change.
    """
    panel, rows = panel_set.panel, panel_set.rows
    pairs, first = np.unique(np.stack([rows.origin, rows.unit]), axis=1, return_index=True)
    if periods is not None and pairs.shape[1]:
        latest = np.unique(pairs[0])[-periods:]
        keep = pairs[0] >= latest[0]
        pairs, first = pairs[:, keep], first[keep]
    count = pairs.shape[1]
    if count > SAMPLE:
        at = np.sort(np.random.default_rng(seed).choice(count, SAMPLE, replace=False))
        pairs, first = pairs[:, at], first[at]
    sums = _Sums(panel.shape.channels, panel.shape.label)
    # sorted by origin: each chunk sweeps the log of vintages up to its origins
    for chunk in np.array_split(np.arange(pairs.shape[1]), max(1, math.ceil(pairs.shape[1] / 20_000))):
        sums.add(panel.windows(pairs[1][chunk], pairs[0][chunk], LONG))
    numbers = {name: np.concatenate(parts) for name, parts in sums.parts.items()}
    gaps = {name: np.concatenate(parts) for name, parts in sums.gaps.items()}
    missing = {name: _share(gap) for name, gap in gaps.items()}
    texts: dict[str, Any] = {}
    for name in panel.shape.slices:
        if name in panel.shape.unit:
            part = panel.shape.unit.index(name)
            texts[name] = pa.array([panel.units[u][part] for u in pairs[1].tolist()], pa.string())
        else:
            texts[name] = pa.array([rows.slices[name][i] for i in first.tolist()], pa.string())
    since, until = (iso_instant(int(pairs[0][i])) for i in (0, -1)) if pairs.shape[1] else (None, None)
    names = np.array(["\x1f".join(name) for name in panel.units], object)
    units = names[pairs[1]] if pairs.shape[1] else np.array([], object)
    return Raw(texts, numbers, missing, count, pairs.shape[1], since, until, units, pairs[0], gaps)
