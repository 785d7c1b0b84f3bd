"""Who does the trials: one loop, or several side by side, each with a folder of its own for what is asked and told.

Protocol: docs/architecture.md, "Tuner exchange".
"""

from __future__ import annotations

import math
import shutil
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sluice_ml.errors import SluiceMlError
from sluice_ml.exchange import (
    POLL,
    Sign,
    TimeLeft,
    children_seconds,
    hand_over,
    outcome,
    small_text,
    write_json,
)
from sluice_ml.search import Ask, Search

#: seconds after the end of all time in which a worker has to answer: it ends its trial by itself
LATE = 15.0


@dataclass(frozen=True)
class Answer:
    """How a trial ended: with an objective, or with the reason why there is none."""

    ask: Ask
    objective: float | None
    reason: str | None
    cpu_seconds: float | None


@dataclass
class _Worker:
    """A loop on the other side. `sign` is None until the first of several was heard, and for a single one: when
    that dies, so does the step. `handed` is the number of the folder that it has been given."""

    folder: Path
    sign: Sign | None = None
    ask: Ask | None = None
    handed: int = 0
    seconds: float | None = 0.0


class Crew:
    """All workers of one tuner."""

    def __init__(
        self,
        tuner: Path,
        parallel: int,
        patience: float,
        left: TimeLeft | None = None,
        trial_timeout: float | None = None,
    ) -> None:
        """`patience`: seconds of silence after which a worker of several is lost; `left`: of the time for all
        trials; `trial_timeout`: seconds for each."""
        self._tuner, self._patience = tuner, patience
        self._left, self._trial_timeout = left or TimeLeft(), trial_timeout
        folders = [tuner] if parallel == 1 else [tuner / f"worker-{k}" for k in range(1, parallel + 1)]
        self._workers = [_Worker(folder) for folder in folders]
        self._several = parallel > 1
        self._freed: deque[Ask] = deque()
        self._handed = 0

    def work(self, search: Search) -> Iterator[Answer]:
        """Hands out what the search asks for until it wants no more and all have answered. The trial of a lost
        worker goes to another one, so that there are as many as were asked for, or has failed when the time is
        over; to end the search is up to the caller. Raises SLU-7404."""
        while True:
            while self._freed and self._left.over():
                yield Answer(self._freed.popleft(), None, "lost with its worker, and the time was over", None)
            self._hand_out(search)
            busy = [w for w in self._workers if w.ask is not None]
            if not busy:
                return
            for worker in busy:
                answer = self._answer(worker)
                if answer is not None:
                    yield answer
                    break
            else:
                self._look_for_lost()
                time.sleep(POLL)

    def _hand_out(self, search: Search) -> None:
        for worker in self._workers:
            if worker.ask is not None:
                continue
            ask = self._freed.popleft() if self._freed else search.ask()
            if ask is None:
                return
            # never the folder of a lost worker: its command may still be writing there
            folder = self._tuner / "trials" / str(self._handed)
            # a retried stage finds the folders of its predecessor
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            write_json(folder / "params.json", ask.params)
            seconds = self._left.seconds(self._trial_timeout)
            if seconds is not None:
                hand_over(folder / "limit", str(max(1, math.ceil(seconds))))
            worker.ask, worker.handed = ask, self._handed
            self._handed += 1
            hand_over(worker.folder / "ask", str(worker.handed))

    def _answer(self, worker: _Worker) -> Answer | None:
        tell = worker.folder / "tell"
        if worker.ask is None or not tell.exists():
            return None
        answered = small_text(tell)
        tell.unlink()
        if answered != str(worker.handed):
            raise SluiceMlError("SLU-7404", f"asked for trial {worker.handed}, was told about {answered!r}")
        folder = self._tuner / "trials" / str(worker.handed)
        objective, reason = outcome(folder)
        after = children_seconds(folder)
        cpu = None if worker.seconds is None or after is None else round(max(0.0, after - worker.seconds), 3)
        worker.seconds = after if after is not None else worker.seconds
        ask, worker.ask = worker.ask, None
        return Answer(ask, objective, reason, cpu)

    def _look_for_lost(self) -> None:
        if not self._several:
            return
        if all(w.sign is None for w in self._workers):
            # until one is heard the step has not begun: its image may still be on its way
            if any((w.folder / "beat").exists() for w in self._workers):
                for worker in self._workers:
                    worker.sign = Sign(worker.folder / "beat", self._patience)
            return
        late = self._left.over(LATE)
        for worker in [w for w in self._workers if w.sign is not None and (w.sign.lost() or (late and w.ask))]:
            self._workers.remove(worker)
            what = "it was idle"
            if worker.ask is not None:
                self._freed.append(worker.ask)
                what = f"trial {worker.ask.number} " + ("was not ended in time" if late else "goes to another one")
            print(f"{worker.folder.name} is lost: {what}", flush=True)
        if not self._workers and not late:
            raise SluiceMlError("SLU-7404", "no worker answers any more", "the log of the step tells how they ended")
