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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from sluice_ml.crew import Crew
from sluice_ml.direction import Direction
from sluice_ml.errors import SluiceMlError
from sluice_ml.exchange import DEAD, Heartbeat, TimeLeft, hand_over, wait_for, write_json
from sluice_ml.search import Options, Search
from sluice_ml.space import Space
from sluice_ml.study import Study, Trial, best, digest_of_folder, savings

if TYPE_CHECKING:
    from sluice_ml.pods import Storage

#: of resolve's search.json
SEARCH_VERSION = "sluice.io/search/v1"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="sluice_ml.tuner", description="Says what to try next.")
    parser.add_argument("--workspace", type=Path, required=True, help="folder of the stage")
    parser.add_argument("--environment", default="", help="digest of the trials' environment, for the record")
    parser.add_argument("--limit", type=float, default=0, help="seconds after which the stage is lost; 0 for none")
    parser.add_argument("--patience", type=float, default=DEAD, help="seconds after which a silent worker is lost")
    parser.add_argument("--workers", nargs="*", default=[], help="names of the workers in other pods")
    parser.add_argument("--worker", default="", help="to be this worker of a search in another pod")
    parser.add_argument("--search", default="", help="what names the run of this search, everywhere and for ever")
    parser.add_argument("--attempt", default="0", help="number of the attempt at the stage")
    parser.add_argument("--storage", type=_folder, default=None, help="folder with OPTUNA_STORAGE_URL")
    parsed = parser.parse_args(arguments)
    workspace: Path = parsed.workspace
    # the pod is over, or the stage was a cache hit and nobody will ever answer: leave without noise
    signal.signal(signal.SIGTERM, _leave)
    tuner = workspace / "tuner"
    tuner.mkdir(parents=True, exist_ok=True)
    with Heartbeat(tuner / "alive"):
        # fetch leaves call.json last, and env before it where there is something to run: a container that
        # ends by itself is not ended by Tekton, which would show it as one that could not start
        wait_for(workspace / "env", workspace / "call.json")
        if not (workspace / "env").exists():
            return 0
        try:
            env = read_env(workspace / "env")
            meeting = None
            if parsed.worker or parsed.workers:
                run, stage = env.get("SLUICE_RUN", ""), env.get("SLUICE_STAGE", "")
                # a retried search has no workers any more: they have left with the first
                name = "/".join(("sluice", run, stage, parsed.search, parsed.attempt))
                # what it needs takes a second to import
                from sluice_ml import pods

                meeting = Meeting(pods.Storage(pods.url_of(parsed.storage)), name, parsed.workers)
            if meeting is not None and parsed.worker:
                pods.assist(tuner, meeting.storage, meeting.name, parsed.worker, parsed.patience)
                code = 0
            else:
                code = tune(
                    workspace,
                    env,
                    parsed.environment or None,
                    limit=parsed.limit or None,
                    patience=parsed.patience,
                    meeting=meeting,
                )
        except SluiceMlError as e:
            print(e, file=sys.stderr, flush=True)
            # the record of the stage says it, not only its log
            hand_over(workspace / "results" / "failure", f"{e.id}: {e.what}")
            code = 1
        hand_over(tuner / "stop", str(code))
    return code


@dataclass(frozen=True)
class Meeting:
    """Where the pods of one search meet: the storage, the study's name, the other pods' names."""

    storage: Storage
    name: str
    workers: Sequence[str]


def tune(
    workspace: Path,
    env: Mapping[str, str],
    environment: str | None,
    *,
    limit: float | None = None,
    patience: float = DEAD,
    meeting: Meeting | None = None,
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
    left = TimeLeft(limit, options.time)
    board = (
        None
        if meeting is None
        else meeting.storage.board(meeting.name, list(meeting.workers), space, options.direction, patience)
    )
    crew = Crew(
        tuner,
        options.parallel if board is None else 1,
        patience,
        left,
        options.trial_timeout,
        [] if board is None else board.workers,
    )
    helped = {""}
    try:
        for answer in crew.work(search):
            told = search.tell(answer.ask, answer.objective, answer.reason, answer.cpu_seconds)
            helped.add(answer.worker)
            print(_line(told, best(search.trials, options.direction), answer.worker), flush=True)
            if board is not None:
                board.note(answer)
            if stage.over():
                raise SluiceMlError(
                    "SLU-7501",
                    f"the stage's time, {limit:g} s, was over after {len(search.trials)} trials",
                    "raise the stage's timeout, or give the family a budget: { time: .. } that is shorter",
                )
            if budget.over():
                search.end("time")
    finally:
        if board is not None:
            board.close()
    study = search.study(
        env.get("SLUICE_FAMILY", ""), env.get("SLUICE_RUN", ""), None if board is None else len(helped)
    )
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
        f"{study.stopped}; best {found.objective:.6g} is trial {found.number} ({found.origin}), the "
        f"{'highest' if study.direction is Direction.MAXIMIZE else 'lowest'} {study.objective}",
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


def _folder(text: str) -> Path | None:
    """Of a workspace that may be absent: its path is empty then."""
    return Path(text) if text else None


def _line(told: Trial, leader: Trial | None, worker: str = "") -> str:
    what = f"failed: {told.reason}" if told.objective is None else f"{told.objective:.6g}"
    so_far = "" if leader is None else f", best {leader.objective:.6g}"
    where = f" on worker {worker}" if worker else ""
    return f"trial {told.number} ({told.origin}){where}: {what}{so_far}"


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
