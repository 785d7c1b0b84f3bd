"""Keeps one MLflow server for as long as any Sluice process uses it.

Every user of the server holds a shared lock on ``users.lock``. The kernel drops it when the user
ends, however it ends; so when this supervisor gets the lock for itself, nobody is left, and it ends
the server's whole process group and itself, unless the file ``kept`` holds its token: somebody asked for
this server to stay, and takes the file away when it shall end. It holds ``supervisor.lock`` meanwhile, which is how a
newcomer tells a living server from the traces of a dead one.

Usage: supervise.py TOKEN, in the server's state folder. Once the server listens, ``server.json`` holds
the token, the port and the process ids.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

POLL_S = 0.2
STOP_S = 8.0
OWN_LOCK_S = 2.0
MAX_LOG_BYTES = 10 << 20
PORTS_TO_TRY = 5
SERVER_JSON = Path("server.json")
KEPT = Path("kept")
LOG = Path("server.log")
DATABASE = Path("mlflow.db")
UNFINISHED = Path("mlflow.db.unfinished")
SIDECARS = ("-journal", "-wal", "-shm")
MARK = "SLUICE_EMBEDDED_MLFLOW"


class Output:
    """The server's output: kept in a bounded log, and watched for the two lines that matter."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.listening = threading.Event()
        self.port_taken = False
        self._stream = stream
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        log = LOG.open("ab", buffering=0)
        for line in self._stream:
            if re.search(rb"Uvicorn running on http://127\.0\.0\.1:", line):
                self.listening.set()
            if b"address already in use" in line.lower():
                self.port_taken = True
            # Whatever becomes of the log, the pipe is drained: the server would stand still on a full one.
            with contextlib.suppress(OSError):
                if log.tell() > MAX_LOG_BYTES:
                    LOG.replace("server.log.1")
                    fresh = LOG.open("ab", buffering=0)
                    log.close()
                    log = fresh
                log.write(line)
        log.close()

    def drain(self) -> None:
        self._thread.join(timeout=2)


