"""The network against the paper's equations, the graph against the network, the loop against interruptions."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import erf

from sluice_ml.bundle import session
from sluice_ml.errors import SluiceMlError
from sluice_ml.itransformer import reproduce
from sluice_ml.itransformer.export import add_encoder, export
from sluice_ml.itransformer.network import EPSILON, Config, Params, encode, forecast, initial
from sluice_ml.itransformer.table import Split, Table, cut
from sluice_ml.itransformer.training import Epoch, Options, fit, mean_loss

F32 = np.float32
Floats = NDArray[np.float32]
SMALL = Config(lookback=12, horizons=3, width=16, feed_forward=24, heads=4, layers=2, dropout=0.1)


def windows(batch: int, series: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(size=(batch, SMALL.lookback, series)), axis=1).astype(F32)


def params_of(config: Config, seed: int = 0) -> Params:
    return initial(config, jax.random.key(seed))


def in_graph(params: Params, config: Config, window: Floats) -> Floats:
    blob = export(params, config).SerializeToString(deterministic=True)
    out: Floats = session(blob).run(["forecast"], {"window": window})[0]
    return out


def by_the_equations(params: Params, config: Config, window: Floats) -> NDArray[np.float64]:
    """Section 3 of the paper in float64 loops: one token per series, attention between tokens, post-norm."""
    p: Params = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)

    def norm(q: Params, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return (x - x.mean()) / np.sqrt(x.var() + EPSILON) * q["g"] + q["b"]  # type: ignore[no-any-return]

    out = np.empty((len(window), config.horizons, window.shape[2]))
    size = config.width // config.heads
    for b, sample in enumerate(window.astype(np.float64)):
        mean, scale = sample.mean(0), np.sqrt(sample.var(0) + EPSILON)
        tokens = ((sample - mean) / scale).T @ p["embed"]["w"] + p["embed"]["b"]
        for layer in p["layers"]:
            q, k, v = (tokens @ layer[n]["w"] + layer[n]["b"] for n in "qkv")
            mixed = np.zeros_like(tokens)
            for head in range(config.heads):
                part = slice(head * size, (head + 1) * size)
                for i in range(len(tokens)):
                    score = np.exp([q[i, part] @ k[j, part] / np.sqrt(size) for j in range(len(tokens))])
                    mixed[i, part] = (score / score.sum()) @ v[:, part]
            tokens = tokens + mixed @ layer["o"]["w"] + layer["o"]["b"]
            tokens = np.stack([norm(layer["norm_attention"], t) for t in tokens])
            wide = tokens @ layer["in"]["w"] + layer["in"]["b"]
            wide = wide / 2 * (1 + erf(wide / np.sqrt(2)))
            tokens = tokens + wide @ layer["out"]["w"] + layer["out"]["b"]
            tokens = np.stack([norm(layer["norm_forward"], t) for t in tokens])
        tokens = np.stack([norm(p["norm"], t) for t in tokens])
        out[b] = (tokens @ p["project"]["w"] + p["project"]["b"]).T * scale + mean
    return out


def test_the_network_is_what_the_papers_equations_say() -> None:
    params, window = params_of(SMALL), windows(3, 5, 1)

    np.testing.assert_allclose(
        forecast(params, SMALL, jnp.asarray(window)), by_the_equations(params, SMALL, window), rtol=2e-4, atol=2e-4
    )


def test_the_order_of_series_only_orders_the_forecasts() -> None:
    params, window = params_of(SMALL), windows(4, 6, 2)
    order = [3, 0, 5, 1, 4, 2]

    np.testing.assert_allclose(
        forecast(params, SMALL, jnp.asarray(window[:, :, order])),
        forecast(params, SMALL, jnp.asarray(window))[:, :, order],
        rtol=1e-4,
        atol=1e-4,
    )


def test_another_unit_of_measurement_gives_the_same_forecast_in_that_unit() -> None:
    params, window = params_of(SMALL), windows(4, 3, 3)

    np.testing.assert_allclose(
        forecast(params, SMALL, jnp.asarray(window * F32(1000) + F32(50))),
        forecast(params, SMALL, jnp.asarray(window)) * 1000 + 50,
        rtol=1e-2,
    )


@pytest.mark.parametrize("series", [1, 5, 40])
def test_the_graph_forecasts_what_the_network_forecasts_for_any_number_of_series(series: int) -> None:
    params, window = params_of(SMALL, seed=series), windows(7, series, series)

    np.testing.assert_allclose(
        in_graph(params, SMALL, window), forecast(params, SMALL, jnp.asarray(window)), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("series", [1, 6])
def test_series_of_the_calendar_are_attended_to_and_not_forecast(series: int) -> None:
    params, window = params_of(SMALL), windows(3, series, 8)
    calendar = np.random.default_rng(8).uniform(-0.5, 0.5, (3, SMALL.lookback, 4)).astype(F32)

    without = forecast(params, SMALL, jnp.asarray(window))
    expected = forecast(params, SMALL, jnp.asarray(window), None, jnp.asarray(calendar))
    blob = export(params, SMALL, calendar=4).SerializeToString()
    got = session(blob).run(["forecast"], {"window": window, "calendar": calendar})[0]

    assert expected.shape == without.shape
    assert float(jnp.abs(expected - without).max()) > 1e-3
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_a_constant_series_is_forecast_finitely_and_alike_by_both() -> None:
    window = windows(2, 3, 4)
    window[:, :, 1] = 7

    got = in_graph(params_of(SMALL), SMALL, window)

    assert np.isfinite(got).all()
    np.testing.assert_allclose(got, forecast(params_of(SMALL), SMALL, jnp.asarray(window)), rtol=1e-4, atol=1e-5)


def test_statics_are_one_more_token_in_network_and_graph() -> None:
    from onnx import TensorProto

    from sluice_ml.graph import Graph

    config = replace(SMALL, statics=4)
    params, series = params_of(config), windows(6, 2, 5).transpose(0, 2, 1).copy()
    statics = np.random.default_rng(1).normal(size=(6, 4)).astype(F32)
    g = Graph()
    name = add_encoder(g, params, config, "series", "statics")
    model = g.model(
        "t",
        [
            ("series", TensorProto.FLOAT, ["batch", "n", config.lookback]),
            ("statics", TensorProto.FLOAT, ["batch", config.statics]),
        ],
        [(name, TensorProto.FLOAT, ["batch", "n", config.horizons])],
        "test",
    )

    got = session(model.SerializeToString()).run([name], {"series": series, "statics": statics})[0]
    expected = encode(params, config, jnp.asarray(series), jnp.asarray(statics))
    other = encode(params, config, jnp.asarray(series), jnp.asarray(statics + F32(1)))

    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    assert float(jnp.abs(expected - other).max()) > 1e-3, "the token is attended to"


def test_the_same_parameters_are_the_same_bytes() -> None:
    one, two = (export(params_of(SMALL), SMALL).SerializeToString(deterministic=True) for _ in range(2))

    assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest()


@pytest.mark.parametrize(
    ("change", "why"),
    [({"width": 10}, "not a multiple of heads"), ({"dropout": 1.0}, r"not in \[0, 1\)"), ({"layers": 0}, "at least 1")],
)
def test_a_network_that_cannot_be_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        replace(SMALL, **change)


# --- the loop, on a task that needs no transformer: y = x w + noise


class Line:
    """Samples of a line through noise."""

    def __init__(self, count: int, seed: int, damaged_at: int | None = None) -> None:
        rng = np.random.default_rng(seed)
        self.x = rng.normal(size=(count, 3)).astype(F32)
        self.y = (self.x @ np.array([1, -2, 3], F32) + rng.normal(size=count, scale=0.1)).astype(F32)
        if damaged_at is not None:
            self.y[damaged_at] = np.inf

    def __len__(self) -> int:
        return len(self.x)

    def batch(self, at: NDArray[np.int64]) -> Any:
        return self.x[at], self.y[at]


def line_losses(params: Params, batch: Any, key: jax.Array | None) -> jax.Array:
    x, y = batch
    # a key is given in training only; noise on the inputs stands for dropout
    if key is not None:
        x = x + 0.01 * jax.random.normal(key, x.shape)
    off: jax.Array = x @ params["w"] - y
    return off * off


START: Params = {"w": jnp.zeros(3)}
OPTIONS = Options(learning_rate=0.2, batch=16, epochs=6, patience=3, decay=0.8)


def test_training_finds_what_is_there_and_tells_each_epoch() -> None:
    told: list[Epoch] = []
    fitted = fit(line_losses, START, Line(203, 1), Line(50, 2), OPTIONS, seed=3, progress=told.append)

    np.testing.assert_allclose(fitted.params["w"], [1, -2, 3], atol=0.1)
    assert tuple(told) == fitted.epochs
    assert [e.number for e in told] == list(range(1, len(told) + 1))
    assert fitted.loss == min(e.validation for e in told)


def test_an_interrupted_training_ends_with_the_same_bits(tmp_path: Path) -> None:
    train, validation, file = Line(203, 1), Line(50, 2), tmp_path / "deep" / "state.npz"
    through = fit(line_losses, START, train, validation, OPTIONS, seed=3)

    class Interrupted(Exception):
        pass

    def power_cut(epoch: Epoch) -> None:
        if epoch.number == 3:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(line_losses, START, train, validation, OPTIONS, seed=3, checkpoint=file, progress=power_cut)
    told: list[Epoch] = []
    resumed = fit(line_losses, START, train, validation, OPTIONS, seed=3, checkpoint=file, progress=told.append)

    assert [e.number for e in told] == [4, 5, 6]
    assert resumed.epochs == through.epochs
    np.testing.assert_array_equal(resumed.params["w"], through.params["w"])


def test_a_checkpoint_of_another_training_is_not_gone_on_from(tmp_path: Path) -> None:
    train, validation, file = Line(64, 1), Line(50, 2), tmp_path / "state.npz"
    fit(line_losses, START, train, validation, replace(OPTIONS, epochs=1), seed=3, checkpoint=file)

    with pytest.raises(SluiceMlError, match=r"SLU-7412.*another seed"):
        fit(line_losses, START, train, validation, OPTIONS, seed=4, checkpoint=file)
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(SluiceMlError, match="SLU-7412"):
        fit(line_losses, START, train, validation, OPTIONS, seed=3, checkpoint=file)


def test_training_stops_when_validation_stops_getting_better() -> None:
    # a rate so large that Adam's steps only jump about
    options = replace(OPTIONS, learning_rate=50.0, decay=1.0, epochs=40, patience=2)

    fitted = fit(line_losses, START, Line(64, 1), Line(50, 2), options, seed=3)

    assert fitted.stopped == "patience"
    assert len(fitted.epochs) < 40
    best = max(e.number for e in fitted.epochs if e.best)
    assert len(fitted.epochs) == best + 2


def test_training_that_diverges_says_so_with_epoch_and_rate() -> None:
    with pytest.raises(SluiceMlError, match=r"SLU-7411.*training loss is nan in epoch 1 at a learning rate of 0.2"):
        fit(line_losses, START, Line(64, 1, damaged_at=5), Line(50, 2), OPTIONS, seed=3)
    with pytest.raises(SluiceMlError, match=r"SLU-7411.*validation loss is inf in epoch 1"):
        fit(line_losses, START, Line(64, 1), Line(50, 2, damaged_at=5), OPTIONS, seed=3)


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(SluiceMlError, match=r"SLU-7410.*0 samples to train on and 50"):
        fit(line_losses, START, Line(0, 1), Line(50, 2), OPTIONS, seed=3)


def test_the_validation_loss_counts_every_sample_once_whatever_the_batch() -> None:
    samples, params = Line(50, 7), {"w": jnp.array([1.0, -2.0, 2.0])}
    expected = float(np.mean((samples.x @ np.array([1, -2, 2], F32) - samples.y) ** 2))

    for size in (1, 16, 50, 64):
        assert mean_loss(line_losses, size)(params, samples) == pytest.approx(expected, rel=1e-5)


# --- files of series


def series_file(file: Path, rows: int = 600, change: dict[tuple[int, int], str] | None = None) -> Path:
    """Two seasonal series, hourly; `change`: (line, column) counted from 1 to a text."""
    rng = np.random.default_rng(0)
    t = np.arange(rows)
    a = np.sin(t * 2 * np.pi / 12) * 5 + 20 + rng.normal(size=rows, scale=0.1)
    b = np.cos(t * 2 * np.pi / 6) + rng.normal(size=rows, scale=0.1)
    table = [["date", "a", "b"]]
    table += [
        [f"2026-01-{1 + i // 24:02d} {i % 24:02d}:00:00", f"{x:.4f}", f"{y:.4f}"]
        for i, (x, y) in enumerate(zip(a, b, strict=True))
    ]
    for (line, column), text in (change or {}).items():
        table[line - 1][column - 1] = text
    with file.open("w", newline="") as out:
        csv.writer(out).writerows(table)
    return file


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({(1, 1): "time"}, "line 1: a column `date`"),
        ({(1, 3): "a"}, "names the column `a` twice"),
        ({(7, 2): ""}, "line 7: a: `` is not a number"),
        ({(9, 3): "inf"}, "line 9: b: `inf` is not a number: numbers are finite"),
        ({(9, 3): "many"}, "line 9: b: `many` is not a number"),
        ({(5, 1): "soon"}, "line 5: date is not a time: 'soon'"),
        ({(5, 1): "2026-01-01 01:30:00"}, "line 5: .*the step was 1:00:00"),
    ],
)
def test_a_file_that_is_no_table_of_series_is_told_where(
    tmp_path: Path, change: dict[tuple[int, int], str], why: str
) -> None:
    with pytest.raises(SluiceMlError, match=f"SLU-7(?:420|104).*{why}"):
        Table.read(series_file(tmp_path / "s.csv", 30, change))


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    for name in ("none.csv", "binary.csv"):
        with pytest.raises(SluiceMlError, match=f"SLU-7104: {name}"):
            Table.read(tmp_path / name)
    (tmp_path / "short.csv").write_text("date,a\n")
    with pytest.raises(SluiceMlError, match=r"SLU-7420: short.csv: 0 rows"):
        Table.read(tmp_path / "short.csv")


def test_no_future_of_one_part_lies_in_another_and_scales_come_from_training(tmp_path: Path) -> None:
    table = Table.read(series_file(tmp_path / "s.csv", 100))
    split = Split.of("60/20/20%", table)
    train, validation, test = cut(table, split, lookback=8, horizons=4)

    fitted = table.values[:60]
    scaled = ((table.values - fitted.mean(0)) / fitted.std(0)).astype(F32)
    assert [len(x) for x in (train, validation, test)] == [49, 17, 17]
    # the last future of training ends where validation's first begins
    np.testing.assert_array_equal(train.batch(np.array([48]))[2][0], scaled[56:60])
    np.testing.assert_array_equal(validation.batch(np.array([0]))[0][0], scaled[52:60])
    np.testing.assert_array_equal(validation.batch(np.array([0]))[2][0], scaled[60:64])
    np.testing.assert_array_equal(test.batch(np.array([16]))[2][0], scaled[96:100])


def test_the_calendar_says_where_a_time_lies_in_day_week_month_and_year() -> None:
    hourly = Table(("a",), np.zeros((30, 1)), datetime(2026, 12, 31, 0), timedelta(hours=1))
    quarters = Table(("a",), np.zeros((4, 1)), datetime(2026, 1, 1, 12), timedelta(minutes=15))

    np.testing.assert_allclose(hourly.calendar()[0], [-0.5, 3 / 6 - 0.5, 0.5, 364 / 365 - 0.5], atol=1e-6)
    np.testing.assert_allclose(hourly.calendar()[24], [-0.5, 4 / 6 - 0.5, -0.5, -0.5], atol=1e-6)
    np.testing.assert_allclose(quarters.calendar()[3, [0, 4]], [12 / 23 - 0.5, 45 / 59 - 0.5], atol=1e-6)


@pytest.mark.parametrize("text", ["70/20", "80/20/20%", "12/4/4m", "0/50/50%", "train"])
def test_a_split_that_the_file_cannot_have_is_refused(tmp_path: Path, text: str) -> None:
    table = Table.read(series_file(tmp_path / "s.csv", 100))
    with pytest.raises(SluiceMlError, match="SLU-7421"):
        Split.of(text, table)


SMALL_RUN = [
    "--split=70/10/20%", "--lookback=24", "--width=16", "--heads=2", "--layers=1", "--epochs=6",
    "--learning-rate=0.01", "--horizons", "6", "--seeds", "1",
]  # fmt: skip


def test_the_benchmark_learns_a_season_and_its_onnx_model_does_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = series_file(tmp_path / "s.csv")

    assert reproduce.main([str(file), *SMALL_RUN, "--onnx", str(tmp_path / "onnx")]) == 0

    out, err = capsys.readouterr()
    line = json.loads(out)
    table = Table.read(file)
    test = cut(table, Split.of("70/10/20%", table), 24, 6)[2]
    past, _, future = test.batch(np.arange(len(test)))
    naive = float(np.mean((past[:, -1:] - future) ** 2))
    assert line["windows"] == len(test)
    assert line["mse"] < naive / 10
    assert err.count("epoch ") == line["epochs"]
    blob = (tmp_path / "onnx" / "s-24-6-1.onnx").read_bytes()
    got = session(blob).run(["forecast"], {"window": past})[0]
    assert float(np.mean((got - future) ** 2)) == pytest.approx(line["mse"], abs=1e-3)


def test_a_benchmark_that_is_killed_goes_on_from_its_checkpoint_to_the_same_bits(tmp_path: Path) -> None:
    file = series_file(tmp_path / "s.csv")
    command = [sys.executable, "-m", "sluice_ml.itransformer.reproduce", str(file), *SMALL_RUN]
    environment = os.environ | {"PYTHONPATH": str(Path(reproduce.__file__).parents[2])}
    through, resumed, folder = tmp_path / "through", tmp_path / "resumed", tmp_path / "checkpoints"
    subprocess.run([*command, "--onnx", str(through)], env=environment, check=True, capture_output=True)

    command += ["--onnx", str(resumed), "--checkpoints", str(folder)]
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert first.stderr is not None
    with first.stderr as told:
        assert any("epoch 2:" in line for line in told)
        first.kill()
    assert first.wait() == -signal.SIGKILL
    assert not resumed.exists()
    second = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)

    assert "epoch 2:" not in second.stderr
    assert "epoch 6:" in second.stderr
    name = "s-24-6-1.onnx"
    assert (resumed / name).read_bytes() == (through / name).read_bytes()


@pytest.mark.parametrize(("series", "lookback", "horizons"), [(1, 12, 3), (9, 30, 12)])
def test_the_benchmark_takes_any_number_of_series_look_back_and_horizon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], series: int, lookback: int, horizons: int
) -> None:
    rng, t = np.random.default_rng(series), np.arange(400)
    values = np.sin(2 * np.pi * (t[:, None] / 6 + rng.random(series))) + rng.normal(size=(400, series), scale=0.1)
    rows = [[f"2026-01-{1 + i // 96:02d} {i // 4 % 24:02d}:{i % 4 * 15:02d}:00", *v] for i, v in enumerate(values)]
    with (tmp_path / "q.csv").open("w", newline="") as out:
        csv.writer(out).writerows([["when", *(f"s{i}" for i in range(series))], *rows])
    options = ["--date=when", "--split=60/20/20%", "--width=16", "--heads=2", "--learning-rate=0.01", "--epochs=5"]

    code = reproduce.main(
        [
            str(tmp_path / "q.csv"),
            *options,
            f"--lookback={lookback}",
            f"--horizons={horizons}",
            "--batch=16",
            "--seeds=7",
        ]
    )

    line = json.loads(capsys.readouterr().out)
    assert code == 0
    assert line["windows"] == 80 - horizons + 1, "whatever the batch, no window is left out"
    assert line["mse"] < 0.3, "of a variance of 1"


def test_the_benchmark_ends_with_a_word_on_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reproduce.main([str(tmp_path / "none.csv"), *SMALL_RUN]) == 2
    assert "SLU-7104" in capsys.readouterr().err
    exploding = series_file(tmp_path / "s.csv", 600, {(470, 2): "1e30"})
    assert reproduce.main([str(exploding), *SMALL_RUN]) == 1
    assert "SLU-7411" in capsys.readouterr().err
    short = series_file(tmp_path / "short.csv", 40)
    assert reproduce.main([str(short), *SMALL_RUN]) == 2
    assert "SLU-7410" in capsys.readouterr().err
