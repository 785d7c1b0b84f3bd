"""A search over several pods for real: each a tuner and a loop as processes with a folder of their own, which meet
on a PostgreSQL that this test starts. Skipped where PostgreSQL is not installed."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml
from optuna.trial import FrozenTrial, TrialState

from sluice_ml.crew import Crew, Result
from sluice_ml.direction import Direction
from sluice_ml.errors import SluiceMlError
from sluice_ml.pods import Pulse, Storage, closed, url_of
from sluice_ml.search import Ask, Options, Search
from sluice_ml.space import Space

ROOT = Path(__file__).parents[4]
TASK = ROOT / "tekton-tasks" / "sluice-tune" / "sluice-tune.yaml"
WITH: dict[str, Any] = {
    "objective": "loss",
    "trials": 12,
    "patience": 12,
    "parallel": 3,
    "space": {"x": {"float": [0, 1]}, "n": {"choice": [1, "two", True]}},
}
#: how long a silent party is waited for, in seconds
PATIENCE = 30
LOOP: str = next(s for s in yaml.safe_load(TASK.read_text())["spec"]["steps"] if s["name"] == "run")["script"]
#: the loss is x itself; nobody ends a trial before so many pods have begun one
FAMILY = """
mkdir -p "$MEET/$POD"
while [ "$(ls "$MEET" | wc -l)" -lt "$CROWD" ]; do sleep 0.1; done
sleep 0.2
x=$(sed -n 's/.*"x": *\\([0-9.e-]*\\).*/\\1/p' "$SLUICE_PARAMS")
printf %s "$x" >"$SLUICE_RESULTS/objective"
"""


def programs() -> Path | None:
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


def free_port() -> int:
    """Below those that the kernel gives to connections: nobody takes it while the server is away."""
    for port in range(20000 + os.getpid() % 10000, 32000):
        with socket.socket() as s, suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


class Server:
    """A PostgreSQL of this test's own, which can be stopped and started."""

    def __init__(self, folder: Path, bin_: Path) -> None:
        self.folder, self._bin, self.port = folder, bin_, free_port()
        # it refuses to run as root, and another user has to get in
        self._user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
        data = folder / "data"
        data.mkdir()
        if self._user:
            folder.chmod(0o755)
            os.chown(data, 65534, 65534)
        (folder / "password").write_text("hidden-word")
        (folder / "password").chmod(0o644)
        options = ["-U", "sluice", "-A", "scram-sha-256", f"--pwfile={folder}/password", "-E", "UTF8", "--no-sync"]
        subprocess.run(
            [*self._user, bin_ / "initdb", "-D", data, *options], check=True, capture_output=True, cwd=folder
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://sluice:hidden-word@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        data = self.folder / "data"
        options = ["-p", str(self.port), "-h", "127.0.0.1", "-c", "fsync=off", "-k", str(data)]
        command = [*self._user, str(self._bin / "postgres"), "-D", str(data), *options]
        log = self.folder / "log"
        with log.open("ab") as said:
            self._process = subprocess.Popen(command, stdout=said, stderr=said, cwd=self.folder)
        until = time.monotonic() + 600
        while time.monotonic() < until and self._process.poll() is None:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("PostgreSQL does not come up: " + log.read_text()[-2000:])

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL (initdb, postgres) is not installed")
    # not among pytest's folders: every other pytest that starts shuts them against the server's user
    with tempfile.TemporaryDirectory(prefix="sluice-postgres-") as folder:
        server = Server(Path(folder), found)
        server.start()
        yield server
        server.stop()


#: of the test that runs
PODS: list[Pod] = []


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    yield
    while PODS:
        PODS.pop().end()


class Pod:
    """A tuner and the loop of the task catalog over one folder; `name` is a worker's, "" for the search itself."""

    def __init__(
        self,
        folder: Path,
        url: str,
        search: str,
        name: str = "",
        workers: list[str] | None = None,
        patience: int = PATIENCE,
    ) -> None:
        self.folder, self.name = folder, name
        for entry in ("inputs", "outputs", "results", "code", "tmp", "secret"):
            (folder / entry).mkdir(parents=True)
        (folder / "secret/OPTUNA_STORAGE_URL").write_text(url + "\n")
        self._options = ["--search", search, "--storage", str(folder / "secret"), "--patience", str(patience)]
        self._options += ["--worker", name] if name else ["--workers", *(workers or [])]
        self._tuner: subprocess.Popen[str] | None = None
        self._loop: subprocess.Popen[str] | None = None
        PODS.append(self)

    def start(self, family: str, values: dict[str, Any], crowd: int = 3) -> Pod:
        meet = {"MEET": str(self.folder.parent / "meet"), "POD": self.name or "main", "CROWD": str(crowd)}
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src/ml"), "PYTHONWARNINGS": "default"}
        (self.folder / "params.json").write_text(json.dumps(values))
        lines = {
            "SLUICE_INPUTS": self.folder / "inputs",
            "SLUICE_PARAMS": self.folder / "params.json",
            "SLUICE_SEED": "7",
            "SLUICE_FAMILY": "linear",
            "SLUICE_RUN": "run-1",
            "SLUICE_STAGE": "tune-linear",
            "SLUICE_PARALLEL": "1",
        }
        (self.folder / "command").write_text("set -- " + shlex.join(["/bin/sh", "-c", family]) + "\n")
        (self.folder / "env").write_text("".join(f"export {n}='{v}'\n" for n, v in lines.items()))
        self._tuner = subprocess.Popen(
            [sys.executable, "-m", "sluice_ml.tuner", "--workspace", str(self.folder), *self._options],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        variables = {"SLUICE_WORKSPACE": str(self.folder), "SLUICE_LOOP": "command", "SLUICE_PATIENCE": "60"}
        self._loop = subprocess.Popen(
            ["/bin/sh", "-c", LOOP, "loop"],
            env=os.environ | variables | meet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        return self

    def kill(self, how: signal.Signals) -> None:
        """Both at once, as when a node is lost (KILL) or a pod is deleted (TERM to the sidecar)."""
        assert self._tuner is not None
        assert self._loop is not None
        self._tuner.send_signal(how)
        os.killpg(self._loop.pid, signal.SIGKILL)

    def await_end(self) -> tuple[int, str]:
        """(code of the tuner, what both said)."""
        assert self._tuner is not None
        assert self._loop is not None
        said, _ = self._tuner.communicate(timeout=600)
        more, _ = self._loop.communicate(timeout=600)
        return self._tuner.returncode, said + more

    def end(self) -> None:
        for process in (self._tuner, self._loop):
            if process is not None:
                if process.poll() is None:
                    process.kill()
                process.wait(30)
                if process.stdout is not None:
                    process.stdout.close()
        if self._loop is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._loop.pid, signal.SIGKILL)

    def trials(self) -> int:
        """How many folders of trials it has."""
        return len(list((self.folder / "tuner/trials").glob("*")))

    def study(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / "outputs/study/study.json").read_text())
        return document


def three(folder: Path, url: str, search: str, patience: int = PATIENCE) -> list[Pod]:
    first = Pod(folder / "main", url, search, workers=["1", "2"], patience=patience)
    others = [Pod(folder / name, url, search, str(i), patience=patience) for i, name in enumerate(("one", "two"), 1)]
    return [first, *others]


def of_storage(url: str, search: str) -> list[FrozenTrial]:
    storage = Storage(url).open(5, tables=False)
    try:
        return optuna.load_study(study_name=f"sluice/run-1/tune-linear/{search}/0", storage=storage).trials
    finally:
        closed(storage)


def exact(study: dict[str, Any], trials: int) -> None:
    assert sorted(t["number"] for t in study["trials"]) == list(range(trials))
    assert {t["state"] for t in study["trials"]} == {"complete"}
    assert all(t["objective"] == pytest.approx(t["params"]["x"]) for t in study["trials"])


def wait_until(condition: Any, what: str) -> None:
    until = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def test_three_pods_do_exactly_the_trials_of_one_search(tmp_path: Path, server: Server) -> None:
    pods = three(tmp_path, server.url, "all")

    for pod in pods:
        pod.start(FAMILY, WITH)
    code, said = pods[0].await_end()
    assert code == 0, said
    ended = [(code, said), *(pod.await_end() for pod in pods[1:])]

    assert [code for code, _ in ended] == [0, 0, 0], ended
    study = pods[0].study()
    exact(study, 12)
    assert (study["parallel"], study["pods"]) == (3, 3)
    assert sum(pod.trials() for pod in pods) == 12
    assert all(pod.trials() >= 1 for pod in pods)
    assert not (pods[1].folder / "outputs/best").exists()
    trials = of_storage(server.url, "all")
    assert [t.state for t in trials] == [TrialState.COMPLETE] * 12
    assert {t.params["n"] for t in trials} <= {0, 1, 2}
    assert all("hidden-word" not in said for _, said in ended)


def test_the_trial_of_a_lost_pod_goes_to_another_one(tmp_path: Path, server: Server) -> None:
    pods = three(tmp_path, server.url, "lost")
    for pod in pods:
        pod.start(FAMILY, WITH)
    wait_until(lambda: pods[1].trials() == 2, "the worker gets its second trial")

    pods[1].kill(signal.SIGKILL)

    code, said = pods[0].await_end()
    assert code == 0, said
    assert "worker 1 is lost: trial" in said
    assert "goes to another one" in said
    exact(pods[0].study(), 12)
    assert pods[2].await_end()[0] == 0
    states = [t.state for t in of_storage(server.url, "lost")]
    assert states.count(TrialState.COMPLETE) == 12
    assert states.count(TrialState.FAIL) == 1


def test_a_deleted_pod_gives_its_trial_back_at_once(tmp_path: Path, server: Server) -> None:
    pods = three(tmp_path, server.url, "deleted", patience=3600)  # nobody waits for a silence
    pods[0].start(FAMILY, WITH | {"trials": 30, "patience": 30}, crowd=2)
    pods[1].start('mkdir -p "$MEET/$POD"; exec sleep 1000', WITH)
    wait_until((tmp_path / "meet/1").exists, "the worker works")

    pods[1].kill(signal.SIGTERM)
    assert pods[1].await_end()[0] == 0
    given = [t for t in of_storage(server.url, "deleted") if t.user_attrs.get("sluice:worker") == "1"]

    # two when the search handed it one more just before it saw that the worker is gone; that one comes back as well
    assert {t.state for t in given} == {TrialState.FAIL}
    code, said = pods[0].await_end()
    assert code == 0, said
    exact(pods[0].study(), 30)


def test_a_search_whose_workers_never_come_is_done_alone(tmp_path: Path, server: Server) -> None:
    alone = Pod(tmp_path / "main", server.url, "alone", workers=["1", "2"]).start(FAMILY, WITH, crowd=1)

    code, said = alone.await_end()

    assert code == 0, said
    exact(alone.study(), 12)
    assert alone.study()["pods"] == 1


def test_a_storage_that_goes_away_costs_speed_only(tmp_path: Path, server: Server) -> None:
    pods = three(tmp_path, server.url, "away")
    for pod in pods:
        pod.start(FAMILY, WITH | {"trials": 40, "patience": 40})
    wait_until(lambda: all(pod.trials() >= 2 for pod in pods), "all work")
    server.stop()
    try:
        wait_until(lambda: pods[0].trials() >= 15, "the search continues alone")
    finally:
        server.start()
    ended = [pod.await_end() for pod in pods]

    assert ended[0][0] == 0, ended[0][1]
    assert "does not answer" in ended[0][1]
    exact(pods[0].study(), 40)


def test_a_worker_of_a_search_that_died_leaves(tmp_path: Path, server: Server) -> None:
    pods = three(tmp_path, server.url, "widow")
    for pod in pods[:2]:
        pod.start(FAMILY, WITH | {"trials": 1000, "patience": 1000}, crowd=2)
    wait_until(lambda: pods[1].trials() >= 1, "the worker works")

    pods[0].kill(signal.SIGKILL)

    code, said = pods[1].await_end()
    assert code == 0, said
    assert "nothing is heard of the search any more" in said


class Deadly:
    """A worker that is lost with every trial."""

    pod = "deadly"
    ask: Ask | None = None

    def __str__(self) -> str:
        return "worker deadly"

    def ready(self) -> bool:
        return True

    def hand(self, ask: Ask, _seconds: float | None) -> bool:
        self.ask = ask
        return True

    def result(self) -> Result | None:
        return None

    def lost(self, _late: bool) -> bool:
        return True


def test_a_trial_that_takes_every_worker_along_has_failed(tmp_path: Path) -> None:
    search = Search(Options("mae", Direction.MINIMIZE, 2, 8, False, 6, False, parallel=2), Space.of(WITH["space"]), 1)

    answer = next(Crew(tmp_path, 1, 60.0, away=[Deadly()]).work(search))

    assert (answer.ask.number, answer.reason) == (1, "lost with its worker, 3 times")


def test_silence_counts_from_the_beginning_and_who_has_gone_is_not_waited_for() -> None:
    pulse = Pulse()
    assert (pulse.alive(60), pulse.silent(60)) == (False, False)
    pulse.see(1)
    assert pulse.alive(60)
    pulse.see("gone")
    assert not pulse.alive(60)
    assert pulse.silent(0)


def test_time_that_is_over_is_over_in_every_pod(tmp_path: Path, server: Server) -> None:
    values = WITH | {"trials": 1000, "time": 20}
    pods = three(tmp_path, server.url, "time")
    for pod in pods:
        pod.start("sleep 0.1; [ -e ../results/never ] || exec sleep 1000", values)
    wait_until(lambda: all(pod.trials() >= 1 for pod in pods), "all work")

    code, said = pods[0].await_end()

    assert code == 1, said
    assert "trials failed" in said
    assert "not done after" in said


def test_three_searches_begin_on_an_empty_database(server: Server) -> None:
    base = Storage(server.url).open(5, tables=False)
    with base.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.exec_driver_sql("CREATE DATABASE fresh")
    closed(base)
    url = server.url.replace("/postgres", "/fresh")
    with ThreadPoolExecutor(3) as pool:
        opened = list(pool.map(lambda _: Storage(url).open(20, tables=True), range(3)))
    for storage in opened:
        assert storage.get_all_studies() == []
        closed(storage)


def test_a_storage_that_cannot_be_used_is_said_without_its_password(tmp_path: Path, server: Server) -> None:
    wrong = server.url.replace("hidden-word", "other-word")

    with pytest.raises(SluiceMlError, match="SLU-7407") as e:
        Storage(wrong).greet(0)
    assert "127.0.0.1" in str(e.value)
    assert "other-word" not in str(e.value)
    with pytest.raises(SluiceMlError, match="not a URL"):
        Storage("secret stuff")
    with pytest.raises(SluiceMlError, match=r"SLU-7407: .*OPTUNA_STORAGE_URL"):
        url_of(tmp_path)
    with pytest.raises(SluiceMlError, match="has no storage"):
        url_of(None)
