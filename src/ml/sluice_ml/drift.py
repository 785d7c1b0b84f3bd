"""Drift stage: has the data moved away from what the champion was trained on? `python -m sluice_ml.drift`

Inputs: `current`, and where there is a champion `reference` (its own snapshot, from the store by its lineage) and
`champion` (which version that is). Outputs: `drift` (drift.schema.json) and `report` (Evidently's page). Nothing
that data can do makes it fail: what cannot be compared is `unknown` with its reason. docs/drift.md says how the
defaults were measured.
"""

from __future__ import annotations

import html
import json
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

# Evidently reports its use to its makers unless told not to; it reads this when it is imported
os.environ["DO_NOT_TRACK"] = "1"

import numpy as np
import pandas as pd

from sluice_ml import drift_joint
from sluice_ml.drift_joint import Joint
from sluice_ml.drift_season import same_weeks
from sluice_ml.drift_table import SAMPLE, Column, Kind, Raw, Table, read
from sluice_ml.errors import InputError, SluiceMlError
from sluice_ml.stage import Stage

Status = Literal["stable", "drifted", "unknown"]
Rule = Literal["lost", "share", "alone", "joint"]
API_VERSION = "sluice.io/drift/v1"
METHODS = ("psi", "jensenshannon", "wasserstein", "ks")
#: rows of a panel are compared with those of the same weeks of the year, or all with all
SEASONS = ("year", "none")
CATEGORICAL_METHODS = ("psi", "jensenshannon")
#: a reference with more categories is compared by so many of the commonest and the rest
MOST_CATEGORIES = 100
#: a category or value of the reference with at least this share is a cell of its own
HEAVY = 0.1
#: names of new categories that are told
MOST_NAMES = 20
REST, NEW = "(other)", "(new)"
#: what the reference has is lost when today has none of it, where so many rows were to be expected (a chance of e^-20
#: for rows that are drawn one by one), and of a category at least this share
EXPECTED, KNOWN = 20, 0.01
#: the largest values are this share of the reference's; they are lost when at most this part of them is there today.
#: In a panel they come from few units, of which so many are needed: a unit or two may shrink
LARGEST_SHARE, LARGEST_LEFT, LARGEST_UNITS = 0.02, 0.05, 8
#: how Evidently knows our index; its own `psi` cuts numbers into equal widths, which one outlier makes useless
_PSI = "sluice_psi"


