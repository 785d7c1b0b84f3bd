"""Lets MLflow load a version of Sluice that forecasts by a command, as a `python_function`.

This file lies in the version, in `predict/mlflow`. It needs the standard library, and pandas and numpy, which MLflow
brings. It starts the recorded command as Sluice's predict stage does (docs/families.md): in the recorded code, in an
environment from the recorded lock, once for each origin, and it reads the answer as strictly.

A process that loads several versions imports the first one's file for all of them: a change that versions with an
older file could not live with needs another name of the file.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import hashlib
import importlib
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ORIGIN = "origin"
HORIZON = "horizon"
FORECAST = "forecast"

#: as a step has them on a laptop, where nothing of the caller's variables reaches a command
NO_TELEMETRY = {"DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "ORT_DISABLE_TELEMETRY": "1"}
SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.0+)?Z)?")
#: how languages spell a number that is none, as the reader of tables has it
NOT_A_NUMBER = frozenset(
    ["", "nan", "na", "n/a", "#n/a", "null", "none", "nil", "-", "\\n"]
    + [sign + word for sign in ("", "+", "-") for word in ("inf", "infinity")]
)
#: what would have pip put packages elsewhere, or others in, than the lock says
ASTRAY = ("PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT", "PIP_CONSTRAINT", "PIP_REQUIREMENT", "VIRTUAL_ENV")
SHOWN = 4000
#: seconds: a command that hangs must not hold its model, nor an installer the environment, for ever
CALL_LIMIT = 600.0
INSTALL_LIMIT = 3600.0
END_LIMIT = 10.0

Key = tuple[str, ...]


try:
    # a server of MLflow answers with the message of its own exceptions, and hides that of others in a stack trace
    _Told: Any = importlib.import_module("mlflow.exceptions").MlflowException
    _CALLERS: Any = {"error_code": importlib.import_module("mlflow.protos.databricks_pb2").INVALID_PARAMETER_VALUE}
except ModuleNotFoundError:  # without MLflow, as this file's tests are
    _Told, _CALLERS = ValueError, {}


class PredictError(_Told):  # type: ignore[misc]
    """What is wrong and what to do about it, under an id of docs/errors.md."""

    def __init__(self, identity: str, message: str, hint: str) -> None:
        # 400 where the caller can mend it, else 500
        super().__init__(f"{identity}: {message} (hint: {hint})", **(_CALLERS if identity == "SLU-6314" else {}))


class CommandModel:
    """A version that forecasts by a command. One call of the command at a time, as in Sluice."""

    def __init__(self, bundle: Path) -> None:
        recorded = _json(bundle / "predict/predict.json", "sluice.io/predict/v1", "SLU-6310")
        signature = _json(bundle / "signature.json", "sluice.io/bundle/v1", "SLU-6002")
        if signature["kind"] != "forecast":
            raise PredictError(
                "SLU-6002",
                f"signature.json is of the kind {signature['kind']!r}; a predict command forecasts",
                "load the version with the files that it came with",
            )
        self.horizons: list[int] = signature["horizons"]
        window = next(i for i in signature["inputs"] if i["kind"] == "window")
        self.windows = [f"{c}.{back}" for back in range(window["lookback"], 0, -1) for c in window["channels"]]
        self.command: list[str] = recorded["command"]
        bin_folder = _environment(bundle, recorded["environment"])
        self._work = Path(tempfile.mkdtemp(prefix="sluice-predict-"))
        weakref.finalize(self, _remove, self._work, os.getpid())
        self._lock = threading.Lock()
        code = self._work / "code"
        if (bundle / "predict/code").is_dir():
            shutil.copytree(bundle / "predict/code", code)
        code.mkdir(exist_ok=True)
        for path in recorded["executable"]:
            (code / path).chmod(0o755)
        for folder in ("inputs", "out", "results", "tmp"):
            (self._work / folder).mkdir()
        shutil.copytree(bundle, self._work / "inputs/model", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(bundle / "params.json", self._work / "params.json")
        self._limit = _limit(os.environ.get("SLUICE_PREDICT_TIMEOUT", ""))
        self._variables = self._environ(bin_folder, signature["family"])
        self._program = self._find(recorded["environment"])

    def _environ(self, bin_folder: Path | None, family: str) -> dict[str, str]:
        own = Path(sys.prefix, "bin")
        path = [str(bin_folder)] if bin_folder else []
        if bin_folder is None:
            # the machine's own programs: not those of the environment that MLflow runs in
            path += [p for p in os.get_exec_path() if Path(p).is_absolute() and Path(p) != own]
        path += [p for p in SYSTEM_PATH if p not in path]
        tmp = str(self._work / "tmp")
        own_environment = {"VIRTUAL_ENV": str(bin_folder.parent), "PYTHONNOUSERSITE": "1"} if bin_folder else {}
        return {
            **NO_TELEMETRY,
            **own_environment,
            "PATH": ":".join(path),
            "LANG": "C.UTF-8",
            "SLUICE_INPUTS": str(self._work / "inputs"),
            "SLUICE_OUTPUTS": str(self._work / "out"),
            "SLUICE_PARAMS": str(self._work / "params.json"),
            "SLUICE_RESULTS": str(self._work / "results"),
            "SLUICE_MODE": "predict",
            "SLUICE_SEED": "0",
            "SLUICE_STAGE": f"predict-{family}",
            "SLUICE_RUN": "mlflow",
            "SLUICE_FAMILY": family,
            "TMPDIR": tmp,
            "HOME": tmp,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def _find(self, environment: Mapping[str, Any]) -> str:
        name = self.command[0]
        if "/" in name:
            program = self._work / "code" / name
            found = str(program) if program.is_file() and os.access(program, os.X_OK) else None
        else:
            found = shutil.which(name, path=self._variables["PATH"])
        if found is None:
            raise PredictError(
                "SLU-6313",
                f"the version forecasts by the command {self.command}, and there is no program {name!r} here"
                f" (PATH={self._variables['PATH']})",
                f"install it, or load the version where it is; it was trained in the environment"
                f" {environment['name']!r}, image {environment['image']}",
            )
        return found

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Forecasts each row of `data`: the unit's columns, `origin`, and the columns of windows.csv.

        Returns the unit's columns, `origin`, `horizon` and `forecast`, a row for each row and horizon.
        """
        if params:
            raise PredictError("SLU-6314", "a version that forecasts by a command has no params", "leave them out")
        origins, units = self._asked(data)
        answers: list[tuple[Any, ...]] = []
        with self._lock:
            for origin in sorted(origins):
                forecasts = self._call(origin, units, origins[origin])
                answers += [
                    (*key, origin, horizon, forecasts[key, horizon])
                    for key in origins[origin]
                    for horizon in self.horizons
                ]
        return pd.DataFrame(answers, columns=[*units, ORIGIN, HORIZON, FORECAST])

    def _asked(self, data: Any) -> tuple[dict[str, dict[Key, list[str]]], list[str]]:
        """By origin, the window of each unit as windows.csv has it; and the unit's columns."""
        if not isinstance(data, pd.DataFrame):
            raise _unfit(f"the input is {type(data).__name__}, not a DataFrame (`dataframe_split` of a server)")
        columns = [str(c) for c in data.columns]
        if len(set(columns)) != len(columns):
            raise _unfit("a column of the input stands there twice")
        missing = [c for c in (ORIGIN, *self.windows) if c not in columns]
        if missing:
            raise _unfit(f"the input has no column {', '.join(missing[:5])}{' ..' if len(missing) > 5 else ''}")
        units = [c for c in columns if c != ORIGIN and c not in set(self.windows)]
        if not units:
            raise _unfit("the input has no column that says which unit a row is of")
        origins: dict[str, dict[Key, list[str]]] = {}
        rows = zip(
            data[units].itertuples(index=False, name=None),
            data[ORIGIN],
            data[self.windows].itertuples(index=False, name=None),
            strict=True,
        )
        for number, (unit, origin, window) in enumerate(rows):
            key = tuple(_text(value, f"row {number}, column {c}") for c, value in zip(units, unit, strict=True))
            asked = origins.setdefault(_instant(origin, f"row {number}, column {ORIGIN}"), {})
            if key in asked:
                raise _unfit(f"row {number} is a second one of unit {key} at the same origin")
            asked[key] = [
                _number(value, f"row {number}, column {c}") for c, value in zip(self.windows, window, strict=True)
            ]
        return origins, units

    def _call(self, origin: str, units: Sequence[str], asked: Mapping[Key, list[str]]) -> dict[tuple[Key, int], float]:
        with (self._work / "inputs/windows.csv").open("w", encoding="utf-8", newline="") as out:
            table = csv.writer(out, lineterminator="\n")
            table.writerow([*units, *self.windows])
            table.writerows([*key, *window] for key, window in asked.items())
        answer = self._work / "out/forecast.csv"
        answer.unlink(missing_ok=True)
        code, said = _run(
            [self._program, *self.command[1:]],
            self._limit,
            cwd=self._work / "code",
            env={**self._variables, "SLUICE_AS_OF": origin},
            own=f"SLUICE_OUTPUTS={self._variables['SLUICE_OUTPUTS']}",
        )
        if code != 0:
            ended = (
                f"was still running after {self._limit:g} s and was ended"
                if code is None
                else f"ended with exit code {code}"
            )
            # not for the caller, who may be anybody: what a program says may name files, hosts and secrets
            print(
                f"the predict command {ended} at origin {origin}; its last output:\n{said}", file=sys.stderr, flush=True
            )
            raise PredictError(
                "SLU-6316",
                f"the predict command {ended} at origin {origin}; the log of the process that runs MLflow has the end"
                " of its output",
                "give it longer by SLUICE_PREDICT_TIMEOUT, in seconds"
                if code is None
                else "run it by hand in predict/code of the version, with the variables of docs/families.md",
            )
        if answer.is_symlink() or not answer.is_file():
            raise PredictError(
                "SLU-6301",
                f"the predict command left no forecasts for origin {origin}",
                "write SLUICE_OUTPUTS/forecast.csv at every call",
            )
        return self._read(answer, origin, units, asked)

    def _read(
        self, answer: Path, origin: str, units: Sequence[str], asked: Iterable[Key]
    ) -> dict[tuple[Key, int], float]:
        wanted = [*units, HORIZON, FORECAST]
        keys = set(asked)
        read: dict[tuple[Key, int], float] = {}
        with answer.open(encoding="utf-8", newline="") as text:
            table = csv.reader(text, strict=True)
            header = next(table, [])
            if sorted(header) != sorted(wanted):
                raise _broken("SLU-6021", f"forecast.csv has the columns {header}, not {wanted}", origin)
            at = [header.index(c) for c in units]
            for row in table:
                where = f"forecast.csv, line {table.line_num}"
                if len(row) != len(header):
                    raise _broken("SLU-6022", f"{where} has {len(row)} fields, the header has {len(header)}", origin)
                key = tuple(row[i] for i in at)
                horizon = _horizon(row[header.index(HORIZON)], where, origin)
                if key not in keys or horizon not in self.horizons:
                    raise _broken(
                        "SLU-6302",
                        f"{where}: nobody asked for "
                        + (f"horizon {horizon}" if key in keys else f"unit {key}{_meant(key, keys)}"),
                        origin,
                    )
                if (key, horizon) in read:
                    raise _broken("SLU-6303", f"{where}: a second forecast of one unit and horizon", origin)
                read[key, horizon] = _forecast(row[header.index(FORECAST)], where, origin)
        absent = [(key, horizon) for key in asked for horizon in self.horizons if (key, horizon) not in read]
        if absent:
            raise _broken(
                "SLU-6304",
                f"{len(absent)} of {len(keys) * len(self.horizons)} forecasts are missing, the first for unit"
                f" {absent[0][0]}, horizon {absent[0][1]}",
                origin,
            )
        return read


