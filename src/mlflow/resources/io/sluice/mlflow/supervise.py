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


def stop_orphan() -> None:
    """Ends a server whose supervisor was killed, if it is still ours: the process id may be reused."""
    try:
        group = int(json.loads(SERVER_JSON.read_text())["server"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if any(is_ours(int(p.name), group) for p in Path("/proc").glob("[0-9]*")):
        stop_group(group, None)


def is_ours(process: int, group: int) -> bool:
    """Whether a process is of that group and works in this folder, as the server's processes do."""
    try:
        return os.getpgid(process) == group and os.path.samefile(f"/proc/{process}/cwd", ".")
    except OSError:
        return False


def publish(token: str, port: int, server: int) -> None:
    new = SERVER_JSON.with_suffix(".tmp")
    content = {"token": token, "port": port, "supervisor": os.getpid(), "server": server}
    new.write_text(json.dumps(content))
    new.replace(SERVER_JSON)


def begin_database() -> None:
    """Notes a database that is not there yet as unfinished, and removes one that its first start left so.

    A server that is ended while it makes its tables leaves some of them, and no later start could add the rest.
    Nobody has used such a database: the note goes before the server is published.
    """
    if UNFINISHED.exists():
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(f"{DATABASE}{suffix}").unlink(missing_ok=True)
    if not DATABASE.exists():
        UNFINISHED.touch()


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
        print("another supervisor keeps this folder's server", file=sys.stderr)
        return 1
    users = os.open("users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    stop_orphan()
    SERVER_JSON.unlink(missing_ok=True)
    begin_database()

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
        if published or not output.port_taken:
            return 1
    return 1


if __name__ == "__main__":
    sys.exit(main())