@dataclass(frozen=True)
class ColumnOptions:
    """What the spec says about one column."""

    kind: Kind | None = None
    method: str | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class Options:
    """The values of `drift@1`; the planner fills in defaults, so all are there."""

    method: str
    threshold: float
    share: float
    alone: float
    season: str
    joint: float
    min_rows: int
    missing: float
    periods: int | None
    columns: Mapping[str, ColumnOptions]
    ignore: frozenset[str]
    reference: str

    @staticmethod
    def of(values: Mapping[str, Any]) -> Options:
        """Reads `with`. Raises SLU-7312."""
        try:
            columns = {
                str(name): ColumnOptions(c.get("kind"), c.get("method"), _positive(c.get("threshold")))
                for name, c in dict(values.get("columns", {})).items()
            }
            options = Options(
                method=str(values["method"]),
                threshold=float(values["threshold"]),
                share=float(values["share"]),
                alone=float(values["alone"]),
                season=str(values["season"]),
                joint=float(values["joint"]),
                min_rows=int(values["minRows"]),
                missing=float(values["missing"]),
                periods=int(values["periods"]) if values.get("periods") is not None else None,
                columns=columns,
                ignore=frozenset(map(str, values.get("ignore", []))),
                reference=str(values.get("reference", "")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as e:
            raise InputError("SLU-7312", f"the values of the drift stage make no sense: {e!r}", _CHECK) from e
        named = {c.method for c in columns.values() if c.method is not None} | {options.method}
        if unknown := sorted(named - set(METHODS)):
            raise InputError("SLU-7312", f"no method {unknown[0]!r}; known: {', '.join(METHODS)}", _CHECK)
        if options.season not in SEASONS:
            raise InputError("SLU-7312", f"no season {options.season!r}; known: {', '.join(SEASONS)}", _CHECK)
        return options

    def method_of(self, name: str, kind: Kind) -> tuple[str, float]:
        """How a column is compared, and its threshold. Raises SLU-7313 when the method has no use for categories."""
        own = self.columns.get(name, ColumnOptions())
        method = own.method or self.method
        if kind == "categorical" and method not in CATEGORICAL_METHODS:
            if own.method is None:
                raise InputError(
                    "SLU-7313",
                    f"the column {name!r} holds categories, which {method} does not compare",
                    f"give it its own (columns: {{ {name}: {{ method: psi, threshold: 0.2 }} }}), or ignore it",
                )
            raise InputError(
                "SLU-7313",
                f"the column {name!r} holds categories, and its method {method} is for numbers",
                "give it method: psi or jensenshannon; or say kind: numeric if its values are numbers",
            )
        return method, own.threshold if own.threshold is not None else self.threshold


_CHECK = "`sluice check` names the place in the spec"


def _positive(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not number > 0:
        raise ValueError(f"a threshold of {number}")
    return number


# ---- the index


def cells(reference: Any, current: Any, numeric: bool) -> tuple[Any, Any]:
    """Counts of both samples in the same cells.

    Numbers: between the deciles of the reference, and a cell for each decile value that HEAVY of the reference
    share, so that zeros of a count are told from ones. Categories: one cell each.
    """
    if not numeric:
        both = pd.Series(np.concatenate([np.asarray(side, object) for side in (reference, current)]))
        at, names = pd.factorize(both.map(str), sort=True)
        one, other = at[: len(reference)], at[len(reference) :]
        return np.bincount(one, minlength=len(names)), np.bincount(other, minlength=len(names))
    reference, current = np.sort(np.asarray(reference, float)), np.asarray(current, float)
    edges = np.unique(np.quantile(reference, np.linspace(0.1, 0.9, 9), method="inverted_cdf"))
    upto = np.searchsorted(reference, edges, side="right") / len(reference)
    below = np.searchsorted(reference, edges, side="left") / len(reference)
    heavy = edges[upto - below >= HEAVY]

    def count(values: Any) -> Any:
        cell = np.searchsorted(edges, values, side="left") + np.searchsorted(heavy, values, side="right")
        return np.bincount(cell, minlength=len(edges) + len(heavy) + 1)

    return count(reference), count(current)


def psi(reference: Any, current: Any) -> float:
    """Population stability index of counts in cells: sum of (p - q) ln(p / q), the symmetric divergence of
    Jeffreys (1946). Half a count is added to each cell, so that empty ones neither divide nor dominate."""
    p = (reference + 0.5) / (reference.sum() + 0.5 * len(reference))
    q = (current + 0.5) / (current.sum() + 0.5 * len(current))
    return float(np.sum((p - q) * np.log(p / q)))


def _register_psi() -> None:
    from evidently.legacy.calculations.stattests import StatTest, register_stattest
    from evidently.legacy.core import ColumnType

    def compare(reference: Any, current: Any, kind: Any, threshold: float) -> tuple[float, bool]:
        value = psi(*cells(reference, current, kind == ColumnType.Numerical))
        return value, value >= threshold

    register_stattest(
        StatTest(
            name=_PSI,
            display_name="PSI (deciles of the reference)",
            allowed_feature_types=[ColumnType.Numerical, ColumnType.Categorical],
            default_threshold=0.2,
        ),
        compare,
    )


# ---- the comparison


@dataclass(frozen=True)
class Lost:
    """What the reference has of a column and today has none of: every value, or these categories with their shares."""

    values: bool = False
    categories: tuple[tuple[str, float], ...] = ()
    #: nearly all values above a number: which, and the shares of both sides
    largest: tuple[float, float, float] | None = None

    def __bool__(self) -> bool:
        return self.values or bool(self.categories) or self.largest is not None

    def words(self, name: str) -> str:
        if self.values:
            return f"{name} (every value)"
        if self.largest is not None:
            above, before, now = self.largest
            return f"the largest values of {name} (above {above:.4g}: {before:.1%} -> {now:.1%})"
        return _list([f"{name} {category!r} ({share:.1%} of the reference)" for category, share in self.categories])


@dataclass(frozen=True)
class Compared:
    """What became of one column; `moved` orders columns, 1 is just at a threshold."""

    name: str
    kind: Kind
    method: str
    threshold: float
    value: float | None
    moved: float
    drifted: bool
    reference: Column
    current: Column
    missing_drifted: bool
    new: tuple[str, ...]
    new_share: float
    lost: Lost
    #: how far it moved, as a multiple of its threshold, where that multiple can be told
    times: float

    def document(self, missing_threshold: float) -> dict[str, Any]:
        out: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "method": self.method,
            "threshold": self.threshold,
            "value": _rounded(self.value),
            "drifted": self.drifted,
            "missing": {
                "reference": _rounded(self.reference.missing),
                "current": _rounded(self.current.missing),
                "threshold": missing_threshold,
                "drifted": self.missing_drifted,
            },
        }
        for key in ("infinite", "malformed"):
            counts = {side: getattr(column, key) for side, column in self._sides()}
            if any(counts.values()):
                out[key] = counts
        if self.lost:
            out["lost"] = {
                "values": self.lost.values,
                "categories": [{"name": n, "share": _rounded(s)} for n, s in self.lost.categories],
            }
            if self.lost.largest is not None:
                words = ("above", "reference", "current")
                out["lost"]["largest"] = {w: _rounded(v) for w, v in zip(words, self.lost.largest, strict=True)}
        if self.new:
            out["newCategories"] = {"share": _rounded(self.new_share), "names": list(self.new)}
        return out

    def _sides(self) -> tuple[tuple[str, Column], tuple[str, Column]]:
        return (("reference", self.reference), ("current", self.current))

    def words(self) -> str:
        """For a sentence: what moved, how far."""
        parts = []
        if self.value is not None and (not self.missing_drifted or self._by_value()):
            parts.append(f"{self.method} {self.value:.3g}, threshold {self.threshold:g}")
        if self.missing_drifted:
            parts.append(f"missing {self.reference.missing:.1%} -> {self.current.missing:.1%}")
        if self.new:
            parts.append(f"{self.new_share:.1%} new categories")
        return f"{self.name} ({'; '.join(parts)})"

    def moves(self) -> bool:
        """Whether it drifted by more than what is lost of it."""
        return not self.lost.values and (self.missing_drifted or self._by_value())

    def _by_value(self) -> bool:
        return self.value is not None and _exceeds(self.method, self.value, self.threshold)


@dataclass(frozen=True)
class Schema:
    """How the columns themselves changed."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    retyped: tuple[tuple[str, Kind, Kind], ...]

    def lost(self) -> list[str]:
        """The columns of the reference that nothing can be compared with, in words."""
        retyped = [f"{n} ({a} in the reference, {b} today)" for n, a, b in self.retyped]
        return [f"{n} (the column)" for n in self.removed] + retyped

    def words(self) -> str:
        parts = []
        if self.removed:
            parts.append("gone: " + _list(self.removed))
        if self.retyped:
            parts.append("of another type: " + _list([f"{n} ({a} -> {b})" for n, a, b in self.retyped]))
        if self.added:
            parts.append("new: " + _list(self.added))
        return "; ".join(parts)


@dataclass(frozen=True)
class Weeks:
    """Which rows of a panel were compared: those of the same weeks of the year, unless the reference has too few."""

    same: bool
    today: int
    covered: int
    reference: int
    current: int

    def document(self) -> dict[str, Any]:
        return {
            "compared": "sameWeeks" if self.same else "allWeeks",
            "parts": {"today": self.today, "covered": self.covered},
            "rows": {"reference": self.reference, "current": self.current},
        }


@dataclass(frozen=True)
class Finding:
    """The answer; `page` is Evidently's HTML, or empty when nothing was compared."""

    status: Status
    reason: str
    columns: tuple[Compared, ...] = ()
    schema: Schema = Schema((), (), ())
    page: str = ""
    #: which rules found drift, the most certain first
    because: tuple[Rule, ...] = ()
    weeks: Weeks | None = None
    joint: Joint | None = None

    @property
    def drifted_share(self) -> float | None:
        return sum(c.drifted for c in self.columns) / len(self.columns) if self.columns else None


def compare(reference: Raw, current: Raw, options: Options, seed: int) -> Finding:
    """Compares two samples column by column, then their columns together, and judges the data set."""
    declared = {name: c.kind for name, c in options.columns.items()}
    before = {n: reference.kind(n, declared.get(n)) for n in reference.names if n not in options.ignore}
    now = {n: current.kind(n, declared.get(n)) for n in current.names if n not in options.ignore}
    before = {n: k for n, k in before.items() if k != "time" or now.get(n) not in ("time", None)}
    now = {n: k for n, k in now.items() if k != "time" or n in before}
    retyped = []
    kinds: dict[str, Kind] = {}
    for name, kind in before.items():
        if name not in now:
            continue
        if _changed(reference, current, name, kind, now[name]):
            retyped.append((name, kind, now[name]))
        else:
            kinds[name] = now[name] if _empty(reference, name) else kind
    schema = Schema(tuple(n for n in now if n not in before), tuple(n for n in before if n not in now), tuple(retyped))
    few = min(reference.rows, current.rows)
    if few < options.min_rows:
        side = "today's data" if few == current.rows else "the champion's snapshot"
        return Finding("unknown", f"{side} has {few} rows, fewer than minRows {options.min_rows}", schema=schema)
    if not kinds:
        why = f": {schema.words()}" if schema.words() else ""
        return Finding("unknown", f"no column can be compared{why}", schema=schema)
    reference, current, weeks, unseen = _weeks(reference, current, options, seed)
    tables = reference.table(kinds), current.table(kinds)
    columns, page = _columns(*tables, reference.units, options)
    if not columns:
        return Finding("unknown", "every column that both have is empty in both", schema=schema)
    joint: Joint | None = None
    if options.joint < 1 and not unseen:
        joint, unseen = _joint(reference, current, *tables, {c.name for c in columns if c.value is not None}, seed)
    return _judge(Finding("stable", "", columns, schema, page, weeks=weeks, joint=joint), options, unseen)


def _weeks(reference: Raw, current: Raw, options: Options, seed: int) -> tuple[Raw, Raw, Weeks | None, str]:
    """The rows to compare, which those are, and why it cannot be those of the same weeks, or nothing."""
    if options.season == "none" or reference.origins is None or current.origins is None:
        return reference, current, None, ""
    same = same_weeks(reference.origins, current.origins, seed)
    fewest = min(len(same.reference), len(same.current))
    if same.whole and fewest >= options.min_rows:
        weeks = Weeks(True, same.weeks, same.covered, len(same.reference), len(same.current))
        return reference.take(same.reference), current.take(same.current), weeks, ""
    lack = (
        f"rows of {same.covered} of the {same.weeks} parts of the year that today's rows are in"
        if not same.whole
        else f"{fewest} rows of today's weeks of the year, fewer than minRows {options.min_rows}"
    )
    weeks = Weeks(False, same.weeks, same.covered, len(reference.origins), len(current.origins))
    why = f"the champion's snapshot has {lack}, so a season cannot be told from drift (season: none says there is none)"
    return reference, current, weeks, why


def _joint(
    reference: Raw, current: Raw, before: Table, now: Table, names: set[str], seed: int
) -> tuple[Joint | None, str]:
    """How well the columns together tell both sides apart, or why that cannot be asked."""

    def only(table: Table) -> Table:
        return replace(table, columns={n: c for n, c in table.columns.items() if n in names})

    units = None if reference.units is None or current.units is None else (reference.units, current.units)
    if not names:
        return None, ""
    found = drift_joint.features(only(before), only(now), (reference.gaps, current.gaps), units, seed)
    if (count := drift_joint.fewest(found)) < drift_joint.FEWEST:
        return None, (
            f"{count} units are on a side, too few to compare the columns together "
            f"({drift_joint.FEWEST} are needed; joint: 1 does without)"
        )
    return drift_joint.separation(found, seed), ""


def _empty(raw: Raw, name: str) -> bool:
    return name in raw.texts and raw.texts[name].null_count == len(raw.texts[name])


def _changed(reference: Raw, current: Raw, name: str, before: Kind, now: Kind) -> bool:
    """Whether the values cannot be compared at all: numbers where there were none, or the other way round."""
    if before == now or _empty(reference, name) or _empty(current, name):
        return False
    if before == "numeric" and now == "categorical" and name in current.texts:
        # some numbers left: the others count as missing
        return current.table({name: "numeric"}).columns[name].present == 0
    # what is now a number or an instant is still a category to who knew it as one
    return not (before == "categorical" and now in ("numeric", "time"))


def _columns(reference: Table, current: Table, units: Any, options: Options) -> tuple[tuple[Compared, ...], str]:
    frames: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    methods: dict[str, tuple[str, float]] = {}
    new: dict[str, tuple[tuple[str, ...], float]] = {}
    lost: dict[str, Lost] = {}
    for name, before in reference.columns.items():
        now = current.columns[name]
        if before.present == 0 and now.present == 0:
            continue
        methods[name] = options.method_of(name, before.kind)
        lost[name] = _lost(before, now, units)
        if before.present and now.present:
            sides = (before.values, now.values)
            if before.kind == "categorical":
                sides, new[name] = _lumped(before.values, now.values)
            for frame, values in zip(frames, sides, strict=True):
                frame[name] = values
    kinds = {name: reference.columns[name].kind for name in frames[0]}
    values, page = _evidently(frames[0], frames[1], kinds, methods, options.share) if kinds else ({}, "")
    found = []
    for name, (method, threshold) in methods.items():
        before, now, value = reference.columns[name], current.columns[name], values.get(name)
        gap = abs(now.missing - before.missing)
        by_missing = gap >= options.missing
        by_value = value is not None and _exceeds(method, value, threshold)
        names, share = new.get(name, ((), 0.0))
        # a p-value has no scale to be a multiple on, and of few values a distance is large by chance
        enough = method != "ks" and min(before.present, now.present) >= options.min_rows
        times = max(gap / options.missing, _moved(method, value, threshold) if enough else 0.0)
        found.append(
            Compared(
                name=name,
                kind=before.kind,
                method=method,
                threshold=threshold,
                value=value,
                moved=max(gap / options.missing, _moved(method, value, threshold)),
                drifted=by_missing or by_value or bool(lost[name]),
                reference=before,
                current=now,
                missing_drifted=by_missing,
                new=names,
                new_share=share,
                lost=lost[name],
                times=times,
            )
        )
    return tuple(sorted(found, key=lambda c: (not c.lost, -c.moved, c.name))), page


def _lost(before: Column, now: Column, units: Any) -> Lost:
    """What of a column the reference has, and today, where chance would not leave it out, has none of."""
    rows = len(now.values)
    if now.present == 0:
        return Lost(values=before.present > 0 and (1 - before.missing) * rows >= EXPECTED)
    if before.kind != "categorical":
        return Lost(largest=_largest(before.values, now.values, units))
    known = pd.Series(before.values, dtype=object).dropna().map(str).value_counts(normalize=True)
    known = known[: min(MOST_CATEGORIES, int((known >= KNOWN).sum()))]
    today = set(pd.Series(now.values, dtype=object).dropna().map(str))
    gone = [(str(n), float(s)) for n, s in known.items() if n not in today and s * now.present >= EXPECTED]
    return Lost(categories=tuple(sorted(gone, key=lambda c: (-c[1], c[0]))))


def _largest(reference: Any, current: Any, units: Any) -> tuple[float, float, float] | None:
    """The number above which the reference's largest values are, and both shares, when they are gone today."""
    there = np.isfinite(reference)
    known, today = reference[there], current[np.isfinite(current)]
    if not len(known):
        return None
    above = float(np.quantile(known, 1 - LARGEST_SHARE, method="inverted_cdf"))
    top = known > above
    # a count whose largest value is common has no largest values above it
    before, now = float(np.mean(top)), float(np.mean(today > above))
    if before * min(len(known), len(today)) < EXPECTED or now > LARGEST_LEFT * before:
        return None
    if units is not None and len(np.unique(units[there][top].astype(str))) < LARGEST_UNITS:
        return None
    return above, before, now


def _lumped(reference: Any, current: Any) -> tuple[tuple[Any, Any], tuple[tuple[str, ...], float]]:
    """Both with rare categories of the reference in one, and unseen ones in another; the names of these.

    Of a reference with very many categories some are unseen by chance: unseen ones then join the rare.
    """
    counts = pd.Series(reference).dropna().astype(str).value_counts(sort=False)
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    common = {name for name, _ in order[:MOST_CATEGORIES]}
    known = set(counts.index)
    unseen = NEW if len(known) <= MOST_CATEGORIES else REST

    def lump(name: str) -> str:
        return name if name in common else REST if name in known else unseen

    def lumped(side: Any) -> Any:
        at, names = pd.factorize(side)
        # what is not there has the index -1
        return np.array([*(lump(str(name)) for name in names), None], object)[at]

    present = pd.Series(current).dropna().astype(str).value_counts(sort=False)
    strange = {name: n for name, n in present.items() if name not in known}
    share = sum(strange.values()) / max(1, int(present.sum()))
    return (lumped(reference), lumped(current)), (tuple(sorted(strange)[:MOST_NAMES]), share)


def _evidently(
    reference: Mapping[str, Any],
    current: Mapping[str, Any],
    kinds: Mapping[str, Kind],
    methods: Mapping[str, tuple[str, float]],
    share: float,
) -> tuple[dict[str, float], str]:
    """Evidently's value for each column, and its page."""
    with warnings.catch_warnings():
        # constant columns have no correlation, and plots of them warn; the values do not depend on either
        warnings.simplefilter("ignore")
        from sluice_ml.drift_report import compared

        _register_psi()
        asked = {n: (_PSI if methods[n][0] == "psi" else methods[n][0], methods[n][1]) for n in kinds}
        numeric = [n for n, k in kinds.items() if k == "numeric"]
        with np.errstate(all="ignore"):
            return compared(pd.DataFrame(dict(reference)), pd.DataFrame(dict(current)), numeric, asked, share)


def _exceeds(method: str, value: float, threshold: float) -> bool:
    """`ks` gives a p-value, small when samples differ; the others a distance. NaN compares as different."""
    return not value > threshold if method == "ks" else not value < threshold


def _moved(method: str, value: float | None, threshold: float) -> float:
    if value is None or np.isnan(value):
        return 0.0
    return threshold / max(value, 1e-300) if method == "ks" else value / threshold


def _judge(found: Finding, options: Options, unseen: str) -> Finding:
    """Adds the status, the rules that found drift, and the reason; `unseen` is what could not be looked at."""
    columns, schema, joint = found.columns, found.schema, found.joint
    drifted = [c for c in columns if c.drifted]
    share = len(drifted) / len(columns)
    lost = schema.lost() + [c.lost.words(c.name) for c in columns if c.lost]
    alone = [c for c in columns if c.times >= options.alone]
    together = joint is not None and joint.auc >= _bound(joint, options)
    rules: dict[Rule, bool] = {
        "lost": bool(lost),
        "share": share >= options.share,
        "alone": bool(alone),
        "joint": together,
    }
    because = tuple(rule for rule, holds in rules.items() if holds)
    # what is lost is named first, and once
    moved = [c for c in drifted if c.moves()] or ([] if drifted else list(columns))
    most = ", ".join(c.words() for c in moved[:3]) + (", .." if len(moved) > 3 else "")
    counted = f"{len(drifted)} of {len(columns)} columns moved, {options.share:.0%} make it drift"
    parts = [f"gone today: {_list(lost)}"] if lost else []
    parts.append(counted + (f": {most}" if drifted and most else f"; most: {most}" if most else ""))
    parts += [f"{c.name} alone makes it drift, {c.times:.3g} times its threshold" for c in alone[:3] if not c.lost]
    if joint is not None and together:
        by = ", ".join(name for name, _ in joint.columns[:3])
        parts.append(
            f"together the columns tell today's rows from the reference (area under the curve {joint.auc:.3g}, "
            f"{_bound(joint, options):.3g} makes it drift)" + (f", most of all by {by}" if by else "")
        )
    if schema.added:
        parts.append(f"new columns: {_list(schema.added)}")
    if unseen:
        parts = [*parts, unseen] if because else [unseen, *parts]
    status: Status = "drifted" if because else "unknown" if unseen else "stable"
    return replace(found, status=status, reason="; ".join(parts), because=because)


# ---- the stage


def absent(champion: Mapping[str, Any] | None, reference: str) -> str:
    """Why there is no reference, in words; `champion` is resolve's lineage.json, None without a champion."""
    if champion is None:
        return "no champion yet: there is nothing that today's data could have moved away from"
    stage, _, output = reference.partition(".")
    version, run = champion.get("version"), champion.get("run")
    left = dict(champion.get("stages", {})).get(stage)
    if left is None:
        return f"the store has no record of what {stage} left in run {run}, which made champion version {version}"
    if not left.get("kept"):
        return (
            f"the snapshot that champion version {version} was trained on (run {run}, {reference}) "
            "is gone from the store"
        )
    return f"the stage {stage} of champion version {version} (run {run}) left no {output}"


def document(
    finding: Finding,
    options: Options,
    champion: Mapping[str, Any] | None,
    reference: Raw | None,
    current: Raw | None,
) -> dict[str, Any]:
    """`drift.json`."""
    out: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "status": finding.status,
        "reason": finding.reason,
        "because": list(finding.because),
        "share": {"drifted": _rounded(finding.drifted_share), "threshold": options.share},
        "alone": options.alone,
        "season": finding.weeks.document() if finding.weeks is not None else None,
        "joint": _together(finding.joint, options),
        "minRows": options.min_rows,
        "champion": None
        if champion is None
        else {"version": champion["version"], "run": champion["run"], "reference": options.reference},
        "rows": {"reference": _rows(reference), "current": _rows(current)},
        "columns": [c.document(options.missing) for c in finding.columns],
        "schema": {
            "added": list(finding.schema.added),
            "removed": list(finding.schema.removed),
            "retyped": [{"name": n, "reference": a, "current": b} for n, a, b in finding.schema.retyped],
        },
    }
    sampled = [raw.compared for raw in (reference, current) if raw is not None and raw.compared < raw.rows]
    if sampled:
        # Dvoretzky, Kiefer and Wolfowitz (1956) with Massart's constant (1990)
        out["sampling"] = {"limit": SAMPLE, "error": _rounded(float(np.sqrt(np.log(2 / 0.05) / (2 * min(sampled)))))}
    return out


def _bound(joint: Joint, options: Options) -> float:
    """The area from which the data has drifted: what the spec says, or what few units reach by chance."""
    return max(options.joint, joint.chance)


def _together(joint: Joint | None, options: Options) -> dict[str, Any]:
    if joint is None:
        return {"threshold": options.joint, "auc": None, "columns": []}
    return {
        "threshold": _rounded(_bound(joint, options)),
        "auc": _rounded(joint.auc),
        "rows": joint.rows,
        "units": joint.units,
        "columns": [{"name": n, "drop": _rounded(d)} for n, d in joint.columns],
    }


def _rows(raw: Raw | None) -> dict[str, Any] | None:
    if raw is None:
        return None
    out: dict[str, Any] = {"rows": raw.rows, "compared": raw.compared}
    if raw.since is not None:
        out |= {"since": raw.since, "until": raw.until}
    return out


def main() -> int:
    stage = Stage.from_environment()
    options = Options.of(stage.params)
    champion = _json(stage.inputs / "champion")
    path = stage.inputs / "reference"
    current = read(stage.inputs / "current", stage.seed, options.periods)
    reference = read(path, stage.seed) if path.exists() else None
    if reference is None:
        finding = Finding("unknown", absent(champion, options.reference))
    else:
        finding = compare(reference, current, options, stage.seed)
    stage.outputs.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document(finding, options, champion, reference, current), indent=2, allow_nan=False)
    (stage.outputs / "drift").write_text(text + "\n", encoding="utf-8")
    (stage.outputs / "report").write_text(finding.page or _page(finding), encoding="utf-8")
    stage.result("status", finding.status)
    if finding.drifted_share is not None:
        stage.result("share", finding.drifted_share)
        stage.result("columns", sum(c.drifted for c in finding.columns))
    print(f"{finding.status}: {finding.reason}", flush=True)
    return 0


def _json(file: Path) -> Mapping[str, Any] | None:
    if not file.exists():
        return None
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        return {"version": int(value["version"]), "run": str(value["run"]), "stages": dict(value["stages"])}
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise InputError("SLU-7314", f"resolve's lineage of the champion cannot be read: {e!r}") from e


def _page(finding: Finding) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Drift</title>'
        f"<h1>Drift: {finding.status}</h1><p>{html.escape(finding.reason)}</p></html>\n"
    )


def _rounded(value: float | None) -> float | None:
    """Six significant digits; no number JSON does not have."""
    if value is None or not np.isfinite(value):
        return None
    return float(f"{value:.6g}")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _run() -> int:
    try:
        return main()
    except SluiceMlError as e:
        print(e, file=sys.stderr, flush=True)
        return e.exit_code
    except Exception as e:
        if os.environ.get("SLUICE_DEBUG"):
            raise
        told = SluiceMlError(
            "SLU-7315",
            f"the comparison broke: {type(e).__name__}: {' '.join(str(e).split())[:300]}",
            "this is a bug in Sluice or Evidently: report it with what SLUICE_DEBUG=1 prints; the run continues",
        )
        print(told, file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(_run())