def _load_pyfunc(path: str) -> CommandModel:
    """What MLflow calls."""
    return CommandModel(Path(path))


def _json(file: Path, version: str, identity: str) -> dict[str, Any]:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError) as e:
        raise PredictError(identity, f"{file} cannot be read: {e}", "train@1 writes it: load the whole version") from e
    if not isinstance(document, dict) or document.get("apiVersion") != version:
        raise PredictError(identity, f"{file} is not {version}", "load the version with the files that it came with")
    return document


def _environment(bundle: Path, recorded: Mapping[str, Any]) -> Path | None:
    """`bin` of the environment that the lock describes, made once for all versions with this lock."""
    if "lock" not in recorded:
        return None
    lock = bundle / recorded["lock"]
    python = _python(recorded["python"])
    digest = hashlib.sha256(f"{recorded['python']} {python}\n".encode() + lock.read_bytes()).hexdigest()
    cache = _cache()
    folder = cache / digest
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock_file = (cache / f"{digest}.lock").open("w")
    except OSError as e:
        raise _no_cache(f"{cache} cannot be written: {e}") from e
    with lock_file as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        # the interpreter is a link to the machine's, which may have gone
        if not ((folder / "complete").exists() and os.access(folder / "bin/python", os.X_OK)):
            shutil.rmtree(folder, ignore_errors=True)
            _install([python, "-I", "-m", "venv", str(folder)])
            own = str(folder / "bin/python")
            if any(line.strip() and not line.lstrip().startswith("#") for line in lock.read_text().splitlines()):
                _install([own, "-I", "-m", "pip", "install", "--require-hashes", "--no-deps", "-r", str(lock)])
            (folder / "complete").touch()
    return folder / "bin"


