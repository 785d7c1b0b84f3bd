"""The search: warm starts, patience, failures, and spaces that changed since the last study."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from sluice_ml.direction import Direction
from sluice_ml.errors import SluiceMlError
from sluice_ml.search import GIVE_UP, Options, Search
from sluice_ml.space import Choice, Params, Real, Space, Whole
from sluice_ml.study import Digests, Study, Trial, exhausted, good

CONTRACTS = Path(__file__).parents[3] / "contracts" / "resources" / "contracts"
SPACE = Space.of(
    {"depth": {"int": [2, 10]}, "eta": {"float": [0.01, 0.5], "log": True}, "kind": {"choice": ["a", "b"]}}
)


def bowl(params: Params, shift: float = 0.0) -> float:
    """A loss with its minimum at eta 0.1, depth 6; `shift` moves it a little, as new data does."""
    eta = math.log(float(params["eta"]) / 0.1) + shift
    return 1 + eta**2 / 4 + (float(params["depth"]) - 6) ** 2 / 40 + 0.3 * (params["kind"] == "b")


def options(**changes: Any) -> Options:
    return Options.of({"objective": "loss", "trials": 40, "patience": 8, **changes})


def run(search: Search, loss: Callable[[Params], float | None], cpu: float = 1.0) -> Study:
    while (ask := search.ask()) is not None:
        value = loss(ask.params)
        search.tell(ask, value, "exit code 1" if value is None else None, cpu)
    return search.study("xgboost", "run")


def test_a_first_search_is_cold_and_runs_its_full_length() -> None:
    study = run(Search(options(), SPACE, 1), bowl)

    assert study.cold
    assert len(study.trials) == 40
    assert {t.origin for t in study.trials} == {"sampled"}
    assert study.document()["savings"]["againstCold"] == "unknown"


def test_a_warm_search_starts_from_the_champion_and_distinct_good_points() -> None:
    cold = run(Search(options(), SPACE, 1), bowl)

    warm = run(Search(options(), SPACE, 2, cold), lambda p: bowl(p, 0.1))

    assert cold.best is not None
    assert warm.trials[0].origin == "champion"
    assert warm.trials[0].params == cold.best.params
    handed = [t.params for t in warm.trials if t.origin != "sampled"]
    assert 2 <= len(handed) <= 5
    assert all(SPACE.distance(a, b) >= 0.3 for i, a in enumerate(handed) for b in handed[:i])
    assert warm.cycle == 2


def test_a_warm_start_needs_fewer_trials_than_a_cold_search_for_the_same_loss() -> None:
    saved = []
    for seed in range(8):
        cold = run(Search(options(), SPACE, seed), bowl)
        warm = run(Search(options(), SPACE, 100 + seed, cold), lambda p: bowl(p, 0.05))
        again = run(Search(options(warmStart="none"), SPACE, 100 + seed, cold), lambda p: bowl(p, 0.05))
        assert warm.best is not None
        assert again.best is not None
        assert warm.best.objective is not None
        assert again.best.objective is not None
        assert warm.best.objective <= again.best.objective * 1.02
        saved.append(len(again.trials) / len(warm.trials))

    assert statistics.median(saved) >= 2.0


def test_patience_counts_sampled_trials_only() -> None:
    def trial(number: int, origin: str, objective: float) -> Trial:
        return Trial(number, origin, {"x": 1}, 0, objective, None, None, Digests(None, "", None))  # type: ignore[arg-type]

    handed = [trial(0, "champion", 1.0), *(trial(n, "warm", 1.1) for n in range(1, 5))]

    down = Direction.MINIMIZE
    assert not exhausted([*handed, trial(5, "sampled", 1.2), trial(6, "sampled", 0.9999)], down, 3)
    # 0.9999 is not an improvement: it is within 0.1 %
    assert exhausted([*handed, *(trial(n, "sampled", 0.9999) for n in range(5, 8))], down, 3)
    assert not exhausted([*handed, *(trial(n, "sampled", 1.0 - 0.002 * n) for n in range(5, 20))], down, 3)
    # of a score the same is a standstill, and growth is progress
    up = Direction.MAXIMIZE
    assert exhausted([*handed, *(trial(n, "sampled", 1.0 - 0.002 * n) for n in range(5, 20))], up, 3)
    assert exhausted([*handed, *(trial(n, "sampled", 1.1009) for n in range(5, 8))], up, 3)
    assert not exhausted([*handed, *(trial(n, "sampled", 1.1 + 0.002 * n) for n in range(5, 20))], up, 3)


def score(params: Params, shift: float = 0.0) -> float:
    """A score like AUC, whose maximum is where the bowl has its minimum."""
    return 1 / (1 + bowl(params, shift))


def test_a_score_is_maximised_from_the_first_trial_to_the_last_report() -> None:
    cold = run(Search(options(direction="maximize"), SPACE, 1), score)
    warm = run(Search(options(direction="maximize"), SPACE, 2, cold), lambda p: score(p, 0.05))

    assert cold.best is not None
    assert cold.best.objective == max(t.objective for t in cold.trials if t.objective is not None)
    # what was handed down is the best of the last cycle, not the worst
    assert warm.trials[0].params == cold.best.params
    # the sampler was drawn to high values
    sampled = [t.objective or 0.0 for t in cold.trials]
    assert statistics.mean(sampled[20:]) > statistics.mean(sampled[:10])
    assert cold.document()["direction"] == "maximize"
    assert warm.document()["best"] == max(warm.trials, key=lambda t: t.objective or 0.0).number


def test_a_search_up_is_a_search_down_in_a_mirror() -> None:
    def mirrored(params: Params, shift: float = 0.0) -> float:
        return -bowl(params, shift)

    down = run(Search(options(), SPACE, 1), bowl)
    up = run(Search(options(direction="maximize"), SPACE, 1), mirrored)
    again_down = run(Search(options(narrow=True), SPACE, 2, down), lambda p: bowl(p, 0.1))
    again_up = run(Search(options(narrow=True, direction="maximize"), SPACE, 2, up), lambda p: mirrored(p, 0.1))

    assert [t.params for t in down.trials] == [t.params for t in up.trials]
    assert [t.params for t in again_down.trials] == [t.params for t in again_up.trials]
    assert again_down.stopped == again_up.stopped == "patience"


def test_savings_of_a_score_are_claimed_only_when_it_was_reached() -> None:
    cold = run(Search(options(direction="maximize"), SPACE, 1), score)

    reached = run(Search(options(direction="maximize"), SPACE, 2, cold), score).document()["savings"]
    # on other data all scores are halved, which the rescaling takes out; and the search then stays below
    halved = Search(options(direction="maximize"), SPACE, 2, cold)
    first = halved.ask()
    assert first is not None
    halved.tell(first, None, "exit code 1", 1.0)
    second = halved.ask()
    assert second is not None
    halved.tell(second, score(second.params) / 2, None, 1.0)
    halved.end("time")
    missed = halved.study("xgboost", "run").document()["savings"]

    assert reached["againstCold"]["trials"] > 0
    assert reached["why"].endswith("rescaled by 1.0000")
    assert missed["againstCold"] == "unknown"
    assert missed["why"].endswith("rescaled by 0.5000")


def test_negative_objectives_claim_no_savings() -> None:
    cold = run(Search(options(direction="maximize"), SPACE, 1), lambda p: -bowl(p))

    savings = run(Search(options(direction="maximize"), SPACE, 2, cold), lambda p: -bowl(p)).document()["savings"]

    assert savings["againstCold"] == "unknown"
    assert savings["why"] == "negative objectives cannot be rescaled from one cycle to the next"


@pytest.mark.parametrize(
    ("then", "now", "why"),
    [
        (
            {"objective": "auc"},
            {"objective": "auc", "direction": "maximize"},
            "the last study was to minimize auc, this one is to maximize auc",
        ),
        (
            {"objective": "mae"},
            {"objective": "rmse"},
            "the last study was to minimize mae, this one is to minimize rmse",
        ),
    ],
)
def test_another_objective_or_direction_begins_with_a_cold_search(
    then: dict[str, Any], now: dict[str, Any], why: str
) -> None:
    cold = run(Search(options(**then), SPACE, 1), bowl)

    study = run(Search(options(**now), SPACE, 2, cold), bowl)

    assert study.cold
    assert study.why == why
    assert study.cold_trials == study.trials


def test_a_study_that_is_older_than_directions_was_minimised(tmp_path: Path) -> None:
    document = run(Search(options(), SPACE, 1), bowl).document()
    del document["direction"]
    (tmp_path / "study.json").write_text(json.dumps(document))

    old = Study.read(tmp_path / "study.json")

    assert old.direction is Direction.MINIMIZE
    assert not run(Search(options(), SPACE, 2, old), bowl).cold


def test_a_direction_that_there_is_not_is_refused() -> None:
    with pytest.raises(SluiceMlError, match=r"SLU-7403.*'up' is not a valid Direction"):
        options(direction="up")


def test_every_sixth_cycle_is_cold() -> None:
    last, kinds = None, []
    for cycle in range(13):
        last = run(Search(options(trials=6), SPACE, cycle, last), bowl)
        kinds.append(last.cold)

    assert [i + 1 for i, cold in enumerate(kinds) if cold] == [1, 7, 13]


def test_a_run_that_asks_for_a_cold_search_gets_one() -> None:
    cold = run(Search(options(), SPACE, 1), bowl)

    asked = run(Search(options(), SPACE, 2, cold, "two gates in a row were inconclusive"), bowl)

    assert asked.cold
    assert asked.why == "two gates in a row were inconclusive"
    assert {t.origin for t in asked.trials} == {"sampled"}


def test_a_failed_trial_is_kept_with_its_reason_and_the_search_goes_on() -> None:
    study = run(Search(options(trials=20), SPACE, 1), lambda p: None if p["kind"] == "b" else bowl(p))

    failed = [t for t in study.trials if t.objective is None]
    assert failed
    assert all(t.reason == "exit code 1" for t in failed)
    assert study.best is not None
    assert study.best.params["kind"] == "a"


def test_when_all_trials_fail_the_commonest_reason_is_told() -> None:
    search = Search(options(), SPACE, 1)
    while (ask := search.ask()) is not None:
        search.tell(ask, None, "the objective is NaN" if ask.number == 0 else "exit code 3", 0.1)

    failure = search.failure()
    assert failure is not None
    assert failure.id == "SLU-7401"
    assert f"all {GIVE_UP} trials failed, {GIVE_UP - 1} of them so: exit code 3" in failure.what


def test_cpu_seconds_decide_nothing() -> None:
    cold = run(Search(options(), SPACE, 1), bowl, cpu=1.0)
    slow = run(Search(options(), SPACE, 1), bowl, cpu=77.0)

    warm = run(Search(options(), SPACE, 2, cold), bowl, cpu=0.1)
    slower = run(Search(options(), SPACE, 2, slow), bowl, cpu=123.0)

    assert [t.params for t in warm.trials] == [t.params for t in slower.trials]


def test_savings_are_claimed_at_equal_loss_only() -> None:
    cold = run(Search(options(), SPACE, 1), bowl)
    same = run(Search(options(), SPACE, 2, cold), bowl).document()["savings"]
    assert same["againstCold"] == {
        "trials": pytest.approx(1 - len(run(Search(options(), SPACE, 2, cold), bowl).trials) / 40),
        "cpuSeconds": pytest.approx(same["againstCold"]["trials"]),
    }

    # the one point that was best is bad today, the others are as they were, nothing new is good: the warm
    # search ends above the loss of the cold one
    assert cold.best is not None
    champion = cold.best.params
    before = [t.params for t in cold.trials]

    def worse(p: Params) -> float:
        return 3.0 if p == champion else bowl(p) * 1.01 if p in before else 2.0

    elsewhere = run(Search(options(), SPACE, 2, cold), worse).document()["savings"]
    assert elsewhere["againstCold"] == "unknown"

    # every point of the cold search fails today: nothing to compare with
    known = [t.params for t in cold.trials]
    nothing = run(Search(options(), SPACE, 2, cold), lambda p: None if p in known else bowl(p)).document()["savings"]
    assert nothing["againstCold"] == nothing["againstColdWithPatience"] == "unknown"


def test_a_warm_cycle_on_newer_data_saves_at_equal_loss() -> None:
    def older(p: Params) -> float:
        return bowl(p)

    def newer(p: Params) -> float:
        return 1.4 * bowl(p, 0.02)  # every loss is higher today: the cold one's are rescaled

    cold = run(Search(options(), SPACE, 1, window="sha256:a", environment="sha256:e"), older)
    warm = run(Search(options(), SPACE, 2, cold, window="sha256:b", environment="sha256:e"), newer)

    saved = warm.document()["savings"]
    assert saved["againstCold"]["trials"] == pytest.approx(1 - len(warm.trials) / 40)
    assert saved["againstCold"]["trials"] > 0.3
    assert saved["why"].startswith("objectives of cycle 1 rescaled by 1.4")


def test_a_trial_carries_its_own_digests() -> None:
    cold = run(Search(options(), SPACE, 1, window="sha256:a", environment="sha256:e"), bowl)
    warm = run(Search(options(), SPACE, 2, cold, window="sha256:b", environment="sha256:e"), bowl).document()

    assert {t["digests"]["window"] for t in warm["trials"]} == {"sha256:b"}
    assert {t["digests"]["window"] for t in warm["cold"]["trials"]} == {"sha256:a"}
    assert {t["digests"]["space"] for t in warm["trials"]} == {warm["digests"]["space"]}


def test_a_narrowed_space_is_still_the_declared_one() -> None:
    cold = run(Search(options(), SPACE, 1), bowl)
    warm = run(Search(options(narrow=True), SPACE, 2, cold), bowl)

    assert warm.space != SPACE
    assert warm.digests.space == cold.digests.space


@pytest.mark.parametrize(
    ("space", "environment", "why"),
    [
        (SPACE, "sha256:f", "the environment changed since the last cold search"),
        (Space.of({"eta": {"float": [0.01, 0.5]}}), "sha256:e", "the search space changed since the last cold search"),
    ],
)
def test_nothing_is_claimed_against_a_cold_search_of_another_kind(space: Space, environment: str, why: str) -> None:
    cold = run(Search(options(), SPACE, 1, environment="sha256:e"), bowl)

    assert cold.best is not None
    known = cold.best.params

    warm = run(Search(options(), space, 2, cold, environment=environment), lambda p: bowl({**known, **p}))

    saved = warm.document()["savings"]
    assert (saved["againstCold"], saved["why"]) == ("unknown", why)


def random_space(rng: np.random.Generator) -> Space:
    parameters: dict[str, Whole | Real | Choice] = {}
    pool: list[Any] = [True, False, 1, 2, 1.0, 0.5, "a", "b", "1"]
    for name in ("p", "q", "r", "s", "t"):
        kind = rng.integers(4)
        log = bool(rng.integers(2))
        low = float(np.exp(rng.uniform(-3, 3)))
        high = low * float(np.exp(rng.uniform(0, 4)))
        if kind == 0:
            parameters[name] = Whole(math.ceil(low), math.ceil(low) + int(high), log)
        elif kind == 1:
            parameters[name] = Real(low, high, log)
        elif kind == 2:
            parameters[name] = Choice(tuple(pool[i] for i in rng.permutation(len(pool))[: rng.integers(1, 5)]))
    return Space(parameters or {"p": Whole(1, 5, False)})


def inside(space: Space, params: Params) -> bool:
    for name, p in space.parameters.items():
        value = params[name]
        if isinstance(p, Choice):
            ok = p.fit(value) is not None
        else:
            ok = p.low <= float(value) <= p.high and isinstance(value, int if isinstance(p, Whole) else float)
        if not ok:
            return False
    return set(params) == set(space.parameters)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(40))
def test_a_study_of_another_space_never_hurts(seed: int) -> None:
    """Parameters dropped, added, narrowed, retyped: every point asked for is a point of today's space."""
    rng = np.random.default_rng(seed)
    before, today = random_space(rng), random_space(rng)
    last = run(Search(options(trials=12), before, seed), lambda _: float(rng.random()))

    search = Search(options(trials=10, narrow=bool(seed % 2)), today, seed, last)
    asked = []
    while (ask := search.ask()) is not None:
        asked.append(ask.params)
        search.tell(ask, float(rng.random()), None, None)

    assert asked
    assert all(inside(today, params) for params in asked)
    assert len(search.study("f", "r").trials) <= 10


