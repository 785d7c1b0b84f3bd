"""A search over several pods, which meet in an Optuna study on a relational storage.

One of them holds the search and asks for trials; each of the others, a worker, does one trial at a time. A trial
is given to a worker as a running trial of the study, and ended there by the first of two: the worker with its
answer, or the search, which takes it back. A heartbeat is a counter that advances, judged by the listener's own
clock. Protocol: docs/architecture.md, "A search over several pods"; why not Optuna's heartbeats: ADR 185.
"""

from __future__ import annotations

import itertools
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import optuna
import sqlalchemy
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from sluice_ml.crew import Answer, Loop, Result
from sluice_ml.direction import Direction
from sluice_ml.errors import SluiceMlError
from sluice_ml.exchange import POLL
from sluice_ml.search import Ask, distribution, optuna_params
from sluice_ml.space import Space

#: the key of the Secret
VARIABLE = "OPTUNA_STORAGE_URL"
#: seconds between two looks at the storage, and between two beats
LOOK = 0.5
BEAT = 2.0
#: seconds without the storage between two tries
AGAIN = 3.0
#: seconds in which a worker waits for the search to begin: its pod may still be without a node
JOIN = 300.0

#: any number that others are unlikely to lock
_LOCK = 740_740_185

_SEARCH = "sluice:search"
_END = "sluice:end"
_WORKER = "sluice:worker"
_NUMBER = "sluice:trial"
_PARAMS = "sluice:params"
_LIMIT = "sluice:limit"
_ANSWER = "sluice:answer"
_GONE = "gone"

T = TypeVar("T")

#: what an unreachable or confused storage looks like
_FAILURES = (optuna.exceptions.StorageInternalError, sqlalchemy.exc.SQLAlchemyError, OSError)


def url_of(folder: Path | None) -> str:
    """The storage's address, from a mounted Secret. Raises SLU-7407."""
    if folder is not None:
        try:
            return (folder / VARIABLE).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as e:
            raise SluiceMlError(
                "SLU-7407",
                f"the storage of this search is not known: {VARIABLE} cannot be read: {type(e).__name__}",
                f"the target's tuning.storage names a Secret with the key {VARIABLE}",
            ) from None
    raise SluiceMlError(
        "SLU-7407",
        "a search over several pods has no storage",
        "the target's tuning.storage names a Secret; leave it out for a search in one pod",
    )


class Storage:
    """A relational storage of Optuna's; its address, which holds a password, gets into no message."""

    def __init__(self, url: str) -> None:
        """Raises SLU-7407."""
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        logging.getLogger("sqlalchemy").setLevel(logging.CRITICAL)
        try:
            parsed = sqlalchemy.engine.make_url(url)
        except sqlalchemy.exc.ArgumentError:
            raise _unusable(
                "its address is not a URL", "for example postgresql://user:password@host/database"
            ) from None
        self._options: dict[str, Any] = {"pool_pre_ping": True}
        if parsed.get_backend_name() in ("postgresql", "postgres"):
            # the driver that the tuner's environment has
            parsed = parsed.set(drivername="postgresql+psycopg")
            self._options["connect_args"] = {
                "connect_timeout": 10,
                # a server that is gone without a word is noticed in seconds, not in hours
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": 20_000,
            }
        self._url = parsed
        self._text = parsed.render_as_string(hide_password=False)

    def __str__(self) -> str:
        return f"{self._url.get_backend_name()} on {self._url.host}, database {self._url.database}"

    def open(self, patience: float, tables: bool) -> RDBStorage:
        """Connects, again and again for so many seconds; `tables`: makes them where they are missing. Raises
        SLU-7407."""

        def connect() -> RDBStorage:
            if not tables:
                self._await_tables()
                return RDBStorage(self._text, dict(self._options), skip_table_creation=True)
            # Optuna makes its tables in several steps, which searches that begin together must not do together
            with self._connected() as connection:
                if self._url.get_backend_name() == "postgresql":
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
                return RDBStorage(self._text, dict(self._options))

        return self._checked(connect, patience)

    def board(self, name: str, workers: list[str], space: Space, direction: Direction, patience: float) -> Board:
        """For the search: a study of this name, made anew. Raises SLU-7407."""
        return Board(self, name, workers, space, direction, patience)

    def greet(self, patience: float) -> None:
        """Connects once, trying for so many seconds. Raises SLU-7407."""

        def connect() -> None:
            with self._connected():
                pass

        self._checked(connect, patience)

    @contextmanager
    def _connected(self) -> Iterator[sqlalchemy.Connection]:
        engine = sqlalchemy.engine.create_engine(self._url, **self._options)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def _await_tables(self) -> None:
        """Raises unless the last step of making them is done."""
        with self._connected() as connection:
            if connection.exec_driver_sql("SELECT version_num FROM alembic_version").first() is None:
                raise sqlalchemy.exc.NoResultFound("the tables are not there yet")

    def _checked(self, connect: Callable[[], T], patience: float) -> T:
        try:
            return _patiently(connect, patience)
        except ImportError:
            raise _unusable(
                f"the tuner has no driver for {self._url.drivername}", "PostgreSQL is what it has one for"
            ) from None
        except RuntimeError as e:
            # of another version of Optuna
            raise _unusable(self._clean(e), "`optuna storage upgrade` brings an older one up to date") from None
        except _FAILURES as e:
            raise _unusable(
                f"{self} does not do what it should: {self._clean(e)}", "is it reachable from this namespace?"
            ) from None

    def _clean(self, e: BaseException) -> str:
        """The first line of a failure, and of what is behind it, without the password."""
        text = str(e.__cause__ or e).strip().splitlines()
        line = text[0] if text else type(e).__name__
        password = self._url.password
        return line.replace(str(password), "***") if password else line