def _cache() -> Path:
    """As Sluice has it: the XDG specification has relative paths ignored, and an empty HOME would be `/`."""
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    if xdg.startswith("/"):
        return Path(xdg, "sluice/predict-environments")
    home = os.environ.get("HOME", "")
    if not home.startswith("/"):
        try:
            home = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            raise _no_cache(f"HOME is not set, and the user {os.getuid()} has no home folder") from None
    return Path(home, ".cache/sluice/predict-environments")


def _no_cache(message: str) -> PredictError:
    return PredictError(
        "SLU-6315",
        f"there is no folder for the environment of the predict command: {message}",
        "set XDG_CACHE_HOME to a folder that this user can write, given from /",
    )


def _limit(text: str) -> float:
    """Seconds that a call of the command may take."""
    if not text:
        return CALL_LIMIT
    if NUMBER.fullmatch(text) and 0 < float(text) < threading.TIMEOUT_MAX:
        return float(text)
    raise PredictError(
        "SLU-6316",
        f"SLUICE_PREDICT_TIMEOUT is {text!r}, not a number of seconds above 0",
        f"give seconds for one origin, or unset it to have {CALL_LIMIT:g}",
    )


def _python(wanted: str) -> str:
    """A Python of this version; the one that runs MLflow where that is one."""
    version = ".".join(map(str, sys.version_info[:3]))
    if version == wanted or version.startswith(wanted + "."):
        return str(getattr(sys, "_base_executable", sys.executable))
    minor = ".".join(wanted.split(".")[:2])
    found = shutil.which(f"python{minor}")
    if found is None:
        # the oldest that MLflow's packages exist for: an environment manager brings none before it
        old = int(minor.split(".")[1]) < 11
        raise PredictError(
            "SLU-6315",
            f"the version forecasts by a command in Python {wanted}, which is not on this machine; MLflow runs in"
            f" {version}",
            f"have python{minor} on the PATH; MLflow's packages need Python 3.11, so no environment manager brings it"
            if old
            else "serve it with an environment manager (`--env-manager virtualenv` or `uv`), or have"
            f" python{minor} on the PATH",
        )
    return found


