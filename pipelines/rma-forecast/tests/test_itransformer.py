"""The second family: what it sees, that the graph is the network, and a trial and a refit from panels to bundle."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rma import tokens
from rma.counts import poisson_deviance
from rma.tokens import SERIES, STATICS
from rma.train_itransformer import Samples, counts, family, forecast, graph, losses_of
from sluice_ml.bundle import check_parity, predict
from sluice_ml.errors import SluiceMlError
from sluice_ml.itransformer.network import Config, initial
from sluice_ml.panel import DAY, Ints, Panel, PanelSet, Rows, Shape, Windows, instant_of
from sluice_ml.stage import Stage

L, H = 12, 3
F32 = np.float32
WEEK = 7 * DAY
CONFIG = Config(L, H, width=16, feed_forward=32, heads=4, layers=2, dropout=0.1, statics=STATICS)
SHAPE = Shape(("product",), ("product",), ("returned", "shipped"), WEEK, "returned")


def windows(n: int, seed: int) -> tuple[Windows, Ints]:
    rng = np.random.default_rng(seed)
    window = rng.negative_binomial(1, 0.2, (n, L, 2)).astype(F32)
    window[rng.random((n, L)) < 0.1] = np.nan
    return window, rng.integers(18_000, 22_000, n)


def panel_set(units: int, weeks: range, seed: int) -> PanelSet:
    """Units that each return a share of their own of what they ship; labels are known at once."""
    rng = np.random.default_rng(seed)
    count = weeks.stop + H
    shipped = rng.poisson(np.exp(np.linspace(0, 4, units))[:, None], (units, count))
    returned = rng.poisson(shipped * np.linspace(0.02, 0.3, units)[:, None])
    unit, week = (x.reshape(-1) for x in np.meshgrid(np.arange(units), np.arange(count), indexing="ij"))
    start = week * WEEK + 4 * DAY  # a Monday
    values = np.stack([returned.reshape(-1), shipped.reshape(-1)], axis=1).astype(float)
    panel = Panel(SHAPE, tuple((f"P{u}",) for u in range(units)), unit, start, start + WEEK, values)
    u, o, h = (x.reshape(-1) for x in np.meshgrid(np.arange(units), np.array(weeks), np.arange(1, H + 1)))
    origin = o * WEEK + 4 * DAY
    end = origin + h * WEEK
    return PanelSet(panel, Rows(u, origin, h, end, end, returned[u, o + h - 1].astype(float), np.ones(len(u))))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    panel_set(12, range(L, 40), 1).write(tmp_path / "in/train")
    panel_set(12, range(L, 24), 2).write(tmp_path / "in/validation")
    params: dict[str, Any] = {
        "lookback": L, "width": 16, "learning_rate": 0.005, "decay": 0.9, "batch": 32, "epochs": 8,
    }  # fmt: skip
    return Stage(tmp_path / "in", tmp_path / "out", tmp_path / "results", params, "trial", 3, None, "itransformer")


def test_tokens_are_what_their_names_say() -> None:
    window, day = windows(40, 1)
    window[3] = np.nan
    seen = tokens.compute(window, day)

    assert seen.series.shape == (40, SERIES, L)
    assert seen.statics.shape == (40, STATICS)
    known = np.isfinite(window)
    for channel in (0, 1):
        for i in range(40):
            roots = np.sqrt(window[i, :, channel].astype(np.float64))
            at = known[i, :, channel]
            mean = roots[at].mean() if at.any() else 0.0
            deviation = np.sqrt((roots[at].var() if at.any() else 0.0) + 0.25)
            expected = np.where(at, (roots - mean) / deviation, 0.0)
            np.testing.assert_allclose(seen.series[i, channel], expected, atol=1e-5)
    np.testing.assert_array_equal(seen.series[:, 2], known[:, :, 1].astype(F32))
    filled = np.nan_to_num(window)
    np.testing.assert_allclose(
        seen.base[:, 0], (filled[:, :, 0].sum(1) + 0.05) / (known[:, :, 0].sum(1) + 1), rtol=1e-6
    )
    np.testing.assert_allclose(seen.statics[:, 0], np.log(seen.base[:, 0]), atol=1e-5)
    month = (filled[:, -4:, 1].sum(1) + 1) / (known[:, -4:, 1].sum(1) + 1)
    np.testing.assert_allclose(seen.statics[:, 3], np.log(month), atol=1e-5)
    np.testing.assert_allclose(seen.statics[:, 4], known[:, :, 1].mean(1), rtol=1e-6)
    np.testing.assert_allclose(seen.statics[:, 6], np.sin(2 * np.pi * day / 365.25), atol=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_graph_forecasts_what_was_trained_and_never_below_zero(seed: int) -> None:
    params = initial(CONFIG, jax.random.key(seed))
    window, day = windows(300, seed)
    # nothing known, nothing ever returned, and a bulk order
    window[0], window[1, :, 0], window[2, 5] = np.nan, 0, 1e6
    seen = tokens.compute(window, day)
    expected = np.asarray(counts(params, CONFIG, (seen.series, seen.statics, seen.base))) * F32(1.25)
    blob = graph(params, CONFIG, 1.25).SerializeToString()

    assert check_parity(blob, window, day, expected) < 1e-4
    assert (predict(blob, window, day) > 0).all()


def test_a_horizon_without_a_label_weighs_nothing_and_the_mean_is_that_over_rows() -> None:
    window, day = windows(50, 4)
    rng = np.random.default_rng(4)
    y = rng.poisson(2, (50, H)).astype(F32)
    weight = (rng.random((50, H)) < 0.7).astype(F32)
    samples = Samples(tokens.compute(window, day), y, weight, window, day * DAY, 0)
    params = initial(CONFIG, jax.random.key(1))

    mean = float(losses_of(CONFIG)(params, samples.batch(np.arange(50)), None).mean())
    again = replace(samples, y=np.where(weight > 0, y, 99).astype(F32))

    labelled = weight > 0
    prediction = forecast(params, CONFIG, samples)[labelled]
    assert mean == pytest.approx(poisson_deviance(y[labelled], prediction, weight[labelled]), rel=1e-5)
    assert mean == pytest.approx(float(losses_of(CONFIG)(params, again.batch(np.arange(50)), None).mean()))


def test_a_trial_learns_from_train_and_tells_its_loss_on_validation(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip  # noqa: E501
    objective = family(stage)

    validation = PanelSet.read(stage.inputs / "validation").rows
    level = np.full(len(validation), validation.actual.mean(), F32)
    naive = poisson_deviance(validation.actual.astype(F32), level, validation.weight.astype(F32))
    assert objective < naive / 2
    epochs = int((stage.results / "epochs").read_text())
    assert capsys.readouterr().out.count("validation loss") == epochs
    assert objective == family(stage), "the same seed, the same bits"
    assert not stage.outputs.exists()


def test_a_refit_writes_a_bundle_whose_probe_holds(stage: Stage) -> None:
    refit = replace(stage, mode="refit", outputs=stage.outputs / "refit")
    family(refit)

    bundle = refit.outputs / "model"
    signature = json.loads((bundle / "signature.json").read_text())
    assert signature["family"] == "itransformer"
    assert signature["inputs"][0] == {"name": "window", "kind": "window", "channels": ["returned", "shipped"], "lookback": L}  # fmt: skip  # noqa: E501
    assert signature["horizons"] == [1, 2, 3]
    probe = json.loads((bundle / "probe.json").read_text())
    window = np.array([[[np.nan if x is None else x for x in week] for week in w] for w in probe["inputs"]["window"]], F32)  # fmt: skip  # noqa: E501
    got = predict((bundle / "model.onnx").read_bytes(), window, np.array(probe["inputs"]["origin_day"])[:, 0])
    np.testing.assert_array_equal(got, np.array(probe["output"], F32))
    assert float((refit.results / "parity").read_text()) < 1e-4
    # train reaches further than validation here, as when rows of the holdout got into it: the signature says so
    newest = max(int(PanelSet.read(stage.inputs / name).rows.known_at.max()) for name in ("train", "validation"))
    assert newest > int(PanelSet.read(stage.inputs / "validation").rows.known_at.max())
    assert instant_of(signature["newestLabel"]) == newest


def test_a_training_that_explodes_is_told_in_words(stage: Stage) -> None:
    with pytest.raises(SluiceMlError, match=r"SLU-7411: training diverged: the .* loss is nan in epoch 1"):
        family(replace(stage, params={**stage.params, "learning_rate": 1e30}))


def test_a_wild_network_stays_finite() -> None:
    params = jax.tree.map(lambda leaf: leaf * 1e4, initial(CONFIG, jax.random.key(1)))
    window, day = windows(20, 5)
    seen = tokens.compute(window, day)

    out = counts(params, CONFIG, (seen.series, seen.statics, seen.base))

    assert bool(jnp.isfinite(out).all())
