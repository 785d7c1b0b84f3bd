"""Who does the trials: one loop, several side by side in the same pod, or one here and others in pods of their own.

Protocol: docs/architecture.md, "Tuner exchange".
"""

from __future__ import annotations

import itertools
import math
import shutil
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

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
from sluice_ml.space import Params

#: seconds after the end of all time in which a worker has to answer: it ends its trial by itself
LATE = 15.0
#: a trial that was lost with so many workers is more likely their end than their victim
MOST_LOST = 3


@dataclass(frozen=True)
class Result:
    """How a command ended: with an objective, or with the reason why there is none."""

    objective: float | None
    reason: str | None
    cpu_seconds: float | None


@dataclass(frozen=True)
class Answer:
    """How a trial ended; `worker` names who did it, "" for a loop in this pod."""

    ask: Ask
    objective: float | None
    reason: str | None
    cpu_seconds: float | None
    worker: str = ""


class Worker(Protocol):
    """One that does a trial at a time."""

    #: "" for a loop in this pod
    pod: str
    ask: Ask | None

    def ready(self) -> bool:
        """Whether it is there to be given a trial."""

    def hand(self, ask: Ask, seconds: float | None) -> bool:
        """Gives it a trial, which is ended after so many seconds; False when it could not be given."""

    def result(self) -> Result | None:
        """Of the trial that it was given, once it has ended."""

    def lost(self, late: bool) -> bool:
        """Whether its trial is to be taken from it; `late`: it ought to have ended it by itself."""

    def __str__(self) -> str: ...


class Loop:
    """A loop on the other side of the exchange. `sign` is None until the first of several was heard, and for a
    single one: when that dies, so does the step."""

    pod = ""

    def __init__(self, tuner: Path, folder: Path, numbers: Iterator[int]) -> None:
        """`numbers`: of the folders that trials get, for all workers."""
        self._tuner, self.folder, self._numbers = tuner, folder, numbers
        self.sign: Sign | None = None
        self.ask: Ask | None = None
        self._handed = -1
        self._seconds: float | None = 0.0

    def __str__(self) -> str:
        return self.folder.name

    def ready(self) -> bool:
        return True

    def hand(self, ask: Ask, seconds: float | None) -> bool:
        self.ask = ask
        self.begin(ask.params, seconds)
        return True

    def begin(self, params: Params, seconds: float | None) -> None:
        """Asks for a trial of these parameters."""
        # never the folder of a lost worker: its command may still be writing there
        self._handed = next(self._numbers)
        folder = self._tuner / "trials" / str(self._handed)
        # a retried stage finds the folders of its predecessor
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_json(folder / "params.json", params)
        if seconds is not None:
            hand_over(folder / "limit", str(max(1, math.ceil(seconds))))
        hand_over(self.folder / "ask", str(self._handed))

    def result(self) -> Result | None:
        """Raises SLU-7404."""
        tell = self.folder / "tell"
        if not tell.exists():
            return None
        answered = small_text(tell)
        tell.unlink()
        if answered != str(self._handed):
            raise SluiceMlError("SLU-7404", f"asked for trial {self._handed}, was told about {answered!r}")
        folder = self._tuner / "trials" / str(self._handed)
        objective, reason = outcome(folder)
        after = children_seconds(folder)
        cpu = None if self._seconds is None or after is None else round(max(0.0, after - self._seconds), 3)
        self._seconds = after if after is not None else self._seconds
        return Result(objective, reason, cpu)

    def lost(self, late: bool) -> bool:
        return self.sign is not None and (self.sign.lost() or (late and self.ask is not None))


class Crew:
    """All workers of one tuner."""

    def __init__(
        self,
        tuner: Path,
        parallel: int,
        patience: float,
        left: TimeLeft | None = None,
        trial_timeout: float | None = None,
        away: Sequence[Worker] = (),
    ) -> None:
        """`patience`: seconds of silence after which a worker of several is lost; `left`: of the time for all
        trials; `trial_timeout`: seconds for each; `parallel`: loops in this pod; `away`: workers in others, which
        may come, go and come back."""
        self._patience = patience
        self._left, self._trial_timeout = left or TimeLeft(), trial_timeout
        folders = [tuner] if parallel == 1 else [tuner / f"worker-{k}" for k in range(1, parallel + 1)]
        numbers = itertools.count()
        self._loops = [Loop(tuner, folder, numbers) for folder in folders]
        self._away = list(away)
        self._several = parallel > 1
        self._freed: deque[Ask] = deque()
        self._losses: Counter[int] = Counter()

    def work(self, search: Search) -> Iterator[Answer]:
        """Hands out what the search asks for until it wants no more and all have answered. The trial of a lost
        worker goes to another one, so that there are as many as were asked for, or has failed when the time is
        over; to end the search is up to the caller. Raises SLU-7404."""
        while True:
            yield from self._given_up()
            self._hand_out(search)
            busy = [w for w in self._workers() if w.ask is not None]
            if not busy:
                return
            for worker in busy:
                result = worker.result()
                if result is not None and worker.ask is not None:
                    ask, worker.ask = worker.ask, None
                    yield Answer(ask, result.objective, result.reason, result.cpu_seconds, worker.pod)
                    break
            else:
                self._look_for_lost()
                time.sleep(POLL)

    def _workers(self) -> list[Worker]:
        return [*self._loops, *self._away]

    def _given_up(self) -> Iterator[Answer]:
        """Freed trials that nobody begins again."""
        for ask in list(self._freed):
            if self._left.over():
                reason = "lost with its worker, and the time was over"
            elif self._losses[ask.number] >= MOST_LOST:
                reason = f"lost with its worker, {self._losses[ask.number]} times"
            else:
                continue
            self._freed.remove(ask)
            yield Answer(ask, None, reason, None)

    def _hand_out(self, search: Search) -> None:
        for worker in self._workers():
            if worker.ask is not None or not worker.ready():
                continue
            ask = self._freed.popleft() if self._freed else search.ask()
            if ask is None:
                return
            if not worker.hand(ask, self._left.seconds(self._trial_timeout)):
                self._freed.appendleft(ask)

    def _look_for_lost(self) -> None:
        late = self._left.over(LATE)
        for worker in [w for w in self._away if w.ask is not None and w.lost(late)]:
            self._free(worker, late)
        if not self._several:
            return
        if all(w.sign is None for w in self._loops):
            # until one is heard the step has not begun: its image may still be on its way
            if any((w.folder / "beat").exists() for w in self._loops):
                for loop in self._loops:
                    loop.sign = Sign(loop.folder / "beat", self._patience)
            return
        for loop in [w for w in self._loops if w.lost(late)]:
            self._loops.remove(loop)
            self._free(loop, late)
        if not self._loops and not late:
            raise SluiceMlError("SLU-7404", "no worker answers any more", "the log of the step tells how they ended")

    def _free(self, worker: Worker, late: bool) -> None:
        what = "it was idle"
        if worker.ask is not None:
            ask, worker.ask = worker.ask, None
            self._losses[ask.number] += 1
            self._freed.append(ask)
            again = not late and self._losses[ask.number] < MOST_LOST
            what = f"trial {ask.number} " + (
                "goes to another one" if again else "was not ended in time" if late else "has taken too many along"
            )
        print(f"{worker} is lost: {what}", flush=True)
