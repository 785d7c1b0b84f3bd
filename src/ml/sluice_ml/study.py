"""Studies: what one cycle of tuning tried, kept with the model so that the next cycle can start from it.

Format: `study.schema.json` of the contracts.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sluice_ml.direction import Direction
from sluice_ml.errors import SluiceMlError
from sluice_ml.space import Params, Space

API_VERSION = "sluice.io/study/v1"
#: relative improvement that counts, for patience and for "equal loss"
IMPROVEMENT = 0.001

Origin = Literal["champion", "warm", "sampled"]
#: why a search ended: all its trials, no progress, nothing but failures, or its time
Stop = Literal["trials", "patience", "failures", "time"]


@dataclass(frozen=True)
class Digests:
    """What makes objectives comparable: the data tuned on, the declared space, the environment (None: not
    told)."""

    window: str | None
    space: str
    environment: str | None

    def document(self) -> dict[str, Any]:
        """`digests` of a study and of each trial."""
        return {"window": self.window, "space": self.space, "environment": self.environment}

    @staticmethod
    def of(document: dict[str, Any]) -> Digests:
        """The inverse of `document`."""
        return Digests(document["window"], document["space"], document["environment"])


@dataclass(frozen=True)
class Trial:
    """One evaluation. `objective` is None and `reason` says why when it failed; `cpu_seconds` is None when the
    loop did not measure it. `digests` are its own: the trials of the last cold search are kept with later
    studies, and were made on other data."""

    number: int
    origin: Origin
    params: Params
    seed: int
    objective: float | None
    reason: str | None
    cpu_seconds: float | None
    digests: Digests

    def document(self) -> dict[str, Any]:
        """One entry of `trials`."""
        return {
            "number": self.number,
            "origin": self.origin,
            "params": self.params,
            "seed": self.seed,
            "state": "complete" if self.objective is not None else "failed",
            "objective": self.objective,
            "reason": self.reason,
            "cpuSeconds": self.cpu_seconds,
            "digests": self.digests.document(),
        }

    @staticmethod
    def of(document: dict[str, Any]) -> Trial:
        """The inverse of `document`."""
        return Trial(
            int(document["number"]),
            document["origin"],
            dict(document["params"]),
            int(document["seed"]),
            None if document["objective"] is None else float(document["objective"]),
            document["reason"],
            None if document["cpuSeconds"] is None else float(document["cpuSeconds"]),
            Digests.of(document["digests"]),
        )


@dataclass(frozen=True)
class Study:
    """One cycle. `trials` are in the order in which they ended; `parallel` is how many ran side by side,
    `pods` how many pods did some of them, where there could be several.
    `since_cold` counts the cycles since the last cold one (0: this one); `cold_trials` are the last cold cycle's,
    this one's own when it is cold; `stopped` says why the search ended. All objectives of a study, those of
    `cold_trials` included, are of one name and one direction."""

    family: str
    run: str
    cycle: int
    since_cold: int
    why: str
    objective: str
    direction: Direction
    seed: int
    digests: Digests
    space: Space
    trials: tuple[Trial, ...]
    stopped: str
    cold_cycle: int
    cold_trials: tuple[Trial, ...]
    patience: int
    parallel: int = 1
    pods: int | None = None

    @property
    def cold(self) -> bool:
        """Whether the whole space was searched afresh."""
        return self.since_cold == 0

    @property
    def best(self) -> Trial | None:
        """The best objective, the earlier one on a tie; None when every trial failed."""
        return best(self.trials, self.direction)

    def document(self) -> dict[str, Any]:
        """`study.json`."""
        found = self.best
        return {
            "apiVersion": API_VERSION,
            "family": self.family,
            "run": self.run,
            "cycle": self.cycle,
            "search": "cold" if self.cold else "warm",
            "sinceCold": self.since_cold,
            "why": self.why,
            "objective": self.objective,
            "direction": self.direction.value,
            "seed": self.seed,
            "patience": self.patience,
            **({"parallel": self.parallel} if self.parallel > 1 else {}),
            **({} if self.pods is None else {"pods": self.pods}),
            "digests": self.digests.document(),
            "space": self.space.document(),
            "stopped": self.stopped,
            "best": None if found is None else found.number,
            "trials": [t.document() for t in self.trials],
            "cold": {"cycle": self.cold_cycle, "trials": [t.document() for t in self.cold_trials]},
            "savings": savings(self),
        }

    @staticmethod
    def read(file: Path) -> Study:
        """Reads `study.json`. Raises SLU-7402."""
        try:
            if file.stat().st_size > 16 << 20:
                raise ValueError("larger than 16 MiB")
            d = json.loads(file.read_text(encoding="utf-8"))
            if d["apiVersion"] != API_VERSION:
                raise ValueError(f"apiVersion {d['apiVersion']!r}, this is {API_VERSION}")
            return Study(
                family=d["family"],
                run=d["run"],
                cycle=int(d["cycle"]),
                since_cold=int(d["sinceCold"]),
                why=d["why"],
                objective=d["objective"],
                # older studies do not say it: all of them were minimised
                direction=Direction(d.get("direction", Direction.MINIMIZE.value)),
                seed=int(d["seed"]),
                digests=Digests.of(d["digests"]),
                space=Space.of(d["space"]),
                trials=tuple(Trial.of(t) for t in d["trials"]),
                stopped=d["stopped"],
                cold_cycle=int(d["cold"]["cycle"]),
                cold_trials=tuple(Trial.of(t) for t in d["cold"]["trials"]),
                patience=int(d["patience"]),
                parallel=int(d.get("parallel", 1)),
                pods=None if d.get("pods") is None else int(d["pods"]),
            )
        except (OSError, ValueError, KeyError, TypeError, SluiceMlError) as e:
            raise SluiceMlError("SLU-7402", f"{file.name} is not a study that a search can start from: {e}") from e


def best(trials: Sequence[Trial], direction: Direction) -> Trial | None:
    """The best objective, the earlier one on a tie; None when there is none."""
    return next(iter(_best_first(trials, direction)), None)


def good(trials: Sequence[Trial], direction: Direction, space: Space, count: int, apart: float) -> list[Params]:
    """Up to `count` points of today's `space`, best first, each at least `apart` from the ones before."""
    chosen: list[Params] = []
    for trial in _best_first(trials, direction):
        params = space.filter(trial.params)
        if params and all(space.distance(params, other) >= apart for other in chosen):
            chosen.append(params)
        if len(chosen) == count:
            break
    return chosen