def _unusable(what: str, hint: str) -> SluiceMlError:
    return SluiceMlError("SLU-7407", f"the storage of this search cannot be used: {what}", hint)


def closed(storage: RDBStorage) -> None:
    """Ends the connections of this thread, and those that nobody uses."""
    storage.remove_session()
    storage.engine.dispose()


def _patiently(do: Callable[[], T], patience: float) -> T:
    until = time.monotonic() + patience
    while True:
        try:
            return do()
        except _FAILURES:
            # several searches that begin on an empty database disturb each other once
            if time.monotonic() >= until:
                raise
            time.sleep(min(AGAIN, patience / 10))


class Pulse:
    """Another party's counter, which advances as long as that party lives."""

    def __init__(self) -> None:
        self._beat: object = None
        self._since = time.monotonic()

    def see(self, beat: object) -> None:
        if beat is not None and beat != self._beat:
            self._beat, self._since = beat, time.monotonic()

    def alive(self, patience: float) -> bool:
        """Whether it was heard, and not too long ago."""
        return self._beat not in (None, _GONE) and not self.silent(patience)

    def silent(self, patience: float) -> bool:
        """Whether nothing was heard for so long, from the beginning on."""
        return time.monotonic() - self._since > patience


class _Beats:
    """Counts in an attribute of the study; a storage that is away for a while misses beats."""

    def __init__(self, storage: RDBStorage, study: int, name: str) -> None:
        self._storage, self._study, self._name = storage, study, name
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        for count in itertools.count(1):
            try:
                self._storage.set_study_user_attr(self._study, self._name, count)
            except (*_FAILURES, KeyError):
                # the listener reports the silence
                self._storage.remove_session()
            if self._over.wait(BEAT):
                self._storage.remove_session()
                return

    def stop(self) -> None:
        self._over.set()
        self._thread.join(timeout=2 * BEAT)