def test_a_narrowed_space_lies_within_and_holds_the_good_points() -> None:
    cold = run(Search(options(), SPACE, 1), bowl)
    points = good(cold.trials, Direction.MINIMIZE, SPACE, 10, 0.0)

    narrow = SPACE.narrowed(points)

    assert all(inside(narrow, p) and inside(SPACE, p) for p in points)
    eta, wide = narrow.parameters["eta"], SPACE.parameters["eta"]
    assert isinstance(eta, Real)
    assert isinstance(wide, Real)
    assert math.log(eta.high / eta.low) < math.log(wide.high / wide.low)


@pytest.mark.parametrize(
    "space",
    [
        {},
        {"x": {"int": [3, 1]}},
        {"x": {"float": [0, 1], "log": True}},
        {"x": {"choice": []}},
        {"x": 3},
        {"x": {"int": [1]}},
    ],
)
def test_a_space_that_makes_no_sense_is_refused(space: object) -> None:
    with pytest.raises(SluiceMlError, match="SLU-7403"):
        Space.of(space)


def test_studies_keep_their_contract(tmp_path: Path) -> None:
    schema = json.loads((CONTRACTS / "study.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    cold = run(Search(options(), SPACE, 1), lambda p: None if p["depth"] == 3 else bowl(p))
    warm = run(Search(options(), SPACE, 2, cold), bowl)
    for study in (cold, warm):
        validator.validate(study.document())
        (tmp_path / "study.json").write_text(json.dumps(study.document()))
        assert Study.read(tmp_path / "study.json").document() == study.document()
    valid = sorted((CONTRACTS / "samples/study/valid").glob("*.json"))
    invalid = sorted((CONTRACTS / "samples/study/invalid").glob("*.json"))
    assert valid
    assert invalid
    for file in valid:
        validator.validate(json.loads(file.read_text()))
        Study.read(file)
    for file in invalid:
        assert not validator.is_valid(json.loads(file.read_text())), file


def test_a_damaged_study_is_refused(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"apiVersion":"sluice.io/study/v9"}'):
        (tmp_path / "study.json").write_text(text)
        with pytest.raises(SluiceMlError, match="SLU-7402"):
            Study.read(tmp_path / "study.json")


def test_trials_side_by_side_are_as_many_as_were_asked_for_and_differ() -> None:
    search = Search(options(parallel=4, trials=12), SPACE, 1)
    running = [ask for _ in range(4) if (ask := search.ask()) is not None]
    seen = []
    while running:
        # the latest first: they need not end in their order
        ask = running.pop()
        seen.append(json.dumps(ask.params))
        search.tell(ask, bowl(ask.params), None, 1.0)
        following = search.ask()
        if following is not None:
            running.append(following)

    study = search.study("xgboost", "run")

    assert sorted(t.number for t in study.trials) == list(range(12))
    assert len(set(seen)) == 12
    assert study.document()["parallel"] == 4
    assert study.stopped == "trials"


def test_one_at_a_time_says_nothing_of_parallel_and_repeats_to_the_byte() -> None:
    one, same = (run(Search(options(parallel=1), SPACE, 3), bowl).document() for _ in range(2))

    assert "parallel" not in one
    assert one == same == run(Search(options(), SPACE, 3), bowl).document()
