"""The contract between Sluice and a command, read once and typed.

A command meets Sluice through environment variables only (docs/architecture.md); this module is a
convenience over them, not a framework.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sluice_ml.errors import InputError, SluiceMlError


@dataclass(frozen=True)
class Stage:
    """One execution of one stage.

    `mode` is `stage`, `trial` or `refit`; `as_of` is None where no as-of time was given; `params` is the
    stage's `with`, merged with hyperparameters where there are any.
    """

    inputs: Path
    outputs: Path
    results: Path
    params: Mapping[str, Any]
    mode: str
    seed: int
    as_of: datetime | None
    family: str = ""

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> Stage:
        """Reads the variables. Raises SLU-7001 when one is missing or malformed."""
        try:
            params_file = environment.get("SLUICE_PARAMS", "")
            params = json.loads(Path(params_file).read_text(encoding="utf-8")) if params_file else {}
            if not isinstance(params, dict):
                raise ValueError("SLUICE_PARAMS does not hold a JSON object")
            as_of = environment.get("SLUICE_AS_OF", "")
            return Stage(
                inputs=Path(environment["SLUICE_INPUTS"]),
                outputs=Path(environment["SLUICE_OUTPUTS"]),
                results=Path(environment["SLUICE_RESULTS"]),
                params=params,
                mode=environment.get("SLUICE_MODE", "stage"),
                seed=int(environment.get("SLUICE_SEED", "0")),
                as_of=_instant(as_of) if as_of else None,
                family=environment.get("SLUICE_FAMILY", ""),
            )
        except KeyError as e:
            raise InputError(
                "SLU-7001",
                f"{e.args[0]} is not set",
                "this command runs as a stage of a pipeline; to try it by hand, set the variables of its README",
            ) from None
        except (OSError, ValueError) as e:
            raise InputError("SLU-7001", f"the stage's variables cannot be read: {e}") from e

    def result(self, name: str, value: float | int | str) -> None:
        """Reports a small named value, which becomes a metric (a number) or a tag (a text)."""
        self.results.mkdir(parents=True, exist_ok=True)
        text = repr(float(value)) if isinstance(value, float) else str(value)
        (self.results / name).write_text(text, encoding="utf-8")


def run(main: Callable[[], None]) -> int:
    """Runs a command of a stage: the exit code, 2 when what it was given is wrong.

    An error for people is a few lines without a traceback, and the stage's record has it as the reason (the result
    `failure`).
    """
    try:
        main()
    except SluiceMlError as e:
        print(e, file=sys.stderr, flush=True)
        if results := os.environ.get("SLUICE_RESULTS"):
            Path(results).mkdir(parents=True, exist_ok=True)
            (Path(results) / "failure").write_text(f"{e.id}: {e.what}", encoding="utf-8")
        return e.exit_code
    return 0


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