class Board:
    """The study as the search has it: gives trials to workers, and hears of them. Without the storage nothing is
    heard of anybody, so that all workers are lost and the search continues alone until it is back."""

    def __init__(
        self, storage: Storage, name: str, workers: list[str], space: Space, direction: Direction, patience: float
    ) -> None:
        """A study of this name, made anew. Raises SLU-7407."""
        self._storage = storage.open(patience, tables=True)
        self._space, self._patience = space, patience
        self._distributions = {n: distribution(p) for n, p in space.parameters.items()}
        self._study = _patiently(lambda: self._made(name, direction), patience)
        self._id: int = self._study._study_id
        self._pulses = {w: Pulse() for w in workers}
        self._look = self._retry = 0.0
        self.silent = False
        self._beats = _Beats(self._storage, self._id, _SEARCH)
        self.workers = [Pod(self, w) for w in workers]
        print(f"asking {len(workers)} more pods for help, on {storage}", flush=True)

    def _made(self, name: str, direction: Direction) -> optuna.Study:
        try:
            return optuna.create_study(storage=self._storage, study_name=name, direction=direction.value)
        except optuna.exceptions.DuplicatedStudyError:
            # of a pod of this very attempt that was taken away
            optuna.delete_study(study_name=name, storage=self._storage)
            return optuna.create_study(storage=self._storage, study_name=name, direction=direction.value)

    def alive(self, worker: str) -> bool:
        if time.monotonic() >= self._look:
            self._look = time.monotonic() + LOOK
            attributes = self._ask(lambda: self._storage.get_study_user_attrs(self._id))
            for name, pulse in self._pulses.items():
                heard = pulse.alive(self._patience)
                pulse.see((attributes or {}).get(f"{_WORKER}-{name}"))
                if not heard and pulse.alive(self._patience):
                    print(f"worker {name} is here", flush=True)
        return self._pulses[worker].alive(self._patience)

    def post(self, worker: str, ask: Ask, seconds: float | None) -> int | None:
        """Gives a worker a trial; its id, or None when the storage did not take it."""
        trial = optuna.trial.create_trial(
            state=TrialState.RUNNING,
            params=optuna_params(self._space, ask.params),
            distributions=self._distributions,
            user_attrs={_WORKER: worker, _NUMBER: ask.number, _PARAMS: ask.params, _LIMIT: seconds},
        )
        return self._ask(lambda: self._storage.create_new_trial(self._id, trial))

    def result(self, trial: int) -> Result | bool | None:
        """What a worker answered; None while it has not, True when it gave the trial back."""
        found = self._ask(lambda: self._storage.get_trial(trial))
        if found is None or not found.state.is_finished():
            return None
        answer = found.user_attrs.get(_ANSWER)
        return True if answer is None else Result(answer["objective"], answer["reason"], answer["cpuSeconds"])

    def take_back(self, trial: int) -> bool:
        """Whether the trial is free: its worker cannot answer any more."""
        try:
            self._ask(lambda: self._storage.set_trial_state_values(trial, TrialState.FAIL))
        except optuna.exceptions.UpdateFinishedTrialError:
            return False
        return True

    def note(self, answer: Answer) -> None:
        """Writes down a trial of this very pod, for readers of the study."""
        if answer.worker:
            return
        trial = optuna.trial.create_trial(
            state=TrialState.FAIL if answer.objective is None else TrialState.COMPLETE,
            value=answer.objective,
            params=optuna_params(self._space, answer.ask.params),
            distributions=self._distributions,
            user_attrs={_NUMBER: answer.ask.number, _ANSWER: _answer(answer)},
        )
        self._ask(lambda: self._storage.create_new_trial(self._id, trial))

    def close(self) -> None:
        """Lets the workers go."""
        self._beats.stop()
        self._ask(lambda: self._storage.set_study_user_attr(self._id, _END, True), force=True)
        closed(self._storage)

    def _ask(self, do: Callable[[], T], *, force: bool = False) -> T | None:
        """Of the storage, or None when it does not answer; for a while it is not asked again then."""
        if self.silent and not force and time.monotonic() < self._retry:
            return None
        try:
            answer = do()
        except _FAILURES as e:
            self._storage.remove_session()
            self._retry = time.monotonic() + AGAIN
            if not self.silent:
                self.silent = True
                print(f"the storage of this search does not answer ({type(e).__name__})", file=sys.stderr, flush=True)
            return None
        if self.silent:
            self.silent = False
            print("the storage of this search answers again", file=sys.stderr, flush=True)
        return answer


class Pod:
    """A worker in a pod of its own, as the search sees it."""

    def __init__(self, board: Board, name: str) -> None:
        self.pod = name
        self.ask: Ask | None = None
        self._board = board
        self._trial: int | None = None
        self._given_back = False
        self._next = 0.0

    def __str__(self) -> str:
        return f"worker {self.pod}"

    def ready(self) -> bool:
        return self._board.alive(self.pod) and not self._board.silent

    def hand(self, ask: Ask, seconds: float | None) -> bool:
        self._trial = self._board.post(self.pod, ask, seconds)
        self._given_back = False
        self.ask = None if self._trial is None else ask
        return self._trial is not None

    def result(self) -> Result | None:
        if self._trial is None or time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + LOOK
        found = self._board.result(self._trial)
        if isinstance(found, bool):
            self._given_back = found
            return None
        return found

    def lost(self, late: bool) -> bool:
        if self._trial is None or self._given_back:
            return True
        if self._board.alive(self.pod) and not late:
            return False
        return self._board.take_back(self._trial)


def _answer(found: Result | Answer) -> dict[str, Any]:
    return {"objective": found.objective, "reason": found.reason, "cpuSeconds": found.cpu_seconds}