def free_port() -> int:
    """A port that is free now. Should another process be faster, the server says so and we try again."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def start(port: int) -> subprocess.Popen[bytes]:
    keep = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    env.update(
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
        MLFLOW_DISABLE_TELEMETRY="true",
        DO_NOT_TRACK="true",
        GIT_PYTHON_REFRESH="quiet",
        PYTHONUNBUFFERED="1",
        PYTHONSAFEPATH="1",
    )
    # Every process of the server has it from its first moment, so that a killed supervisor's can be found.
    env[MARK] = "1"
    # Paths relative to the state folder: no character in its name can break the database's URI.
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--allowed-hosts", f"127.0.0.1:{port},localhost:{port}"),
        *("--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "./artifacts"),
    ]
    return subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def stop_group(group: int, leader: subprocess.Popen[bytes] | None) -> None:
    """Ends every process of the group: politely, then not."""
    deadline = time.monotonic() + STOP_S
    for sig in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, sig)
        except ProcessLookupError:
            return
        while time.monotonic() < deadline:
            if leader is not None:
                leader.poll()
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)
        deadline = time.monotonic() + 2


def stop_orphans() -> bool:
    """Ends servers whose supervisor was killed, published or not. False when one cannot be ended."""
    for group in orphans():
        stop_group(group, None)
    return not orphans()


def orphans() -> set[int]:
    """The process groups of servers that still work in this folder.

    Their processes carry `MARK`; those of an older Sluice do not, and are found by the group that it published.
    """
    published = 0
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        published = int(json.loads(SERVER_JSON.read_text())["server"])
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        # It ended, is another user's, or has ended and waits for its parent.
        with contextlib.suppress(OSError):
            group = os.getpgid(int(process.name))
            if group == os.getpgrp() or not (process / "cwd").samefile("."):
                continue
            if group == published or f"{MARK}=1".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.add(group)
    return found


def publish(token: str, port: int, server: int) -> None:
    new = SERVER_JSON.with_suffix(".tmp")
    content = {"token": token, "port": port, "supervisor": os.getpid(), "server": server}
    new.write_text(json.dumps(content))
    new.replace(SERVER_JSON)


def begin_database() -> bool:
    """Notes a database that is not there yet as unfinished, and sets aside one that its first start left so.

    A server that is ended while it makes its tables leaves some of them, and no later start could add the rest.
    The note alone proves nothing: somebody may have put a whole database there since. So one that holds anything
    stays, and none is deleted. False when the database cannot be used.
    """
    if DATABASE.is_symlink() and not DATABASE.exists():
        say(
            f"{DATABASE} is a link to {DATABASE.readlink()}, which is not there: is its disk mounted?"
            " (for a new database there, make that file, empty)"
        )
        return False
    if os.path.lexists(UNFINISHED) and DATABASE.exists():
        try:
            content = whatever_is_in(DATABASE)
        except sqlite3.Error as e:
            say(f"{DATABASE} may be unfinished and cannot be read, so it stays as it is: {e}")
            return True
        if content is None:
            say(f"an earlier start did not finish {DATABASE}, which holds nothing; it is {set_aside()} now")
        else:
            say(f"{DATABASE} was noted as unfinished, and is in use: it holds {content}; it stays")
            UNFINISHED.unlink()
    if not os.path.lexists(DATABASE):
        UNFINISHED.touch()
    return True


def whatever_is_in(database: Path) -> str | None:
    """The first thing in a database that MLflow does not put there by itself, or None."""
    # Not mode=ro: that cannot roll back what a killed server left half written, nor read a write-ahead log alone.
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True)) as connection:
        connection.execute("PRAGMA query_only = ON")
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (table,) in tables:
            if table == "alembic_version" or table.startswith("sqlite_"):
                continue
            own = {"experiments": " WHERE experiment_id <> 0", "workspaces": " WHERE name <> 'default'"}.get(table, "")
            quoted = table.replace('"', '""')
            if connection.execute(f'SELECT 1 FROM "{quoted}"{own} LIMIT 1').fetchone():
                return f"rows of the table {table}"
    return None


def set_aside() -> Path:
    """Renames the database with what SQLite keeps beside it; returns its new name."""
    number = 1
    while any(os.path.lexists(f"{UNFINISHED}-{number}{suffix}") for suffix in ("", *SIDECARS)):
        number += 1
    aside = Path(f"{UNFINISHED}-{number}")
    for suffix in ("", *SIDECARS):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{DATABASE}{suffix}").rename(f"{aside}{suffix}")
    return aside


def say(message: str) -> None:
    """For the server's log, which is where the supervisor's output goes."""
    print(message, file=sys.stderr, flush=True)


def kept(token: str) -> bool:
    """Whether this very server shall stay without users. What an earlier one left in the file counts for nothing."""
    try:
        return KEPT.read_text() == token
    except OSError:
        return False


def locked(file: int, patience_s: float) -> bool:
    """Takes a lock for itself. A process that asks whether it is held holds it for a moment: try again."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def main() -> int:
    (token,) = sys.argv[1:]
    # Out of the terminal's reach: Ctrl-C ends the command, whose last stage still needs the server.
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    told_to_stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told_to_stop.set())

    supervisor = os.open("supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
    if not locked(supervisor, OWN_LOCK_S):
        say("another supervisor keeps this folder's server")
        return 1
    users = os.open("users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    # Before anything is done to the database: one of them may be at work on it.
    if not stop_orphans():
        say(f"an MLflow server that nobody keeps does not end; its process groups: {sorted(orphans())}")
        return 1
    SERVER_JSON.unlink(missing_ok=True)
    if not begin_database():
        return 1

    for _ in range(PORTS_TO_TRY):
        port = free_port()
        server = start(port)
        assert server.stdout is not None
        output = Output(server.stdout)
        published = False
        try:
            while server.poll() is None:
                if output.listening.is_set() and not published:
                    UNFINISHED.unlink(missing_ok=True)
                    publish(token, port, server.pid)
                    published = True
                if told_to_stop.is_set() or (not kept(token) and locked(users, 0)):
                    return 0
                time.sleep(POLL_S)
            output.drain()
        finally:
            SERVER_JSON.unlink(missing_ok=True)
            stop_group(server.pid, server)
            if not os.path.lexists(DATABASE):
                UNFINISHED.unlink(missing_ok=True)
        if published or not output.port_taken:
            return 1
    return 1


if __name__ == "__main__":
    sys.exit(main())
