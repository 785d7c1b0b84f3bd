"""Panels as they looked at a time: the table sets of a forecast, and the windows a model may see.

A *panel* is a log of vintages: a row says what a period of a unit looks like from `knownAt` on, until a
later row of the same unit and period revises it. Everything here asks such a log what was known at an
instant; nothing ever looks at a vintage that came later. Formats: docs/architecture.md, "Tables".

Instants are int64 seconds since 1970-01-01 UTC, periods are seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sluice_ml import table
from sluice_ml.errors import InputError
from sluice_ml.table import Table

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Windows = NDArray[np.float32]

DAY = 86_400
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SHORT_DURATION = re.compile(r"(\d+)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": DAY, "w": 7 * DAY}


def seconds_of(duration: str) -> int:
    """Seconds of `P7D`, `PT1H`, `P180D` (ISO 8601, no months or years) or of a spec's `180d`."""
    if short := _SHORT_DURATION.fullmatch(duration):
        return int(short[1]) * _SECONDS[short[2]]
    match = _DURATION.fullmatch(duration)
    if match is None or not any(match.groups()):
        raise InputError("SLU-7101", f"not a duration of fixed length: {duration!r}", "write it as P7D or 7d")
    weeks, days, hours, minutes, seconds = (int(g or 0) for g in match.groups())
    return ((weeks * 7 + days) * 24 + hours) * 3_600 + minutes * 60 + seconds


def iso_duration(seconds: int) -> str:
    """`P7D` for whole days, `PT90S` otherwise."""
    return f"P{seconds // DAY}D" if seconds % DAY == 0 else f"PT{seconds}S"


def instant_of(text: str) -> int:
    """Seconds since the epoch of `2026-01-05` or `2026-01-05T00:00:00Z`. Raises ValueError for any other form."""
    return table.instant(text)


