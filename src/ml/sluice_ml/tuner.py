"""The tuner: a sidecar that says what to try next. `python -m sluice_ml.tuner --workspace DIR`

It sees parameters and objectives, never a holdout; the other party is a loop of `/bin/sh` in the user's image
(or `sluice_ml.family`). It ends with the code that it put into `tuner/stop`.
"""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from sluice_ml.crew import Crew
from sluice_ml.errors import SluiceMlError
from sluice_ml.exchange import DEAD, Heartbeat, TimeLeft, hand_over, wait_for, write_json
from sluice_ml.search import Options, Search
from sluice_ml.space import Space
from sluice_ml.study import Study, Trial, digest_of_folder, savings

#: of resolve's search.json
SEARCH_VERSION = "sluice.io/search/v1"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="sluice_ml.tuner", description="Says what to try next.")
    parser.add_argument("--workspace", type=Path, required=True, help="folder of the stage")
    parser.add_argument("--environment", default="", help="digest of the trials' environment, for the record")
    parser.add_argument("--limit", type=float, default=0, help="seconds after which the stage is lost; 0 for none")
    parser.add_argument("--patience", type=float, default=DEAD, help="seconds after which a silent worker is lost")
    parsed = parser.parse_args(arguments)
    workspace: Path = parsed.workspace
    # the pod is over, or the stage was a cache hit and nobody will ever answer: leave without noise
    signal.signal(signal.SIGTERM, _leave)
    tuner = workspace / "tuner"
    tuner.mkdir(parents=True, exist_ok=True)
    with Heartbeat(tuner / "alive"):
        wait_for(workspace / "env")
        try:
            code = tune(
                workspace,
                read_env(workspace / "env"),
                parsed.environment or None,
                limit=parsed.limit or None,
                patience=parsed.patience,
            )
        except SluiceMlError as e:
            print(e, file=sys.stderr, flush=True)
            # the record of the stage says it, not only its log
            hand_over(workspace / "results" / "failure", f"{e.id}: {e.what}")
            code = 1
        hand_over(tuner / "stop", str(code))
    return code


def tune(
    workspace: Path,
    env: Mapping[str, str],
    environment: str | None,
    *,
    limit: float | None = None,
    patience: float = DEAD,
) -> int:
    """Runs one cycle over the exchange; returns the code for `stop`. `patience`: seconds of a worker's silence.
    Raises SLU-7401 when every trial failed, SLU-7501 when the stage's time, `limit` seconds, was over before the
    search."""
    tuner, outputs, inputs = workspace / "tuner", workspace / "outputs", workspace / "inputs"
    try:
        params = json.loads((workspace / "params.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise SluiceMlError("SLU-7403", f"params.json of the tune stage cannot be read: {e}") from e
    options, space = Options.of(params), Space.of(params.get("space"))
    seed = int(env.get("SLUICE_SEED", "0"))
    search = Search(
        options,
        space,
        seed,
        _last(inputs / "study"),
        asked_cold(inputs / "search"),
        window=digest_of_folder(inputs, frozenset({"study", "search"})) if inputs.is_dir() else None,
        environment=environment,
    )
    stage, budget = TimeLeft(limit), TimeLeft(options.time)
    crew = Crew(tuner, options.parallel, patience, TimeLeft(limit, options.time), options.trial_timeout)
    lowest: Trial | None = None
    for answer in crew.work(search):
        told = search.tell(answer.ask, answer.objective, answer.reason, answer.cpu_seconds)
        if told.objective is not None and (lowest is None or told.objective < (lowest.objective or 0.0)):
            lowest = told
        print(_line(told, lowest), flush=True)
        if stage.over():
            raise SluiceMlError(
                "SLU-7501",
                f"the stage's time, {limit:g} s, was over after {len(search.trials)} trials",
                "raise the stage's timeout, or give the family a budget: { time: .. } that is shorter",
            )
        if budget.over():
            search.end("time")
    study = search.study(env.get("SLUICE_FAMILY", ""), env.get("SLUICE_RUN", ""))
    write_json(outputs / "study" / "study.json", study.document())
    if failure := search.failure():
        raise failure
    found = study.best
    if found is None:
        raise AssertionError("a study without a failure has a best trial")
    write_json(outputs / "best", {"params": found.params, "objective": found.objective, "origin": found.origin})
    saved = savings(study)
    claims = {"savings": saved["againstCold"], "savings.patience": saved["againstColdWithPatience"]}
    results = workspace / "results"
    for name, value in (
        ("trials", str(len(study.trials))),
        ("trials.failed", str(sum(t.objective is None for t in study.trials))),
        ("search", "cold" if study.cold else "warm"),
        ("stopped", study.stopped),
        ("objective", repr(found.objective)),
        *((name, repr(c["trials"])) for name, c in claims.items() if c != "unknown"),
    ):
        hand_over(results / name, value)
    print(
        f"{'cold' if study.cold else 'warm'} search ({study.why}): {len(study.trials)} trials, stopped by "
        f"{study.stopped}; best {found.objective:.6g} is trial {found.number} ({found.origin})",
        flush=True,
    )
    if not study.cold:
        print(_savings_line(saved, study.cold_cycle), flush=True)
    return 0


def read_env(file: Path) -> dict[str, str]:
    """Variables of lines `export NAME='value'`, as a POSIX shell would read them."""
    found: dict[str, str] = {}
    for word in shlex.split(file.read_text(encoding="utf-8"), comments=True):
        name, equals, value = word.partition("=")
        if equals:
            found[name] = value
    return found


def asked_cold(file: Path) -> str:
    """Why the run asks for a cold search, "" when it does not; `file`: resolve's search.json, if there is one.
    Raises SLU-7406."""
    try:
        asked: Any = json.loads(file.read_text(encoding="utf-8"))
        if asked["apiVersion"] != SEARCH_VERSION:
            raise ValueError(f"apiVersion {asked['apiVersion']!r}, this is {SEARCH_VERSION}")
        return str(asked["because"]) if asked["cold"] is True else ""
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise SluiceMlError("SLU-7406", f"search.json of resolve cannot be read: {e}") from e


def _last(entry: Path) -> Study | None:
    """The study to start from: a file, or a folder that holds one. A damaged one costs a cold search only."""
    file = entry / "study.json" if entry.is_dir() else entry
    if not file.exists():
        return None
    try:
        return Study.read(file)
    except SluiceMlError as e:
        print(f"{e}\n  a cold search instead", file=sys.stderr, flush=True)
        return None


def _line(told: Trial, lowest: Trial | None) -> str:
    what = f"failed: {told.reason}" if told.objective is None else f"{told.objective:.6g}"
    best = "" if lowest is None else f", best {lowest.objective:.6g}"
    return f"trial {told.number} ({told.origin}): {what}{best}"


def _savings_line(saved: dict[str, Any], cold_cycle: int) -> str:
    def share(claim: Any) -> str:
        if claim == "unknown":
            return "unknown"
        cpu = claim["cpuSeconds"]
        return f"{claim['trials']:.0%} of the trials" + ("" if cpu is None else f", {cpu:.0%} of the CPU time")

    return (
        f"saved against the cold search of cycle {cold_cycle}: {share(saved['againstCold'])}; against the same with "
        f"patience: {share(saved['againstColdWithPatience'])} ({saved['why']})"
    )


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
