"""What the supervisor of the embedded MLflow does to a folder before it starts a server there."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "resources/io/sluice/mlflow"))
supervise: Any = importlib.import_module("supervise")

#: what MLflow has in a database that nobody has used
FRESH = """
CREATE TABLE alembic_version (version_num TEXT);
INSERT INTO alembic_version VALUES ('dc11669786a5');
CREATE TABLE experiments (experiment_id INTEGER, name TEXT);
INSERT INTO experiments VALUES (0, 'Default');
CREATE TABLE workspaces (name TEXT);
INSERT INTO workspaces VALUES ('default');
CREATE TABLE runs (run_uuid TEXT);
CREATE TABLE registered_models (name TEXT);
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def database(script: str) -> None:
    with contextlib.closing(sqlite3.connect("mlflow.db")) as connection:
        connection.executescript(script)


def killed(script: str) -> None:
    """Writes to the database in a process that is killed before it closes it."""
    code = (
        f"import os, sqlite3; c = sqlite3.connect('mlflow.db', isolation_level=None)\n{script}\nos.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL


def rows(table: str, file: str = "mlflow.db") -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=rw", uri=True)) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()


@pytest.mark.parametrize(
    "use",
    [
        "INSERT INTO runs VALUES ('a')",
        "INSERT INTO registered_models VALUES ('a')",
        "INSERT INTO experiments VALUES (1, 'mine')",
        "INSERT INTO workspaces VALUES ('mine')",
        'CREATE TABLE "what ""I"" keep" (it TEXT); INSERT INTO "what ""I"" keep" VALUES (\'a\')',
        # without the table that says which schema it is
        "DROP TABLE alembic_version; INSERT INTO runs VALUES ('a')",
    ],
)
def test_a_note_and_then_a_whole_database_that_stays(use: str, capfd: pytest.CaptureFixture[str]) -> None:
    Path("mlflow.db.unfinished").touch()
    database(FRESH + use)
    before = Path("mlflow.db").read_bytes()
    assert supervise.begin_database()
    assert Path("mlflow.db").read_bytes() == before
    assert [p.name for p in Path().iterdir()] == ["mlflow.db"]
    assert "is in use: it holds rows of the table" in capfd.readouterr().err


def test_rows_that_are_in_the_write_ahead_log_alone_count() -> None:
    Path("mlflow.db.unfinished").touch()
    database(FRESH)
    killed("c.execute('PRAGMA journal_mode = wal'); c.execute(\"INSERT INTO runs VALUES ('a')\")")
    assert Path("mlflow.db-wal").stat().st_size > 0
    assert supervise.begin_database()
    assert rows("runs") == [("a",)]
    assert not Path("mlflow.db.unfinished").exists()


@pytest.mark.parametrize("half", ["CREATE TABLE registered_models (name TEXT)", FRESH, ""])
def test_one_that_holds_nothing_is_set_aside_and_none_is_deleted(half: str, capfd: pytest.CaptureFixture[str]) -> None:
    Path("mlflow.db.unfinished").touch()
    Path("mlflow.db.unfinished-1-wal").touch()
    for number in (2, 3):
        database(half)
        before = Path("mlflow.db").read_bytes()
        assert supervise.begin_database()
        assert not os.path.lexists("mlflow.db")
        assert Path(f"mlflow.db.unfinished-{number}").read_bytes() == before
        assert f"it is mlflow.db.unfinished-{number} now" in capfd.readouterr().err
    assert Path("mlflow.db.unfinished").exists()


def test_what_a_killed_server_was_writing_is_rolled_back_and_does_not_count() -> None:
    Path("mlflow.db.unfinished").touch()
    database(FRESH + "INSERT INTO runs VALUES ('a'); PRAGMA user_version = 1; DELETE FROM runs;")
    killed(
        "c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN')\n"
        "for n in range(2000): c.execute('INSERT INTO runs VALUES (?)', ('x' * 500,))"
    )
    assert Path("mlflow.db-journal").stat().st_size > 0
    assert supervise.begin_database()
    assert not os.path.lexists("mlflow.db")
    assert not os.path.lexists("mlflow.db-journal")
    assert rows("runs", "mlflow.db.unfinished-1") == []


def test_one_that_cannot_be_read_stays(capfd: pytest.CaptureFixture[str]) -> None:
    Path("mlflow.db.unfinished").touch()
    Path("mlflow.db").write_text("this is not a database, perhaps a damaged one" * 100)
    assert supervise.begin_database()
    assert Path("mlflow.db").exists()
    assert Path("mlflow.db.unfinished").exists()
    assert "file is not a database" in capfd.readouterr().err


@pytest.mark.parametrize("noted", [True, False])
def test_a_link_to_a_disk_that_is_not_there_is_refused(noted: bool, capfd: pytest.CaptureFixture[str]) -> None:
    if noted:
        Path("mlflow.db.unfinished").touch()
    Path("mlflow.db").symlink_to("disk/mlflow.db")
    assert not supervise.begin_database()
    assert Path("mlflow.db").is_symlink()
    assert Path("mlflow.db.unfinished").exists() == noted
    assert "is its disk mounted?" in capfd.readouterr().err
    Path("disk").mkdir()
    Path("disk/mlflow.db").touch()
    assert supervise.begin_database()
    assert Path("disk/mlflow.db").exists()


@pytest.mark.parametrize(("users", "code"), [("", 0), ("token", 1)])
def test_a_start_that_makes_no_database_leaves_no_note(users: str, code: int) -> None:
    # given up because nobody waits for it; or failed, for this Python has no MLflow
    Path("kept").write_text(users)
    script = str(ROOT / "resources/io/sluice/mlflow/supervise.py")
    assert subprocess.run([sys.executable, "-I", script, "token"], check=False).returncode == code
    assert not Path("mlflow.db.unfinished").exists()


@pytest.fixture
def process() -> Iterator[Any]:
    """Starts processes that do nothing until they are ended."""
    started: list[subprocess.Popen[bytes]] = []

    def start(cwd: Path, **more: str) -> subprocess.Popen[bytes]:
        code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
        one = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=cwd,
            env={**os.environ, **more},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(one)
        assert one.stdout is not None
        assert one.stdout.readline() == b"1\n"
        return one

    yield start
    for one in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(one.pid, signal.SIGKILL)
        one.communicate()


def test_a_server_that_nobody_published_is_found_and_no_other_process(process: Any, folder: Path) -> None:
    other = folder / "other"
    other.mkdir()
    server = process(folder, SLUICE_EMBEDDED_MLFLOW="1")
    neighbours = [process(other, SLUICE_EMBEDDED_MLFLOW="1"), process(folder)]
    assert supervise.orphans() == {server.pid}
    # what is left of a server whose first process was killed
    server.kill()
    server.wait()
    assert supervise.orphans() == {server.pid}
    assert supervise.stop_orphans()
    assert supervise.orphans() == set()
    assert [n.poll() for n in neighbours] == [None, None]

    # an older Sluice published it, and its processes have no mark
    Path("server.json").write_text(f'{{"server": {neighbours[1].pid}}}')
    assert supervise.orphans() == {neighbours[1].pid}
