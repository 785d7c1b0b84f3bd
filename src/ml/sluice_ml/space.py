"""Search spaces: what a spec calls `space`, and how parameters of an earlier space fit into today's.

A space is JSON: `{"depth": {"int": [2, 10]}, "eta": {"float": [0.01, 0.5], "log": true}, "booster": {"choice":
["tree", "linear"]}}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from sluice_ml.errors import SluiceMlError

Value = bool | int | float | str
Params = dict[str, Value]


@dataclass(frozen=True)
class Whole:
    """Whole numbers from low to high, both included."""

    low: int
    high: int
    log: bool

    def fit(self, value: object) -> int | None:
        """The nearest value of today's range, None when it is not a number."""
        return round(min(max(value, self.low), self.high)) if _number(value) else None

    def place(self, value: Value) -> float:
        """Where in [0, 1] a value of this range lies."""
        return _place(float(value), self.low, self.high, self.log)


@dataclass(frozen=True)
class Real:
    """Real numbers from low to high."""

    low: float
    high: float
    log: bool

    def fit(self, value: object) -> float | None:
        """The nearest value of today's range, None when it is not a number."""
        return float(min(max(value, self.low), self.high)) if _number(value) else None

    def place(self, value: Value) -> float:
        """Where in [0, 1] a value of this range lies."""
        return _place(float(value), self.low, self.high, self.log)


@dataclass(frozen=True)
class Choice:
    """One of these; True is not 1 here, and 1 is not 1.0."""

    values: tuple[Value, ...]

    def fit(self, value: object) -> Value | None:
        """The value if it may still be chosen, else None."""
        return next((v for v in self.values if type(v) is type(value) and v == value), None)

    def index(self, value: Value) -> int:
        """Its position."""
        return next(i for i, v in enumerate(self.values) if type(v) is type(value) and v == value)


Parameter = Whole | Real | Choice


@dataclass(frozen=True)
class Space:
    """Parameters by name, in the order of the names."""

    parameters: Mapping[str, Parameter]

    @staticmethod
    def of(document: object) -> Space:
        """Reads the JSON form. Raises SLU-7403."""
        if not isinstance(document, dict) or not document:
            raise SluiceMlError("SLU-7403", "the search space is empty", "give the family a `space`")
        return Space({name: _parameter(name, document[name]) for name in sorted(document)})

    def document(self) -> dict[str, Any]:
        """The JSON form."""
        out: dict[str, Any] = {}
        for name, p in self.parameters.items():
            match p:
                case Whole(low, high, log):
                    out[name] = {"int": [low, high]} | ({"log": True} if log else {})
                case Real(low, high, log):
                    out[name] = {"float": [low, high]} | ({"log": True} if log else {})
                case Choice(values):
                    out[name] = {"choice": list(values)}
        return out

    def filter(self, params: Mapping[str, object]) -> Params:
        """What of `params`, found in some other space, is a point of this one.

        Unknown names are dropped, numbers are moved into today's range, choices that are gone are dropped; a
        name that is missing in the result is left to the sampler.
        """
        fitted = ((name, p.fit(params[name])) for name, p in self.parameters.items() if name in params)
        return {name: value for name, value in fitted if value is not None}

    def distance(self, a: Params, b: Params) -> float:
        """Euclidean distance in the unit cube over the names that both have; another choice is 1 apart."""
        squares = 0.0
        for name, p in self.parameters.items():
            if name in a and name in b:
                apart = (
                    float(p.index(a[name]) != p.index(b[name]))
                    if isinstance(p, Choice)
                    else p.place(a[name]) - p.place(b[name])
                )
                squares += apart * apart
        return math.sqrt(squares)

    def narrowed(self, good: list[Params], margin: float = 0.125) -> Space:
        """Numeric ranges shrunk to where `good` points lie, widened by `margin` of the range on both sides."""
        out: dict[str, Parameter] = {}
        for name, p in self.parameters.items():
            places = [p.place(g[name]) for g in good if name in g] if not isinstance(p, Choice) else []
            if isinstance(p, Choice) or not places:
                out[name] = p
                continue
            low, high = max(0.0, min(places) - margin), min(1.0, max(places) + margin)
            if isinstance(p, Whole):
                out[name] = Whole(math.floor(_at(p, low) + 1e-9), math.ceil(_at(p, high) - 1e-9), p.log)
            else:
                out[name] = Real(max(p.low, _at(p, low)), min(p.high, _at(p, high)), p.log)
        return Space(out)


def _at(p: Whole | Real, place: float) -> float:
    if p.log:
        return math.exp(math.log(p.low) + place * math.log(p.high / p.low))
    return p.low + place * (p.high - p.low)


def _number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _place(value: float, low: float, high: float, log: bool) -> float:
    if high == low:
        return 0.0
    return math.log(value / low) / math.log(high / low) if log else (value - low) / (high - low)


def _parameter(name: str, document: object) -> Parameter:
    def refuse(why: str) -> SluiceMlError:
        return SluiceMlError("SLU-7403", f"search space: {name}: {why}")

    if not isinstance(document, dict):
        raise refuse("expected int, float or choice")
    kinds = [k for k in ("int", "float", "choice") if k in document]
    if len(kinds) != 1:
        raise refuse("expected exactly one of int, float, choice")
    values = document[kinds[0]]
    if not isinstance(values, list) or not values:
        raise refuse(f"{kinds[0]} is not a list")
    if kinds[0] == "choice":
        if not all(isinstance(v, bool | int | float | str) for v in values):
            raise refuse("a choice is a number, a text or a truth value")
        return Choice(tuple(values))
    log = bool(document.get("log", False))
    if len(values) != 2 or not all(map(_number, values)) or values[0] > values[1]:
        raise refuse(f"{kinds[0]} needs [low, high]")
    if log and values[0] <= 0:
        raise refuse("a logarithmic range starts above 0")
    if kinds[0] == "int":
        return Whole(int(values[0]), int(values[1]), log)
    return Real(float(values[0]), float(values[1]), log)