def iso_instant(seconds: int) -> str:
    """`2026-01-05` at midnight, else with the time of day."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%d") if seconds % DAY == 0 else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Shape:
    """What `panel.json` says: which columns name a unit, which are channels, how long a period is."""

    unit: tuple[str, ...]
    slices: tuple[str, ...]
    channels: tuple[str, ...]
    period: int
    label: str

    def __post_init__(self) -> None:
        if self.label not in self.channels:
            raise InputError("SLU-7102", f"label {self.label!r} is none of the channels {self.channels}")
        if self.period <= 0 or not self.unit:
            raise InputError("SLU-7102", "a panel needs unit columns and a period longer than nothing")

    @staticmethod
    def read(folder: Path) -> Shape:
        """Reads `panel.json`. Raises SLU-7102."""
        file = folder / "panel.json"
        try:
            raw = json.loads(file.read_text(encoding="utf-8"))
            return Shape(
                unit=tuple(raw["unit"]),
                slices=tuple(raw["slices"]),
                channels=tuple(raw["channels"]),
                period=seconds_of(raw["period"]),
                label=raw["label"],
            )
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise InputError("SLU-7102", f"{file} does not describe a panel: {e!r}") from e

    def write(self, folder: Path) -> None:
        """Writes `panel.json`."""
        document = {
            "unit": list(self.unit),
            "slices": list(self.slices),
            "channels": list(self.channels),
            "period": iso_duration(self.period),
            "label": self.label,
        }
        (folder / "panel.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Panel:
    """A log of vintages.

    `unit` [n] indexes `units`; `event_time` and `known_at` [n]; `values` [n, channels], NaN = missing. The
    order of rows matters only among those that became known at the same instant: the later one holds (`read` and
    `read_vintages` make sure that there are none).
    """

    shape: Shape
    units: tuple[tuple[str, ...], ...]
    unit: Ints
    event_time: Ints
    known_at: Ints
    values: Floats

    def __post_init__(self) -> None:
        if len(self.event_time) and np.unique(self.event_time % self.shape.period).size > 1:
            raise InputError(
                "SLU-7103",
                f"event times are not {iso_duration(self.shape.period)} apart",
                "every eventTime is the start of a period on one common grid",
            )

    def as_of(self, instant: int, since: int | None = None) -> Panel:
        """Only the vintages known at `instant`, of periods that start at or after `since`."""
        keep = self.known_at <= instant
        if since is not None:
            keep &= self.event_time >= since
        return Panel(
            self.shape,
            self.units,
            self.unit[keep],
            self.event_time[keep],
            self.known_at[keep],
            self.values[keep],
        )

    def windows(self, unit: Ints, origin: Ints, lookback: int) -> Windows:
        """What a forecast for `unit` made at `origin` may look at: float32 [n, lookback, channels].

        The last slot is the last period that ends at or before the origin; each cell is its latest vintage
        with `knownAt <= origin`; NaN where there is none.
        """
        period = self.shape.period
        out = np.full((len(unit), lookback, len(self.shape.channels)), np.nan, np.float32)
        if not len(self.event_time):
            return out
        for instant, state in self._states(np.unique(origin)):
            rows = np.flatnonzero(origin == instant)
            # number of grid periods that have ended at the origin
            end = int((instant - self._start) // period)
            first, last = max(0, end - lookback), min(max(end, 0), state.shape[1])
            if last > first:
                at = lookback - (end - first)
                out[rows, at : at + last - first] = state[unit[rows], first:last]
        return out

    def values_at(self, unit: Ints, event_time: Ints, as_of: Ints, channel: str) -> Floats:
        """The value of `channel` for each (unit, period) as it was known at each `as_of`; NaN = unknown."""
        c = self.shape.channels.index(channel)
        out = np.full(len(unit), np.nan)
        if not len(self.event_time):
            return out
        slot = (event_time - self._start) // self.shape.period
        for instant, state in self._states(np.unique(as_of)):
            inside = (as_of == instant) & (slot >= 0) & (slot < state.shape[1])
            out[inside] = state[unit[inside], slot[inside], c]
        return out

    @property
    def _start(self) -> int:
        return int(self.event_time.min())

    def _states(self, instants: Ints) -> Iterator[tuple[int, Floats]]:
        """Sweeps once over the log; the state [units, periods, channels] is reused between yields."""
        slot = (self.event_time - self._start) // self.shape.period
        state = np.full((len(self.units), int(slot.max()) + 1, len(self.shape.channels)), np.nan)
        order = np.argsort(self.known_at, kind="stable")
        known = self.known_at[order]
        done = 0
        for instant in instants.tolist():
            upto = int(np.searchsorted(known, instant, side="right"))
            new = order[done:upto]
            # where an index repeats, numpy keeps the last assignment: the latest vintage
            state[self.unit[new], slot[new]] = self.values[new]
            done = upto
            yield instant, state


@dataclass(frozen=True)
class Rows:
    """The rows to forecast, one per (unit, origin, horizon); all arrays [n], `unit` indexes the panel's units.

    `known_at` is when the label became known; `actual` is NaN while it is not.
    """

    unit: Ints
    origin: Ints
    horizon: Ints
    target_end: Ints
    known_at: Ints
    actual: Floats
    weight: Floats
    slices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.unit)

    def where(self, keep: NDArray[np.bool_]) -> Rows:
        """The rows at which `keep` is true."""
        at: list[int] = np.flatnonzero(keep).tolist()
        return Rows(
            self.unit[keep],
            self.origin[keep],
            self.horizon[keep],
            self.target_end[keep],
            self.known_at[keep],
            self.actual[keep],
            self.weight[keep],
            {name: [column[i] for i in at] for name, column in self.slices.items()},
        )


@dataclass(frozen=True)
class PanelSet:
    """A folder with `rows.csv`, `panel.csv` and `panel.json`."""

    panel: Panel
    rows: Rows

    def windows(self, lookback: int) -> Windows:
        """The window of each row: float32 [rows, lookback, channels]."""
        return self.panel.windows(self.rows.unit, self.rows.origin, lookback)

    @staticmethod
    def read(folder: Path) -> PanelSet:
        """Reads a panel table set. Raises SLU-7102 to SLU-7104 with file and line."""
        shape = Shape.read(folder)
        log = Table.read(folder / "panel.csv", [*shape.unit, "eventTime", "knownAt", *shape.channels], exact=True)
        wanted = [*shape.unit, *_extra(shape), "origin", "horizon", "targetEnd", "knownAt", "actual", "weight"]
        rows = Table.read(folder / "rows.csv", wanted, exact=True)
        units = rows.keys(shape.unit)
        panel = _vintages(log, shape, "eventTime", "knownAt", units)
        index = {name: i for i, name in enumerate(panel.units)}
        return PanelSet(
            panel,
            Rows(
                np.array([index[name] for name in units], np.int64),
                np.array(rows.instants("origin"), np.int64),
                np.array(rows.counts("horizon"), np.int64),
                np.array(rows.instants("targetEnd"), np.int64),
                np.array(rows.instants("knownAt"), np.int64),
                np.array(rows.numbers("actual"), np.float64),
                np.array(rows.numbers("weight", required=True), np.float64),
                {name: rows.texts[name] for name in _extra(shape)},
            ),
        )

    def write(self, folder: Path) -> None:
        """Writes the folder, same bytes for the same set."""
        folder.mkdir(parents=True, exist_ok=True)
        shape, panel, rows = self.panel.shape, self.panel, self.rows
        shape.write(folder)
        texts = [",".join(_quoted(part) for part in name) for name in panel.units]
        iso = _IsoInstants()
        number = _number
        with (folder / "panel.csv").open("w", encoding="utf-8", newline="") as out:
            out.write(",".join([*shape.unit, "eventTime", "knownAt", *shape.channels]) + "\n")
            out.writelines(
                f"{texts[u]},{iso[e]},{iso[k]},{','.join(map(number, v))}\n"
                for u, e, k, v in zip(
                    panel.unit.tolist(),
                    panel.event_time.tolist(),
                    panel.known_at.tolist(),
                    panel.values.tolist(),
                    strict=True,
                )
            )
        extra = _extra(shape)
        header = [*shape.unit, *extra, "origin", "horizon", "targetEnd", "knownAt", "actual", "weight"]
        with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as out:
            out.write(",".join(header) + "\n")
            keys = [texts[u] for u in rows.unit.tolist()]
            for name in extra:
                keys = [f"{key},{_quoted(value)}" for key, value in zip(keys, rows.slices[name], strict=True)]
            out.writelines(
                f"{key},{iso[o]},{h},{iso[e]},{iso[k]},{number(a)},{number(w)}\n"
                for key, o, h, e, k, a, w in zip(
                    keys,
                    rows.origin.tolist(),
                    rows.horizon.tolist(),
                    rows.target_end.tolist(),
                    rows.known_at.tolist(),
                    rows.actual.tolist(),
                    rows.weight.tolist(),
                    strict=True,
                )
            )


def read_vintages(file: Path, shape: Shape, event_time: str, known_at: str) -> Panel:
    """Reads a raw snapshot (one CSV, a vintage a row) whose time columns have names of their own.

    Other columns may stand beside. The order of its rows says nothing: of several reports of a unit and period the
    one that became known last holds; a report that comes twice counts once, and two that became known at the same
    instant and say different things are refused. Raises SLU-7104, SLU-7105.
    """
    log = Table.read(file, [*shape.unit, event_time, known_at, *shape.channels])
    return _vintages(log, shape, event_time, known_at)


def _vintages(log: Table, shape: Shape, event_time: str, known_at: str, more: Iterable[tuple[str, ...]] = ()) -> Panel:
    """The log as a panel, sorted by unit, period and instant, each vintage once; `more`: units without any."""
    keys = log.keys(shape.unit)
    names = sorted({*keys, *more})
    index = {name: i for i, name in enumerate(names)}
    unit = np.array([index[name] for name in keys], np.int64)
    event = np.array(log.instants(event_time), np.int64)
    known = np.array(log.instants(known_at), np.int64)
    values = np.array([log.numbers(channel) for channel in shape.channels], np.float64).T.reshape(
        len(log), len(shape.channels)
    )
    order = np.lexsort((known, event, unit))
    unit, event, known, values = unit[order], event[order], known[order], values[order]
    again = np.zeros(len(order), bool)
    again[1:] = (unit[1:] == unit[:-1]) & (event[1:] == event[:-1]) & (known[1:] == known[:-1])
    before, after = values[:-1], values[1:]
    differs = again[1:, None] & ~((before == after) | (np.isnan(before) & np.isnan(after)))
    if differs.any():
        at, channel = (int(i[0]) for i in np.nonzero(differs))
        lines = sorted(log.lines[int(order[i])] for i in (at, at + 1))
        raise InputError(
            "SLU-7105",
            f"{log.name}, lines {lines[0]} and {lines[1]}: two different `{shape.channels[channel]}` for one unit, "
            f"period and {known_at}",
            "a revision has a later instant than what it revises",
        )
    return Panel(shape, tuple(names), unit[~again], event[~again], known[~again], values[~again])


def _extra(shape: Shape) -> list[str]:
    """Slice columns that are not unit columns: these are written once."""
    return [name for name in shape.slices if name not in shape.unit]


class _IsoInstants(dict[int, str]):
    """A table has few distinct instants and many rows: each is formatted once."""

    def __missing__(self, seconds: int) -> str:
        text = self[seconds] = iso_instant(seconds)
        return text


def _number(value: float) -> str:
    if value != value:
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def _quoted(text: str) -> str:
    if any(c in text for c in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
