"""Families as a function: `function: module:attr` in a spec. `python -m sluice_ml.family module:attr`

The function is called with a `Stage`. In mode `trial` it returns the objective for `stage.params`, in mode
`refit` it writes `outputs/model` (and may return anything). All trials run in this one process, so what is
loaded once may be kept between calls; a trial that raises is a failed trial, the others go on.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from sluice_ml.errors import SluiceMlError
from sluice_ml.exchange import hand_over, small_text, times, wait_for
from sluice_ml.stage import Stage


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
            return loop(family, stage, params.parent / "tuner")
        report(stage, family(stage))
    except SluiceMlError as e:
        print(e, file=sys.stderr)
        return 1
    return 0


def load(reference: str) -> Family:
    """The function that `module:attr` names. Raises SLU-7405."""
    module, colon, attribute = reference.partition(":")
    if not (module and colon and attribute):
        raise SluiceMlError("SLU-7405", f"not a function: {reference!r}", "write module:attr")
    try:
        found = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except ImportError as e:
        raise SluiceMlError("SLU-7405", f"{module} cannot be imported: {e}", "is it in code.include?") from e
    except AttributeError as e:
        raise SluiceMlError("SLU-7405", f"{reference} does not exist: {e}") from e
    if not callable(found):
        raise SluiceMlError("SLU-7405", f"{reference} is not a function")
    return found


def loop(family: Family, stage: Stage, tuner: Path) -> int:
    """The run step's side of the exchange; returns the tuner's code."""
    ask, stop = tuner / "ask", tuner / "stop"
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
            report(trial, family(trial))
        except Exception:
            # whatever a user's function raises is the end of this trial, not of the search
            traceback.print_exc()
            code = 1
        hand_over(folder / "times", times(time.process_time()))
        hand_over(folder / "exit", str(code))
        hand_over(tuner / "tell", number)
    return int(small_text(found) or "1")


def report(stage: Stage, objective: float | None) -> None:
    """Hands the objective over where there is one."""
    if objective is not None:
        stage.result("objective", float(objective))


if __name__ == "__main__":
    sys.exit(main())