def assist(tuner: Path, storage: Storage, name: str, worker: str, patience: float, join: float = JOIN) -> int:
    """Does trials of the search of this name, one after the other, until it has ended; how many it did. Raises
    SLU-7407 when the storage is not there, or gone for too long."""
    rdb, study = _found(storage, name, patience, join)
    if rdb is None or study is None:
        print("there is no search to help: it has not begun", flush=True)
        return 0
    print(f"helping a search, on {storage}", flush=True)
    loop = Loop(tuner, tuner, itertools.count())
    pulse, seen = Pulse(), set[int]()
    mine: int | None = None
    count, looked = 0, 0.0
    reached = time.monotonic()
    beats = _Beats(rdb, study, f"{_WORKER}-{worker}")
    try:
        while True:
            time.sleep(POLL)
            try:
                if mine is not None and (result := loop.result()) is not None:
                    count += _patiently(partial(_told, rdb, mine, result), patience)
                    mine = None
                if time.monotonic() - looked < (LOOK if mine is None else BEAT):
                    continue
                looked = time.monotonic()
                attributes = rdb.get_study_user_attrs(study)
                reached = time.monotonic()
                pulse.see(attributes.get(_SEARCH))
                if _END in attributes:
                    print(f"the search is over; trials done here: {count}", flush=True)
                    return count
                if pulse.silent(max(patience, 2 * BEAT)):
                    print(f"nothing is heard of the search any more; trials done here: {count}", flush=True)
                    return count
                if mine is None:
                    mine = _given(rdb, study, worker, seen, loop)
            except KeyError:
                print(f"the study of the search is gone; trials done here: {count}", flush=True)
                return count
            except _FAILURES as e:
                rdb.remove_session()
                if time.monotonic() - reached > patience:
                    raise _unusable(f"{storage} does not answer any more ({type(e).__name__})", "") from None
    finally:
        beats.stop()
        _leave(rdb, study, worker, mine)


def _found(storage: Storage, name: str, patience: float, join: float) -> tuple[RDBStorage | None, int | None]:
    """The study, once the search has made it; the tables are the search's to make, too. Raises SLU-7407."""
    storage.greet(patience)
    rdb: RDBStorage | None = None
    until = time.monotonic() + join
    while time.monotonic() < until:
        try:
            rdb = rdb or storage.open(0, tables=False)
            return rdb, rdb.get_study_id_from_name(name)
        except (KeyError, SluiceMlError, *_FAILURES):
            if rdb is not None:
                rdb.remove_session()
        time.sleep(LOOK)
    return rdb, None


def _given(rdb: RDBStorage, study: int, worker: str, seen: set[int], loop: Loop) -> int | None:
    """The id of a trial that this worker was given, begun; None when there is none."""
    for trial in rdb.get_all_trials(study, deepcopy=False, states=(TrialState.RUNNING,)):
        number: int = trial._trial_id
        if trial.user_attrs.get(_WORKER) == worker and number not in seen:
            seen.add(number)
            print(f"trial {trial.user_attrs[_NUMBER]} is done here", flush=True)
            loop.begin(dict(trial.user_attrs[_PARAMS]), trial.user_attrs[_LIMIT])
            return number
    return None


def _told(rdb: RDBStorage, trial: int, result: Result) -> int:
    """Answers; 1, or 0 when the trial was taken back meanwhile."""
    try:
        rdb.set_trial_user_attr(trial, _ANSWER, _answer(result))
        if result.objective is None:
            rdb.set_trial_state_values(trial, TrialState.FAIL)
        else:
            rdb.set_trial_state_values(trial, TrialState.COMPLETE, [result.objective])
    except optuna.exceptions.UpdateFinishedTrialError:
        print("it took too long to answer: the trial was given to another one", flush=True)
        return 0
    return 1


def _leave(rdb: RDBStorage, study: int, worker: str, trial: int | None) -> None:
    """Gives back what is not done, at once, so that the search need not wait for the time limit of silence."""
    try:
        rdb.set_study_user_attr(study, f"{_WORKER}-{worker}", _GONE)
        if trial is not None:
            rdb.set_trial_state_values(trial, TrialState.FAIL)
    except (optuna.exceptions.UpdateFinishedTrialError, KeyError, *_FAILURES) as e:
        print(f"left without a word to the search ({type(e).__name__})", file=sys.stderr, flush=True)
    closed(rdb)
