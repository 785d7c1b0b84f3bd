"""The loader that MLflow finds in a version that forecasts by a command, without MLflow."""

from __future__ import annotations

import importlib
import json
import os
import pwd
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "resources/io/sluice/inference/pyfunc"))
loader: Any = importlib.import_module("sluice_predict")

#: the level of the last period, and what it was given beside the answer
COMMAND = """\
import csv, json, os, pathlib, sys
assert sys.argv[1:] == ["it's $HOME and $(that); `id`"], sys.argv
assert os.environ["SLUICE_MODE"] == "predict" and os.environ["SLUICE_FAMILY"] == "own"
level = json.load(open(os.environ["SLUICE_PARAMS"]))["level"]
assert (pathlib.Path(os.environ["SLUICE_INPUTS"]) / "model/model.txt").read_text() == "mine"
text = (pathlib.Path(os.environ["SLUICE_INPUTS"]) / "windows.csv").read_text()
print(os.environ["SLUICE_AS_OF"], text, file=open("calls", "a"))
header, *rows = csv.reader(text.splitlines())
with open(os.environ["SLUICE_OUTPUTS"] + "/forecast.csv", "w") as out:
    print("product,horizon,forecast", file=out)
    for product, *window in rows:
        for horizon in 1, 3:
            print(product, horizon, level * float(window[-1] or 0), sep=",", file=out)
"""


def bundle(folder: Path, code: str = COMMAND, **recorded: Any) -> Path:
    (folder / "predict/code").mkdir(parents=True)
    (folder / "predict/code/own.py").write_text(code)
    (folder / "model.txt").write_text("mine")
    (folder / "params.json").write_text('{"level": 2}')
    signature = {
        "apiVersion": "sluice.io/bundle/v1",
        "kind": "forecast",
        "family": "own",
        "inputs": [{"kind": "window", "channels": ["returned", "shipped"], "lookback": 2}],
        "horizons": [1, 3],
        "period": "P7D",
    }
    (folder / "signature.json").write_text(json.dumps(signature))
    document = {
        "apiVersion": "sluice.io/predict/v1",
        "command": ["python3", "own.py", "it's $HOME and $(that); `id`"],
        "environment": {"name": "own", "image": "localhost/own"},
        "executable": [],
        **recorded,
    }
    (folder / "predict/predict.json").write_text(json.dumps(document))
    return folder


def windows(**columns: Any) -> pd.DataFrame:
    table = {
        "product": ["007", "7"],
        "returned.2": [1, 2],
        "shipped.2": [3.5, None],
        "returned.1": [5, 6],
        "shipped.1": [0.1, 16777217],
        "origin": "2026-01-05",
    }
    return pd.DataFrame({**table, **columns})


