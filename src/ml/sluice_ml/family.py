"""Families as a function: `function: module:attr` in a spec. `python -m sluice_ml.family module:attr`

The function is called with a `Stage`. In mode `trial` it returns the objective for `stage.params`, in mode
`refit` it writes `outputs/model` (and may return anything). All trials run in this one process, so what is
loaded once may be kept between calls; a trial that raises is a failed trial; the search continues.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Protocol

from sluice_ml.errors import InputError, SluiceMlError
from sluice_ml.exchange import hand_over, small_text, times, wait_for
from sluice_ml.stage import Stage

#: seconds that native code has to come back to Python after the time of its trial
STUCK = 10.0


class Family(Protocol):
    """What `module:attr` names."""

    def __call__(self, stage: Stage, /) -> float | None:
        """The objective in mode `trial`."""


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) != 1:
        print("usage: python -m sluice_ml.family module:attr", file=sys.stderr)
        return 2
    try:
        # the working directory is the code artifact
        sys.path.insert(0, str(Path.cwd()))
        family = load(arguments[0])
        stage = Stage.from_environment()
        params = Path(os.environ["SLUICE_PARAMS"])
        if stage.mode == "trial" and params.parent.parent.name != "trials":
            tuner = params.parent / "tuner"
            return loop(family, stage, tuner, Path(os.environ.get("SLUICE_EXCHANGE") or tuner))
        report(stage, family(stage))
    except SluiceMlError as e:
        print(e, file=sys.stderr)
        if results := os.environ.get("SLUICE_RESULTS"):
            hand_over(Path(results) / "failure", f"{e.id}: {e.what}")
        return e.exit_code
    return 0


def load(reference: str) -> Family:
    """The function that `module:attr` names. Raises SLU-7405."""
    module, colon, attribute = reference.partition(":")
    if not (module and colon and attribute):
        raise InputError("SLU-7405", f"not a function: {reference!r}", "write module:attr")
    try:
        found = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except ImportError as e:
        raise InputError("SLU-7405", f"{module} cannot be imported: {e}", "is it in code.include?") from e
    except AttributeError as e:
        raise InputError("SLU-7405", f"{reference} does not exist: {e}") from e
    if not callable(found):
        raise InputError("SLU-7405", f"{reference} is not a function")
    return found


def loop(family: Family, stage: Stage, tuner: Path, exchange: Path) -> int:
    """The run step's side of the exchange; returns the tuner's code. `exchange`: the folder of this worker, the
    tuner's own when there is only one."""
    ask, stop = exchange / "ask", tuner / "stop"
    while (found := wait_for(ask, stop, alive=tuner / "alive")) == ask:
        number = (small_text(found) or "").strip()
        found.unlink()
        folder = tuner / "trials" / number
        results, outputs = folder / "results", folder / "outputs"
        results.mkdir(exist_ok=True)
        outputs.mkdir(exist_ok=True)
        code = 0
        try:
            params = json.loads((folder / "params.json").read_text(encoding="utf-8"))
            trial = replace(stage, params=params, results=results, outputs=outputs, mode="trial")
            with _limit(folder):
                report(trial, family(trial))
        except _LateError:
            hand_over(folder / "late", "1")
            code = 124
        except SluiceMlError as e:
            print(e, file=sys.stderr, flush=True)
            hand_over(results / "failure", f"{e.id}: {e.what}")
            code = 1
        except Exception as e:
            # whatever a user's function raises is the end of this trial, not of the search
            traceback.print_exc()
            hand_over(results / "failure", f"{type(e).__name__}: {e}")
            code = 1
        hand_over(folder / "times", times(time.process_time()))
        hand_over(folder / "exit", str(code))
        hand_over(exchange / "tell", number)
    return int(small_text(found) or "1")


class _LateError(BaseException):
    """The time of a trial is over; no `except Exception` of a family catches it."""


@contextmanager
def _limit(trial: Path) -> Iterator[None]:
    """Ends the trial after the seconds in its file `limit`, if there is one. Python code is interrupted; native
    code that never returns ends the process, and with it the stage."""
    text = small_text(trial / "limit")
    if not text:
        yield
        return
    seconds = float(text)
    stuck = threading.Timer(seconds + STUCK, os._exit, (124,))
    stuck.daemon = True
    usual = signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    stuck.start()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual)
        stuck.cancel()


def _late(_signal: int, _frame: FrameType | None) -> None:
    raise _LateError


def report(stage: Stage, objective: float | None) -> None:
    """Hands the objective over where there is one."""
    if objective is not None:
        stage.result("objective", float(objective))


if __name__ == "__main__":
    sys.exit(main())