def _install(argv: list[str]) -> None:
    environ = {k: v for k, v in os.environ.items() if k not in ASTRAY and not k.startswith("PYTHON")}
    # a name that its processes alone have
    own = f"SLUICE_PREDICT_INSTALL={os.getpid()}-{os.urandom(8).hex()}"
    name, value = own.split("=")
    code, said = _run(argv, INSTALL_LIMIT, cwd=Path(), env={**environ, name: value}, own=own)
    if code != 0:
        ended = f"did not end within {INSTALL_LIMIT:g} s" if code is None else f"ended with {code}"
        raise PredictError(
            "SLU-6315",
            f"the environment of the predict command cannot be made: {argv} {ended}: {said}",
            "predict/environment.lock has what it needs: is the package index within reach, and venv installed?",
        )


def _run(argv: list[str], limit: float, cwd: Path, env: dict[str, str], own: str) -> tuple[int | None, str]:
    """Runs a program to its end or to the limit: its exit code, None at the limit, and the end of what it said.

    Nothing that it started is left. The output goes to a file: a pipe would be open for as long as any of them lives.
    """
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        code = None
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(limit)
        finally:
            _end(process, own)
        log.seek(max(0, log.seek(0, os.SEEK_END) - SHOWN))
        return code, log.read().decode("utf-8", "replace").strip() or "nothing"