def test_it_forecasts_each_unit_at_each_origin(tmp_path: Path) -> None:
    model = loader._load_pyfunc(str(bundle(tmp_path)))
    later = windows(origin="2026-01-12T00:00:00Z")
    table = model.predict(pd.concat([later, windows()]))
    assert list(table.columns) == ["product", "origin", "horizon", "forecast"]
    assert [*table.iloc[0]] == ["007", "2026-01-05T00:00:00Z", 1, 0.2]
    assert [*table.iloc[7]] == ["7", "2026-01-12T00:00:00Z", 3, 2 * 16777216.0]
    calls = (Path(model._work) / "code/calls").read_text()
    assert calls.startswith(
        "2026-01-05T00:00:00Z product,returned.2,shipped.2,returned.1,shipped.1\n007,1,3.5,5,0.1\n7,2,,6,16777216\n"
    )
    assert calls.count("product,") == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (53, "53"),
        (0.1, "0.1"),
        (1e-5, "1.0E-5"),
        (1.25e15, "1.25E15"),
        (-0.0, "0"),
        (12345678.9, "12345679"),
        (np.float32(0.3), "0.3"),
        (np.int64(7), "7"),
        (None, ""),
        (float("nan"), ""),
        (pd.NA, ""),
        (-2.5e-7, "-2.5E-7"),
    ],
)
def test_a_number_is_written_as_sluice_writes_it(value: Any, text: str) -> None:
    assert loader._number(value, "here") == text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"product": [7, 8]}, "SLU-6314: row 0, column product is 7; units are text"),
        ({"product": ["a", ""]}, "row 1, column product is ''"),
        ({"product": ["a", "a"]}, "row 1 is a second one"),
        ({"origin": "05.01.2026"}, "row 0, column origin is '05.01.2026', not an instant"),
        ({"origin": "2026-13-05"}, "which is not a time"),
        ({"origin": "2026-01-05T00:00:00+01:00"}, "not an instant"),
        ({"origin": None}, "not an instant"),
        ({"shipped.1": ["1", "2"]}, "row 0, column shipped.1 is '1', not a number"),
        ({"shipped.1": [True, False]}, "not a number"),
        ({"shipped.1": [1e39, 1.0]}, "which a float32 does not hold"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    model = loader._load_pyfunc(str(bundle(tmp_path)))
    with pytest.raises(loader.PredictError, match="SLU-6314") as refused:
        model.predict(windows(**change))
    assert message in str(refused.value)


def test_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    model = loader._load_pyfunc(str(bundle(tmp_path)))
    for column in ("origin", "shipped.2"):
        with pytest.raises(loader.PredictError, match=f"no column {column}"):
            model.predict(windows().drop(columns=column))
    with pytest.raises(loader.PredictError, match="which unit"):
        model.predict(windows().drop(columns="product"))
    with pytest.raises(loader.PredictError, match="not a DataFrame"):
        model.predict({"product": ["a"]})
    # what nobody takes for a column of the unit comes back with the answer's columns
    with pytest.raises(loader.PredictError, match=r"SLU-6021.*'note'"):
        model.predict(windows(note="x"))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("product,horizon,forecast\n7,1,1\n7,3,1\n7,1,1\n", "SLU-6303: forecast.csv, line 4"),
        (
            "product,horizon,forecast\n07,1,1\n",
            "SLU-6302: forecast.csv, line 2: nobody asked for unit ('07',), but for",
        ),
        ("product,horizon,forecast\n7,2,1\n", "SLU-6302: forecast.csv, line 2: nobody asked for horizon 2"),
        ("product,horizon,forecast\n7,1,1\n", "SLU-6304: 3 of 4 forecasts are missing"),
        ("product,horizon,forecast\n7,1,nan\n", "SLU-6010: forecast.csv, line 2: the forecast is 'nan'"),
        ("product,horizon,forecast\n7,1,-Infinity\n", "SLU-6010"),
        ("product,horizon,forecast\n7,1,1e999\n", "SLU-6010"),
        ("product,horizon,forecast\n7,1,\n", "SLU-6010"),
        ('product,horizon,forecast\n7,1,"1,5"\n', "SLU-6022: forecast.csv, line 2: the forecast '1,5'"),
        ("product,horizon,forecast\n7,1.5,1\n", "SLU-6022: forecast.csv, line 2: the horizon '1.5'"),
        ("product,horizon,forecast\n7,1\n", "SLU-6022: forecast.csv, line 2 has 2 fields"),
        ("product;horizon;forecast\n", "SLU-6021: forecast.csv has the columns"),
        ("", "SLU-6021: forecast.csv has the columns []"),
    ],
)
def test_an_answer_is_read_strictly(tmp_path: Path, answer: str, message: str) -> None:
    code = f"import os; open(os.environ['SLUICE_OUTPUTS'] + '/forecast.csv', 'w').write({answer!r})"
    model = loader._load_pyfunc(str(bundle(tmp_path, code)))
    with pytest.raises(loader.PredictError) as refused:
        model.predict(windows())
    assert message in str(refused.value)
    assert "origin 2026-01-05T00:00:00Z" in str(refused.value)


def test_a_command_that_fails_says_why_to_the_log_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = "import sys; print('password=secret', flush=True); sys.exit('the model file is damaged')"
    model = loader._load_pyfunc(str(bundle(tmp_path, code)))
    with pytest.raises(loader.PredictError, match=r"SLU-6316: .* exit code 1 at origin 2026") as failed:
        model.predict(windows())
    assert "secret" not in str(failed.value)
    assert "damaged" not in str(failed.value)
    assert "password=secret\nthe model file is damaged\n" in capfd.readouterr().err


#: hangs at the first origin, and so does what it started in a session of its own
HANGS = """\
import os, subprocess, sys
if os.environ["SLUICE_AS_OF"] < "2026-02":
    hang = [sys.executable, "-c", "import time; time.sleep(10**6)"]
    print(subprocess.Popen(hang, start_new_session=True).pid, file=open("pid", "w"), flush=True)
    print("loading", flush=True)
    subprocess.run(hang)
"""


def test_a_command_that_hangs_is_ended_and_the_next_call_has_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLUICE_PREDICT_TIMEOUT", "10")
    model = loader._load_pyfunc(str(bundle(tmp_path, HANGS + COMMAND)))
    with pytest.raises(loader.PredictError, match=r"SLU-6316: .*still running after 10 s .*SLUICE_PREDICT_TIMEOUT"):
        model.predict(windows())
    assert "loading" in capfd.readouterr().err
    pid = int((Path(model._work) / "code/pid").read_text())
    # gone, or ended and not yet seen by its parent
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"
    assert len(model.predict(windows(origin="2026-03-02"))) == 4


