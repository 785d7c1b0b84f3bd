"""The two parties of the tuner's exchange meet in files; a hand-over is the rename of a complete file.

Protocol: docs/architecture.md, "Tuner exchange".
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
import threading
import time
from pathlib import Path
from typing import Any

from sluice_ml.errors import SluiceMlError

#: seconds between two looks at the folder
POLL = 0.02
#: seconds after which a party that shows no sign of life is given up
DEAD = 60.0
_LONGEST = 4096
_TIMES = re.compile(r"(\d+)m(\d+(?:\.\d+)?)s\s+(\d+)m(\d+(?:\.\d+)?)s")


def hand_over(file: Path, content: str) -> None:
    """Writes `file.tmp`, then renames it to `file`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(file.name + ".tmp")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(file)


def write_json(file: Path, document: Any, indent: int | None = 2) -> None:
    """Hands over JSON in the order of its keys."""
    hand_over(file, json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False) + "\n")


def small_text(file: Path) -> str | None:
    """A small regular file's text, None when there is none. What a trial left behind is not trusted: links
    are not followed and nothing long is read."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as data:
        if not stat.S_ISREG(os.fstat(data.fileno()).st_mode):
            return None
        return data.read(_LONGEST).decode("utf-8", errors="replace").strip()


def outcome(trial: Path) -> tuple[float | None, str | None]:
    """(objective, None) of a trial's folder, or (None, why it failed)."""
    code = small_text(trial / "exit")
    if code != "0":
        if small_text(trial / "late") is not None:
            return None, f"not done after {small_text(trial / 'limit')} s, its time"
        if code is None:
            return None, "the loop told no exit code"
        said = " ".join((small_text(trial / "results" / "failure") or "").split())[:300]
        return None, _ending(code[:20]) + (f": {said}" if said else "")
    text = small_text(trial / "results" / "objective")
    if text is None:
        return None, "no objective: results/objective was not written"
    try:
        value = float(text)
    except ValueError:
        return None, f"the objective is not a number: {text[:40]!r}"
    if math.isnan(value):
        return None, "the objective is NaN"
    if math.isinf(value):
        return None, "the objective is infinite"
    return value, None


def _ending(code: str) -> str:
    """What an exit code says; 128 and more are signals (POSIX shells)."""
    known = {"137": "killed: by hand, or because memory ran out", "139": "a memory fault", "127": "program not found"}
    return f"exit code {code}" + (f" ({known[code]})" if code in known else "")


class TimeLeft:
    """What is left of several limits by the clock, in seconds; None means without limit."""

    def __init__(self, *limits: float | None) -> None:
        self._since = time.monotonic()
        self._limits = [limit for limit in limits if limit is not None]

    def seconds(self, *more: float | None) -> float | None:
        """Of the shortest, these (which begin now) among them."""
        gone = time.monotonic() - self._since
        left = [limit - gone for limit in self._limits] + [limit for limit in more if limit is not None]
        return min(left, default=None)

    def over(self, since: float = 0.0) -> bool:
        """Whether one of the limits was reached, `since` seconds ago or more."""
        left = self.seconds()
        return left is not None and left <= -since


def children_seconds(trial: Path) -> float | None:
    """CPU seconds, user and system, of all the loop's children so far: the second line of `times`."""
    lines = (small_text(trial / "times") or "").splitlines()
    match = _TIMES.fullmatch(lines[1].strip()) if len(lines) > 1 else None
    if match is None:
        return None
    minutes, seconds, more_minutes, more_seconds = (float(g) for g in match.groups())
    return (minutes + more_minutes) * 60 + seconds + more_seconds


def times(own: float) -> str:
    """`times` as a shell prints it, for a loop whose trials run in process."""
    return f"0m0.000s 0m0.000s\n{int(own // 60)}m{own % 60:.3f}s 0m0.000s\n"


class Heartbeat:
    """Counts in a file, every second, so that the other party knows that this one lives."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Heartbeat:
        hand_over(self._file, "0")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        count = 0
        while not self._over.wait(1.0):
            count += 1
            hand_over(self._file, str(count))


class Sign:
    """Listens to another party's heartbeat."""

    def __init__(self, file: Path, patience: float = DEAD) -> None:
        self._file, self._patience = file, patience
        self._beat: str | None = None
        self._since = time.monotonic()

    def lost(self) -> bool:
        """Whether it has stood still for longer than `patience` seconds; to be asked often."""
        now = small_text(self._file)
        if now != self._beat:
            self._beat, self._since = now, time.monotonic()
            return False
        return time.monotonic() - self._since > self._patience


def wait_for(*files: Path, alive: Path | None = None) -> Path:
    """The first of `files` to exist. Raises SLU-7404 when `alive` is given and stands still for a minute."""
    sign = None if alive is None else Sign(alive)
    while True:
        for file in files:
            if file.exists():
                return file
        if sign is not None and sign.lost():
            raise SluiceMlError("SLU-7404", "the tuner stopped answering", "its log is that of the sidecar")
        time.sleep(POLL)