def _end(process: subprocess.Popen[bytes], own: str) -> None:
    """Ends a command where it still runs, and what it started: its group, and whatever left it with its variables."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + END_LIMIT
    # a process that waits for a disk ends when that answers: nobody waits for it here
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_LIMIT)
    variable = own.encode()
    found = True
    while found and time.monotonic() < deadline:
        found = False
        for other in Path("/proc").glob("[0-9]*"):
            # it has ended, or is another user's
            with contextlib.suppress(OSError):
                if variable in (other / "environ").read_bytes().split(b"\0"):
                    os.kill(int(other.name), signal.SIGKILL)
                    found = True
        if found:
            time.sleep(0.02)


def _remove(work: Path, owner: int) -> None:
    """Removes what a model laid out, unless this is a process that was forked since."""
    if os.getpid() == owner:
        shutil.rmtree(work, ignore_errors=True)


def _unfit(message: str) -> PredictError:
    return PredictError(
        "SLU-6314",
        message,
        "a row is the unit's columns as text, `origin`, and the window: returned.8, shipped.8, .., shipped.1",
    )


def _broken(identity: str, message: str, origin: str) -> PredictError:
    return PredictError(
        identity,
        f"{message}; origin {origin}",
        "the predict command writes the units of windows.csv, `horizon` and `forecast`",
    )


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _unfit(
            f"{where} is {value!r}; units are text: read them without guessing types, as with pandas' dtype=str"
        )
    if not value or any(c < " " for c in value):
        raise _unfit(f"{where} is {value!r}; a unit has a name without control characters")
    return value


def _instant(value: Any, where: str) -> str:
    """As `SLUICE_AS_OF` has it: `2026-01-05T00:00:00Z`."""
    if isinstance(value, str) and INSTANT.fullmatch(value):
        try:
            at = datetime.fromisoformat(re.sub(r"\.0+", "", value))
        except ValueError:
            raise _unfit(f"{where} is {value!r}, which is not a time") from None
    elif isinstance(value, datetime) and not pd.isna(value):
        at = value
    else:
        raise _unfit(f"{where} is {value!r}, not an instant such as 2026-01-05 or 2026-01-05T06:30:00Z")
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if at.microsecond:
        raise _unfit(f"{where} is {value!r}: an origin is a whole second")
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(value: Any, where: str) -> str:
    """The float32 that a graph would be given, as Sluice writes it into windows.csv."""
    if value is None or value is pd.NA or (isinstance(value, float | np.floating) and np.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        raise _unfit(f"{where} is {value!r}, not a number; a missing one is NaN or null")
    with np.errstate(over="ignore"):
        narrow = np.float32(value)
    if not np.isfinite(narrow):
        raise _unfit(f"{where} is {value!r}, which a float32 does not hold")
    wide = float(str(narrow))
    if wide == int(wide) and abs(wide) < 1e15:
        return str(int(wide))
    if 1e-3 <= abs(wide) < 1e7:
        return repr(wide)
    sign, digits, exponent = Decimal(repr(wide)).normalize().as_tuple()
    mantissa = f"{digits[0]}.{''.join(map(str, digits[1:])) or '0'}"
    return f"{'-' * sign}{mantissa}E{len(digits) - 1 + int(exponent)}"


def _horizon(text: str, where: str, origin: str) -> int:
    if NUMBER.fullmatch(text):
        value = float(text)
        if value == int(value) and 1 <= value <= 1_000_000:
            return int(value)
    raise _broken("SLU-6022", f"{where}: the horizon {text!r} is not a whole number from 1", origin)


def _forecast(text: str, where: str, origin: str) -> float:
    if NUMBER.fullmatch(text) and np.isfinite(float(text)):
        return float(text) + 0.0
    if text.strip().lower() in NOT_A_NUMBER or NUMBER.fullmatch(text):
        raise _broken("SLU-6010", f"{where}: the forecast is {text!r}, not a finite number", origin)
    raise _broken("SLU-6022", f"{where}: the forecast {text!r} is not a number", origin)


def _meant(key: Key, keys: Iterable[Key]) -> str:
    """The unit that this one was before a reader took its text for a number."""

    def plain(part: str) -> str:
        return f"{float(part):g}" if NUMBER.fullmatch(part) else part

    like = [k for k in keys if [plain(p) for p in k] == [plain(p) for p in key]]
    return f", but for {like[0]}: units are text, keep leading zeros (pandas' dtype=str)" if like else ""