def test_what_a_command_leaves_running_ends_with_it(tmp_path: Path) -> None:
    leaves = HANGS.replace("    subprocess.run(hang)\n", "")
    model = loader._load_pyfunc(str(bundle(tmp_path, leaves + COMMAND)))
    assert len(model.predict(windows())) == 4
    state = Path(f"/proc/{int((Path(model._work) / 'code/pid').read_text())}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("text", ["0", "-1", "ten", "1e999", "nan"])
def test_a_limit_that_is_not_one_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SLUICE_PREDICT_TIMEOUT", text)
    with pytest.raises(loader.PredictError, match="SLU-6316: SLUICE_PREDICT_TIMEOUT"):
        loader._load_pyfunc(str(bundle(tmp_path)))


def test_the_answer_of_another_call_is_none(tmp_path: Path) -> None:
    once = COMMAND + "\nif os.environ['SLUICE_AS_OF'] > '2026-02': os.remove(out.name)"
    model = loader._load_pyfunc(str(bundle(tmp_path, once)))
    assert len(model.predict(windows())) == 4
    with pytest.raises(loader.PredictError, match="SLU-6301"):
        model.predict(windows(origin="2026-03-02"))


def test_a_program_that_is_not_here_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(loader.PredictError, match=r"SLU-6313: .*no program 'no-such-program' here"):
        loader._load_pyfunc(str(bundle(tmp_path, command=["no-such-program", "$(id)"])))


def test_a_program_of_the_code_is_run_though_a_registry_keeps_no_mode(tmp_path: Path) -> None:
    folder = bundle(tmp_path, command=["./own.sh"], executable=["own.sh"])
    script = (
        'printf "product,horizon,forecast\\n007,1,1\\n007,3,1\\n7,1,1\\n7,3,1\\n" >"$SLUICE_OUTPUTS/forecast.csv"\n'
    )
    (folder / "predict/code/own.sh").write_text("#!/bin/sh\n" + script)
    assert len(loader._load_pyfunc(str(folder)).predict(windows())) == 4
    assert not os.access(folder / "predict/code/own.sh", os.X_OK)


def test_the_command_runs_in_the_environment_of_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    code = COMMAND + "\nassert sys.prefix == os.environ['VIRTUAL_ENV'] and 'predict-environments' in sys.prefix"
    python = ".".join(map(str, sys.version_info[:2]))
    environment = {"name": "own", "image": "x", "python": python, "lock": "predict/environment.lock"}
    folder = bundle(tmp_path / "bundle", code, environment=environment)
    (folder / "predict/environment.lock").write_text("# nothing but the standard library\n")
    assert len(loader._load_pyfunc(str(folder)).predict(windows())) == 4

    (folder / "predict/environment.lock").write_text("six==1.16.0 --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(loader.PredictError, match="SLU-6315: the environment of the predict command cannot be made"):
        loader._load_pyfunc(str(folder))
    environment["python"] = "3.99"
    folder = bundle(tmp_path / "other", code, environment=environment)
    (folder / "predict/environment.lock").write_text("")
    with pytest.raises(loader.PredictError, match=r"SLU-6315: .*Python 3\.99, which is not on this machine"):
        loader._load_pyfunc(str(folder))


def test_the_cache_is_where_sluice_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Path(pwd.getpwuid(os.getuid()).pw_dir)
    for xdg, home, cache in [
        ("/x", "/h", Path("/x")),
        ("relative", "/h", Path("/h/.cache")),
        ("", "/h", Path("/h/.cache")),
        ("", "", own / ".cache"),
        ("", "relative", own / ".cache"),
    ]:
        monkeypatch.setenv("XDG_CACHE_HOME", xdg)
        monkeypatch.setenv("HOME", home)
        assert loader._cache() == cache / "sluice/predict-environments"


def test_a_cache_that_cannot_be_written_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    python = ".".join(map(str, sys.version_info[:2]))
    environment = {"name": "own", "image": "x", "python": python, "lock": "predict/environment.lock"}
    folder = bundle(tmp_path / "bundle", environment=environment)
    (folder / "predict/environment.lock").write_text("")
    with pytest.raises(loader.PredictError, match=r"SLU-6315: .*cannot be written.*XDG_CACHE_HOME"):
        loader._load_pyfunc(str(folder))


def test_a_python_that_no_environment_manager_brings_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(loader.PredictError, match=r"have python3\.10 on the PATH; .* no environment manager brings it"):
        loader._python("3.10.4")
    with pytest.raises(loader.PredictError, match=r"--env-manager virtualenv.* have python3\.99 on the PATH"):
        loader._python("3.99.1")


def test_a_version_whose_description_is_damaged_is_not_loaded(tmp_path: Path) -> None:
    folder = bundle(tmp_path)
    (folder / "predict/predict.json").write_text('{"apiVersion": "sluice.io/predict/v9"}')
    with pytest.raises(loader.PredictError, match="SLU-6310"):
        loader._load_pyfunc(str(folder))
    (folder / "predict/predict.json").unlink()
    with pytest.raises(loader.PredictError, match="SLU-6310"):
        loader._load_pyfunc(str(folder))