def exhausted(trials: Sequence[Trial], direction: Direction, patience: int) -> bool:
    """Whether the last `patience` *sampled* trials brought no improvement.

    Points handed down from the last cycle do not count: they come first and are good, so that counting them
    would end the search before it began.
    """
    lowest, waited = math.inf, 0
    for trial in trials:
        loss = direction.as_loss(trial.objective)
        if trial.objective is not None and (lowest == math.inf or loss < lowest - IMPROVEMENT * abs(lowest)):
            # only what counts as an improvement moves the mark, so that many small ones add up to one
            lowest, waited = loss, 0
        elif trial.origin == "sampled":
            waited += 1
    return waited >= patience


def savings(study: Study) -> dict[str, Any]:
    """What this warm cycle saved against the last cold one, as shares of trials and of CPU seconds.

    The cold cycle saw older data, so its objectives are first rescaled by the median ratio of the points that
    both cycles evaluated. Where the warm cycle did not reach the (rescaled) objective, nothing was evaluated
    twice, objectives are negative, so that a ratio says nothing, or the cold cycle searched another space or ran
    in another environment, nothing is claimed: `unknown`.
    """
    unknown = {"againstCold": "unknown", "againstColdWithPatience": "unknown"}
    found = study.best
    if study.cold or found is None:
        return unknown | {"why": "a cold search saves nothing" if study.cold else "every trial failed"}
    cold = list(study.cold_trials)
    then = cold[0].digests
    if then.space != study.digests.space:
        return unknown | {"why": "the search space changed since the last cold search"}
    if then.environment != study.digests.environment:
        return unknown | {"why": "the environment changed since the last cold search"}
    if any(t.objective is not None and t.objective < 0 for t in (*cold, *study.trials)):
        return unknown | {"why": "negative objectives cannot be rescaled from one cycle to the next"}
    old = {_key(t.params): t.objective for t in cold if t.objective is not None}
    ratios = sorted(
        t.objective / before
        for t in study.trials
        if t.objective is not None and (before := old.get(_key(t.params))) is not None and before > 0
    )
    if not ratios:
        return unknown | {"why": "no point of the last cold search was evaluated again"}
    middle = len(ratios) // 2
    ratio = ratios[middle] if len(ratios) % 2 else (ratios[middle - 1] + ratios[middle]) / 2
    direction = study.direction
    stop = next((n for n in range(1, len(cold)) if exhausted(cold[:n], direction, study.patience)), len(cold))
    reached = direction.as_loss(found.objective)
    out: dict[str, Any] = {}
    for name, reference in (("againstCold", cold), ("againstColdWithPatience", cold[:stop])):
        target = best(reference, direction)
        then_loss = math.inf if target is None else direction.as_loss(target.objective) * ratio
        if target is None or reached > then_loss + IMPROVEMENT * abs(then_loss):
            out[name] = "unknown"
            continue
        cpu, cold_cpu = _cpu(study.trials), _cpu(reference)
        out[name] = {
            "trials": 1 - len(study.trials) / len(reference),
            "cpuSeconds": None if cpu is None or not cold_cpu else 1 - cpu / cold_cpu,
        }
    return out | {"why": f"objectives of cycle {study.cold_cycle} rescaled by {ratio:.4f}"}


def digest_of(document: object) -> str:
    """SHA-256 of canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def digest_of_folder(folder: Path, leave_out: frozenset[str] = frozenset()) -> str:
    """SHA-256 over paths and contents of the regular files below `folder`."""
    lines = []
    for file in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
        relative = file.relative_to(folder)
        if relative.parts[0] not in leave_out:
            with file.open("rb") as data:
                lines.append([relative.as_posix(), hashlib.file_digest(data, "sha256").hexdigest()])
    return digest_of(lines)


def _best_first(trials: Sequence[Trial], direction: Direction) -> list[Trial]:
    """Those that have an objective; of equal ones the earlier first."""
    done = (t for t in trials if t.objective is not None)
    return sorted(done, key=lambda t: (direction.as_loss(t.objective), t.number))


def _cpu(trials: Sequence[Trial]) -> float | None:
    seconds = [t.cpu_seconds for t in trials]
    return None if any(s is None for s in seconds) else math.fsum(s for s in seconds if s is not None)


def _key(params: Params) -> str:
    return json.dumps(params, sort_keys=True)
