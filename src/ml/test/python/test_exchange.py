"""The exchange for real: the tuner as a process, and on the other side the loop of the task catalog."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from sluice_ml import crew
from sluice_ml.direction import Direction
from sluice_ml.errors import SluiceMlError
from sluice_ml.exchange import TimeLeft, children_seconds, hand_over, outcome, times
from sluice_ml.search import Options, Search
from sluice_ml.space import Space
from sluice_ml.tuner import asked_cold, read_env

ROOT = Path(__file__).parents[4]
SAMPLES = ROOT / "src/contracts/resources/contracts/samples/search/valid"
TASK = ROOT / "tekton-tasks" / "sluice-tune" / "sluice-tune.yaml"
WITH: dict[str, Any] = {
    "objective": "loss",
    "trials": 6,
    "patience": 3,
    "space": {"x": {"float": [0, 1]}, "n": {"int": [1, 4]}},
}

#: a family in plain shell: the loss is x itself
SHELL_FAMILY = """
x=$(sed -n 's/.*"x": *\\([0-9.e-]*\\).*/\\1/p' "$SLUICE_PARAMS")
printf %s "$x" >"$SLUICE_RESULTS/objective"
"""


def loop() -> str:
    steps = yaml.safe_load(TASK.read_text())["spec"]["steps"]
    script: str = next(s for s in steps if s["name"] == "run")["script"]
    return script


def workspace(folder: Path, values: dict[str, Any]) -> Path:
    for name in ("inputs", "outputs", "results", "code", "tmp"):
        (folder / name).mkdir()
    (folder / "params.json").write_text(json.dumps(values))
    return folder


def command_file(folder: Path, command: list[str]) -> None:
    """As fetch does: the loop reads its command from here."""
    (folder / "command").write_text(f"set -- {shlex.join(command)}\n")


def env_file(folder: Path, parallel: int = 1) -> None:
    """As fetch does: last, by rename."""
    lines = {
        "SLUICE_INPUTS": folder / "inputs",
        "SLUICE_OUTPUTS": folder / "outputs",
        "SLUICE_PARAMS": folder / "params.json",
        "SLUICE_RESULTS": folder / "results",
        "SLUICE_MODE": "trial",
        "SLUICE_SEED": "7",
        "SLUICE_FAMILY": "it's",
        "SLUICE_RUN": "run-1",
    }
    if parallel > 1:
        lines["SLUICE_PARALLEL"] = str(parallel)
    quoted = {name: str(value).replace("'", "'\\''") for name, value in lines.items()}
    (folder / "env.tmp").write_text("".join(f"export {name}='{value}'\n" for name, value in quoted.items()))
    (folder / "env.tmp").rename(folder / "env")


def exchange(
    folder: Path,
    command: list[str],
    loop_kind: str = "command",
    parallel: int = 1,
    shell: str = "/bin/sh",
    limit: float = 0,
) -> tuple[int, int, str]:
    """(code of the loop, code of the tuner, what both said). `limit`: of the stage, in seconds."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src/ml'}:{folder / 'code'}", "PYTHONWARNINGS": "default"}
    options = ["--workspace", str(folder), "--limit", str(limit), "--patience", "8"]
    tuner = subprocess.Popen(
        [sys.executable, "-m", "sluice_ml.tuner", *options],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        command_file(folder, command)
        env_file(folder, parallel)
        # in a pod the tuner has asked before the step begins
        while parallel > 1 and tuner.poll() is None and not (folder / f"tuner/worker-{parallel}/ask").exists():
            time.sleep(0.02)
        variables = {"SLUICE_WORKSPACE": str(folder), "SLUICE_LOOP": loop_kind, "SLUICE_PATIENCE": "60"}
        run = subprocess.run(
            [*shell.split(), "-c", loop(), "loop"],
            env=environment | variables, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        said, _ = tuner.communicate(timeout=600)
        return run.returncode, tuner.returncode, said + run.stdout + run.stderr
    finally:
        tuner.kill()
        tuner.wait()


def test_a_search_over_a_shell_command(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH)

    loop_code, tuner_code, said = exchange(folder, ["/bin/sh", "-c", SHELL_FAMILY])

    assert (loop_code, tuner_code) == (0, 0), said
    best = json.loads((folder / "outputs/best").read_text())
    study = json.loads((folder / "outputs/study/study.json").read_text())
    assert best["objective"] == min(t["objective"] for t in study["trials"])
    assert best["params"]["x"] == pytest.approx(best["objective"])
    assert (study["family"], study["seed"], study["run"]) == ("it's", 7, "run-1")


def test_the_next_cycle_starts_from_what_the_last_one_found(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first = workspace(tmp_path / "first", WITH)
    exchange(first, ["/bin/sh", "-c", SHELL_FAMILY])
    second = workspace(tmp_path / "second", WITH)
    (first / "outputs/study/study.json").rename(second / "inputs/study")

    _, _, said = exchange(second, ["/bin/sh", "-c", SHELL_FAMILY])

    study = json.loads((second / "outputs/study/study.json").read_text())
    assert study["search"] == "warm", said
    assert study["cycle"] == 2
    assert study["trials"][0]["params"] == json.loads((first / "outputs/best").read_text())["params"]


def test_trials_that_fail_in_every_way_are_failed_trials(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH)
    family = """
    case "$SLUICE_PARAMS" in
      */0/*) exit 3 ;;
      */1/*) exit 0 ;;
      */2/*) echo nan >"$SLUICE_RESULTS/objective" ;;
      */3/*) echo much >"$SLUICE_RESULTS/objective" ;;
      */4/*) ln -s /etc/hostname "$SLUICE_RESULTS/objective" ;;
      *) echo 1.5 >"$SLUICE_RESULTS/objective" ;;
    esac
    """

    loop_code, _, said = exchange(folder, ["/bin/sh", "-c", family])

    assert loop_code == 0, said
    trials = json.loads((folder / "outputs/study/study.json").read_text())["trials"]
    assert [t["state"] for t in trials] == ["failed"] * 5 + ["complete"]
    assert [t["reason"] for t in trials[:4]] == [
        "exit code 3",
        "no objective: results/objective was not written",
        "the objective is NaN",
        "the objective is not a number: 'much'",
    ]
    assert trials[4]["reason"] == trials[1]["reason"]


def test_when_every_trial_fails_so_does_the_stage_and_says_why(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH)

    loop_code, tuner_code, said = exchange(folder, ["/bin/sh", "-c", "exit 9"])

    assert (loop_code, tuner_code) == (1, 1)
    assert "SLU-7401: all 6 trials failed, 6 of them so: exit code 9" in said
    told = (folder / "results/failure").read_text()
    assert told == "SLU-7401: all 6 trials failed, 6 of them so: exit code 9", "the stage's record says it too"
    assert not (folder / "outputs/best").exists()


def trials_of(folder: Path) -> list[dict[str, Any]]:
    trials: list[dict[str, Any]] = json.loads((folder / "outputs/study/study.json").read_text())["trials"]
    return trials


def test_a_trial_that_explodes_is_a_failed_trial_with_its_reason(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH)
    family = """
    case "$SLUICE_PARAMS" in
      */0/*) kill -KILL $$ ;;
      */1/*) kill -SEGV $$ ;;
      */2/*) echo "the loss is NaN in epoch 3,
        learning rate 0.5" >"$SLUICE_RESULTS/failure"; exit 1 ;;
      */3/*) no-such-program ;;
      *) echo 1.5 >"$SLUICE_RESULTS/objective" ;;
    esac
    """

    loop_code, _, said = exchange(folder, ["/bin/sh", "-euc", family])

    assert loop_code == 0, said
    assert [t["reason"] for t in trials_of(folder)[:4]] == [
        "exit code 137 (killed: by hand, or because memory ran out)",
        "exit code 139 (a memory fault)",
        "exit code 1: the loss is NaN in epoch 3, learning rate 0.5",
        "exit code 127 (program not found)",
    ]
    assert json.loads((folder / "outputs/best").read_text())["objective"] == 1.5


def test_a_trial_that_never_ends_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH | {"trials": 2, "trialTimeout": 1})
    pids = tmp_path / "pids"
    family = f"""
    case "$SLUICE_PARAMS" in
      */0/*) sleep 1000 & echo $! >{pids}; sleep 1000 ;;
      *) echo 1.5 >"$SLUICE_RESULTS/objective" ;;
    esac
    """

    loop_code, _, said = exchange(folder, ["/bin/sh", "-c", family])

    assert loop_code == 0, said
    assert [t["reason"] for t in trials_of(folder)] == ["not done after 1 s, its time", None]
    left = Path("/proc", pids.read_text().strip(), "stat")
    assert not left.exists() or left.read_text().split()[2] == "Z", "at most a name that nobody reaped yet"


def test_a_budget_of_time_ends_the_search_with_the_best_so_far(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH | {"trials": 1000, "time": 2})
    family = 'case "$SLUICE_PARAMS" in */3/*) sleep 1000 ;; *) echo 1.5 >"$SLUICE_RESULTS/objective" ;; esac'

    loop_code, _, said = exchange(folder, ["/bin/sh", "-c", family])

    assert loop_code == 0, said
    study = json.loads((folder / "outputs/study/study.json").read_text())
    assert study["stopped"] == "time"
    assert "its time" in study["trials"][-1]["reason"], "the trial that was running when the time was over was ended"
    assert json.loads((folder / "outputs/best").read_text())["objective"] == 1.5
    assert (folder / "results/stopped").read_text() == "time"


def test_a_stage_that_may_fail_and_is_out_of_time_says_so(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH)

    loop_code, _, said = exchange(folder, ["/bin/sh", "-c", "sleep 1000"], limit=1)

    assert loop_code == 1, said
    assert (folder / "results/failure").read_text().startswith("SLU-7501: the stage's time, 1 s, was over after 1 tr")
    assert not (folder / "outputs/best").exists()


def test_a_function_that_diverges_or_hangs_fails_its_trial_alone(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH | {"trials": 4, "trialTimeout": 1})
    (folder / "code/fam.py").write_text(
        "import time\n"
        "from sluice_ml.errors import SluiceMlError\n"
        "calls = []\n"
        "def family(stage):\n"
        "    calls.append(1)\n"
        "    if len(calls) == 1: raise SluiceMlError('SLU-7411', 'training diverged in epoch 2', 'less')\n"
        "    if len(calls) == 2: return float('nan')\n"
        "    if len(calls) == 3:\n"
        "        try: time.sleep(1000)\n"
        "        except Exception: pass\n"
        "    return 2.5\n"
    )

    loop_code, _, said = exchange(folder, [sys.executable, "-m", "sluice_ml.family", "fam:family"], "function")

    assert loop_code == 0, said
    assert [t["reason"] for t in trials_of(folder)] == [
        "exit code 1: SLU-7411: training diverged in epoch 2",
        "the objective is NaN",
        "not done after 1 s, its time",
        None,
    ]


def test_a_function_runs_its_trials_in_one_process(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH)
    (folder / "code/fam.py").write_text(
        "import os\ncalls = []\n"
        "def family(stage):\n"
        "    calls.append(os.getpid())\n"
        "    if len(calls) == 2: raise RuntimeError('boom')\n"
        "    assert len(set(calls)) == 1 and stage.mode == 'trial'\n"
        "    return stage.params['x'] ** 2\n"
    )

    loop_code, _, said = exchange(folder, [sys.executable, "-m", "sluice_ml.family", "fam:family"], "function")

    assert loop_code == 0, said
    trials = json.loads((folder / "outputs/study/study.json").read_text())["trials"]
    assert [t["state"] for t in trials] == ["complete", "failed", *["complete"] * 4]
    assert all(t["cpuSeconds"] is not None for t in trials)
    assert "RuntimeError: boom" in said


def test_a_function_refits_when_it_is_asked_to(tmp_path: Path) -> None:
    folder = workspace(tmp_path, {"x": 0.25})
    (folder / "code/fam.py").write_text(
        "def family(stage):\n"
        "    assert stage.mode == 'refit'\n"
        "    stage.outputs.joinpath('model').write_text(str(stage.params['x']))\n"
    )
    variables = {
        "SLUICE_INPUTS": folder / "inputs", "SLUICE_OUTPUTS": folder / "outputs", "SLUICE_MODE": "refit",
        "SLUICE_RESULTS": folder / "results", "SLUICE_PARAMS": folder / "params.json", "PYTHONPATH": ROOT / "src/ml",
    }  # fmt: skip

    subprocess.run(
        [sys.executable, "-m", "sluice_ml.family", "fam:family"],
        cwd=folder / "code", env=os.environ | {k: str(v) for k, v in variables.items()}, check=True,
    )  # fmt: skip

    assert (folder / "outputs/model").read_text() == "0.25"


def test_the_files_of_the_exchange_are_read_with_care(tmp_path: Path) -> None:
    assert outcome(tmp_path) == (None, "the loop told no exit code")
    (tmp_path / "exit").write_text("0\n")
    (tmp_path / "results").mkdir()
    (tmp_path / "results/objective").write_text("1e400")
    assert outcome(tmp_path) == (None, "the objective is infinite")
    (tmp_path / "times").write_text(times(65.5))
    assert children_seconds(tmp_path) == pytest.approx(65.5)
    (tmp_path / "env").write_text("export A='it'\\''s $(x)'\nexport B='two\nlines'\n")
    assert read_env(tmp_path / "env") == {"A": "it's $(x)", "B": "two\nlines"}


def test_a_cold_search_is_asked_for_by_a_file_of_resolve(tmp_path: Path) -> None:
    assert asked_cold(tmp_path / "nothing") == ""
    assert asked_cold(SAMPLES / "warm.json") == ""
    assert asked_cold(SAMPLES / "cold.json") == "two gates in a row were inconclusive"
    (tmp_path / "search").write_text('{"cold": true')
    with pytest.raises(SluiceMlError, match="SLU-7406"):
        asked_cold(tmp_path / "search")


def test_a_stage_that_is_asked_for_a_cold_search_samples_afresh(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first = workspace(tmp_path / "first", WITH)
    exchange(first, ["/bin/sh", "-c", SHELL_FAMILY])
    second = workspace(tmp_path / "second", WITH)
    (first / "outputs/study/study.json").rename(second / "inputs/study")
    shutil.copyfile(SAMPLES / "cold.json", second / "inputs/search")

    _, _, said = exchange(second, ["/bin/sh", "-c", SHELL_FAMILY])

    study = json.loads((second / "outputs/study/study.json").read_text())
    assert study["search"] == "cold", said
    assert study["why"] == "two gates in a row were inconclusive"
    assert {t["origin"] for t in study["trials"]} == {"sampled"}
    assert study["cycle"] == 2


def test_a_warm_stage_tells_what_it_saved(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    many = WITH | {"trials": 20}
    first = workspace(tmp_path / "first", many)
    exchange(first, ["/bin/sh", "-c", SHELL_FAMILY])
    second = workspace(tmp_path / "second", many)
    (first / "outputs/study/study.json").rename(second / "inputs/study")
    (second / "inputs/train").write_text("newer data")

    _, _, said = exchange(second, ["/bin/sh", "-c", SHELL_FAMILY])

    study = json.loads((second / "outputs/study/study.json").read_text())
    assert study["trials"][0]["digests"]["window"] != study["cold"]["trials"][0]["digests"]["window"]
    saved = study["savings"]["againstCold"]["trials"]
    assert saved == 1 - len(study["trials"]) / 20
    assert (second / "results/savings").read_text() == repr(saved)
    assert f"saved against the cold search of cycle 1: {saved:.0%} of the trials" in said


#: takes part in a barrier of two, so that it ends only when another trial runs beside it
TOGETHER = """
: >"$SLUICE_WORKSPACE/tmp/started.$$"
until [ "$(ls "$SLUICE_WORKSPACE/tmp" | wc -l)" -ge 2 ]; do sleep 0.05; done
"""


@pytest.mark.parametrize("shell", ["dash", "busybox sh", "bash"])
def test_several_workers_do_trials_side_by_side(tmp_path: Path, shell: str) -> None:
    if shutil.which(shell.split()[0]) is None:
        pytest.skip(f"{shell} is not here")
    folder = workspace(tmp_path, WITH | {"parallel": 3})

    loop_code, tuner_code, said = exchange(folder, ["/bin/sh", "-c", TOGETHER + SHELL_FAMILY], parallel=3, shell=shell)

    assert (loop_code, tuner_code) == (0, 0), said
    study = json.loads((folder / "outputs/study/study.json").read_text())
    assert sorted(t["number"] for t in study["trials"]) == list(range(6))
    assert {t["state"] for t in study["trials"]} == {"complete"}
    assert study["parallel"] == 3
    assert study["best"] is not None


def test_the_trial_of_a_worker_that_is_killed_goes_to_another_one(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH | {"parallel": 2})
    # the first trial to get there takes its worker with it, and keeps writing as if nothing had happened
    murder = """
    if mkdir "$SLUICE_WORKSPACE/tmp/once" 2>/dev/null; then
      kill -9 $PPID
      echo 0.000001 >"$SLUICE_RESULTS/objective"
    fi
    """

    loop_code, tuner_code, said = exchange(folder, ["/bin/sh", "-c", murder + SHELL_FAMILY], parallel=2)

    assert (loop_code, tuner_code) == (0, 0), said
    assert "is lost: trial" in said
    trials = json.loads((folder / "outputs/study/study.json").read_text())["trials"]
    assert sorted(t["number"] for t in trials) == list(range(6))
    assert {t["state"] for t in trials} == {"complete"}
    assert all(t["objective"] == pytest.approx(t["params"]["x"]) for t in trials)


def test_when_every_worker_is_gone_so_is_the_stage(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH | {"parallel": 2})

    loop_code, tuner_code, said = exchange(folder, ["/bin/sh", "-c", "kill -9 $PPID"], parallel=2)

    assert loop_code == 70, said
    assert "every worker is gone" in said
    assert tuner_code == 1
    assert "SLU-7404" in said


def test_a_function_has_a_process_for_each_worker(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH | {"parallel": 2})
    (folder / "code/fam.py").write_text(
        "import os, pathlib, time\n"
        "def family(stage):\n"
        "    seen = pathlib.Path(os.environ['SLUICE_WORKSPACE'], 'tmp')\n"
        "    (seen / str(os.getpid())).touch()\n"
        "    while len(list(seen.iterdir())) < 2: time.sleep(0.02)\n"
        "    return stage.params['x']\n"
    )

    loop_code, _, said = exchange(
        folder, [sys.executable, "-m", "sluice_ml.family", "fam:family"], "function", parallel=2
    )

    assert loop_code == 0, said
    assert len(list((folder / "tmp").iterdir())) == 2
    trials = json.loads((folder / "outputs/study/study.json").read_text())["trials"]
    assert sorted(t["number"] for t in trials) == list(range(6))


@pytest.mark.parametrize("shell", ["dash", "busybox sh", "bash"])
def test_a_trial_beside_others_that_never_ends_is_ended_alone(tmp_path: Path, shell: str) -> None:
    if shutil.which(shell.split()[0]) is None:
        pytest.skip(f"{shell} is not here")
    folder = workspace(tmp_path, WITH | {"parallel": 2, "trialTimeout": 2})
    family = 'case "$SLUICE_PARAMS" in */1/*) sleep 1000 ;; *) echo 1.5 >"$SLUICE_RESULTS/objective" ;; esac'

    loop_code, _, said = exchange(folder, ["/bin/sh", "-c", family], parallel=2, shell=shell)

    assert loop_code == 0, said
    reasons = {t["number"]: t["reason"] for t in trials_of(folder)}
    assert reasons == {n: "not done after 2 s, its time" if n == 1 else None for n in range(6)}


def test_a_budget_of_time_ends_all_that_is_going_on(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH | {"parallel": 3, "trials": 1000, "time": 2})
    family = 'case "$SLUICE_PARAMS" in */[0-3]/*) echo 1.5 >"$SLUICE_RESULTS/objective" ;; *) sleep 1000 ;; esac'

    loop_code, _, said = exchange(folder, ["/bin/sh", "-c", family], parallel=3)

    assert loop_code == 0, said
    reasons = [t["reason"] or "" for t in trials_of(folder)]
    assert [r == "" for r in reasons] == [True] * 4 + [False] * 3
    assert all("its time" in r for r in reasons[4:])
    assert (folder / "results/stopped").read_text() == "time"
    assert json.loads((folder / "outputs/best").read_text())["objective"] == 1.5


def test_a_budget_of_time_does_not_wait_for_a_worker_that_was_killed(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH | {"parallel": 2, "trials": 1000, "time": 2})
    family = """
    case "$SLUICE_PARAMS" in
      */0/*) kill -9 $PPID ;;
      *) sleep 0.5; echo 1.5 >"$SLUICE_RESULTS/objective" ;;
    esac
    """

    loop_code, _, said = exchange(folder, ["/bin/sh", "-c", family], parallel=2)

    assert loop_code == 0, said
    lost = {t["number"]: t["reason"] for t in trials_of(folder)}[0]
    assert lost == "lost with its worker, and the time was over"
    assert (folder / "results/stopped").read_text() == "time"


def test_a_stage_out_of_time_says_so_whatever_the_number_of_workers(tmp_path: Path) -> None:
    folder = workspace(tmp_path, WITH | {"parallel": 2})

    loop_code, _, said = exchange(folder, ["/bin/sh", "-c", "sleep 1000"], parallel=2, limit=1)

    assert loop_code == 1, said
    assert (folder / "results/failure").read_text().startswith("SLU-7501: the stage's time, 1 s, was over after 1 tr")
    assert not (folder / "outputs/best").exists()


def test_a_worker_that_lives_but_never_answers_is_given_up_when_the_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "LATE", 0.2)
    for k in (1, 2):
        hand_over(tmp_path / f"worker-{k}/beat", "1")
    search = Search(Options("mae", Direction.MINIMIZE, 2, 8, False, 6, False, parallel=2), Space.of(WITH["space"]), 1)

    answers = list(crew.Crew(tmp_path, 2, 60.0, TimeLeft(0.1)).work(search))

    assert [(a.ask.number, a.reason) for a in answers] == [
        (0, "lost with its worker, and the time was over"),
        (1, "lost with its worker, and the time was over"),
    ]
    assert (tmp_path / "trials/0/limit").read_text() == "1"
