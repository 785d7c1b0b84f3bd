"""The graph is the model: features, trees and bundle against numpy and XGBoost."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import xgboost as xgb

from rma import features
from rma.counts import bias, calibrate, poisson_deviance
from rma.export import graph
from rma.offset import CAP, CAPPED, EXPOSURE, HORIZON, SHIPPED, SHIPPED_CAP, Offset
from rma.table import Table
from rma.train_xgboost import Model, newest_label
from rma.trees import add_trees
from sluice_ml.bundle import Signature, check_parity, predict, write_bundle
from sluice_ml.errors import SluiceMlError
from sluice_ml.graph import Graph

L, H = 26, 4
F32 = np.float32


def windows(n: int, seed: int) -> tuple[np.ndarray[tuple[int, int, int], np.dtype[np.float32]], np.ndarray[tuple[int], np.dtype[np.int64]]]:  # fmt: skip  # noqa: E501
    rng = np.random.default_rng(seed)
    window = rng.negative_binomial(1, 0.2, (n, L, 2)).astype(F32)
    window[rng.random((n, L)) < 0.1] = np.nan
    return window, rng.integers(18_000, 22_000, n)


def booster(seed: int, rounds: int = 20, depth: int = 5) -> xgb.Booster:
    window, day = windows(300, seed)
    x = features.compute(window, day, H)
    y = np.random.default_rng(seed).poisson(np.nan_to_num(window[:, -8:, 0]).mean(1))
    data = xgb.DMatrix(x.reshape(-1, x.shape[2]), np.repeat(y, H))
    options = {"objective": "reg:tweedie", "max_depth": depth, "eta": 0.3, "nthread": 1, "base_score": 0.7}
    return xgb.train(options, data, rounds)


def test_features_are_what_their_names_say() -> None:
    window, day = windows(50, 1)
    x = features.compute(window, day, H)
    filled = np.nan_to_num(window)

    assert x.shape == (50, H, features.width(L))
    returned, shipped = filled[:, :, 0], filled[:, :, 1]
    np.testing.assert_array_equal(x[:, 0, :8], returned[:, -8:])
    np.testing.assert_array_equal(x[:, 0, 8:16], shipped[:, -8:])
    at = 16
    for channel in (returned, shipped):
        for far, near in features.spans(L):
            np.testing.assert_array_equal(x[:, 0, at], channel[:, L - far : L - near].sum(1))
            at += 1
    np.testing.assert_array_equal(x[:, 0, at], returned.sum(1))
    rate = returned.sum(1, dtype=F32) / (shipped.sum(1, dtype=F32) + F32(1))
    np.testing.assert_array_equal(x[:, 0, at + 5], rate)
    usual = np.minimum(shipped, SHIPPED_CAP)
    np.testing.assert_array_equal(x[:, 0, SHIPPED], usual.sum(1))
    np.testing.assert_array_equal(x[:, 0, CAPPED], np.minimum(returned, CAP).sum(1))
    known = np.isfinite(window[:, :, 1])
    roots = np.floor(16 * np.sqrt(usual)) / 16
    month, all_of_it = ((roots[:, -n:].sum(1) / np.maximum(known[:, -n:].sum(1), 1)) ** 2 + 0.5 for n in (4, L))
    np.testing.assert_allclose(x[:, 0, EXPOSURE], np.sqrt(month * all_of_it), rtol=1e-6)
    for h in range(H):
        np.testing.assert_array_equal(x[:, h, HORIZON], np.full(50, h + 1, F32))
        np.testing.assert_array_equal(x[:, h, :-3], x[:, 0, :-3])
        np.testing.assert_array_equal(x[:, h, -3], np.full(50, h + 1, F32))
        angle = 2 * np.pi * ((day + 7 * (h + 1)) * 4 % 1461 // 28) * 28 / 1461
        np.testing.assert_array_equal(x[:, h, -2], np.sin(angle).astype(F32))


def test_a_feature_is_the_same_bits_whatever_the_batch() -> None:
    window, day = windows(64, 2)
    together = features.compute(window, day, H)

    for i in range(0, 64, 9):
        np.testing.assert_array_equal(features.compute(window[i : i + 1], day[i : i + 1], H)[0], together[i])


@pytest.mark.parametrize("offset", [None, Offset(0.02, 5_000.0)])
@pytest.mark.parametrize(("seed", "rounds", "depth"), [(1, 20, 5), (2, 1, 1), (3, 60, 7), (4, 5, 2)])
def test_the_graph_forecasts_what_was_trained(seed: int, rounds: int, depth: int, offset: Offset | None) -> None:
    trained = booster(seed, rounds, depth)
    window, day = windows(500, seed + 100)
    blob = graph(Model(trained, offset), 1.25, L, H).SerializeToString()
    x = features.compute(window, day, H)
    expected = (Model(trained, offset).forecast(x.reshape(-1, x.shape[2])) * F32(1.25)).reshape(-1, H)

    assert check_parity(blob, window, day, expected) < 1e-5


@pytest.mark.parametrize("kind", [{}, {"booster": "dart", "rate_drop": 0.3, "seed": 1}])
def test_missing_values_go_where_the_booster_sends_them(kind: dict[str, object]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3)).astype(F32)
    x[rng.random(x.shape) < 0.3] = np.nan
    y = rng.poisson(np.where(np.isnan(x[:, 0]), 5.0, 1.0))
    options = {"objective": "count:poisson", "max_depth": 4, "nthread": 1, **kind}
    trained = xgb.train(options, xgb.DMatrix(x, y), 10)
    g = Graph()
    add_trees(g, "x", trained)
    g.nodes[-1].output[0] = "y"
    inputs = [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 3])]
    outputs = [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 1])]
    opsets = [onnx.helper.make_opsetid("", 18), onnx.helper.make_opsetid("ai.onnx.ml", 3)]
    model = onnx.helper.make_model(onnx.helper.make_graph(g.nodes, "t", inputs, outputs), opset_imports=opsets)
    model.ir_version = 10

    from sluice_ml.bundle import session

    got = session(model.SerializeToString()).run(None, {"x": x})[0][:, 0]

    np.testing.assert_allclose(got, trained.inplace_predict(x), rtol=1e-5)


def test_an_objective_without_a_log_link_is_refused() -> None:
    trained = xgb.train({"objective": "reg:squarederror"}, xgb.DMatrix(np.eye(4), np.arange(4)), 2)

    with pytest.raises(ValueError, match="no log link"):
        add_trees(Graph(), "x", trained)


def test_a_booster_without_trees_is_refused_by_its_name() -> None:
    options = {"objective": "count:poisson", "booster": "gblinear", "nthread": 1}
    trained = xgb.train(options, xgb.DMatrix(np.eye(4), np.arange(4)), 2)

    with pytest.raises(ValueError, match="gblinear"):
        add_trees(Graph(), "x", trained)


def signature() -> Signature:
    return Signature(("returned", "shipped"), L, H, 7 * 86_400, 1_767_571_200, "xgboost")


def test_a_bundle_is_the_same_bytes_and_its_probe_holds(tmp_path: Path) -> None:
    window, day = windows(6, 9)
    for name in ("one", "two"):
        write_bundle(tmp_path / name, graph(Model(booster(5), None), 1.0, L, H), signature(), {"eta": 0.3}, window, day)

    files = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert files == ["model.onnx", "params.json", "probe.json", "signature.json"]
    for name in files:
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
        assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest(), name
    probe = json.loads((tmp_path / "one/probe.json").read_text())
    read = np.array(probe["inputs"]["window"], dtype=object)
    again = np.where(read == None, np.nan, read).astype(F32)  # noqa: E711
    output = predict((tmp_path / "one/model.onnx").read_bytes(), again, np.array(probe["inputs"]["origin_day"])[:, 0])
    np.testing.assert_array_equal(output, np.array(probe["output"], F32))


def test_a_graph_that_says_something_else_is_not_written() -> None:
    window, day = windows(20, 3)
    blob = graph(Model(booster(6), None), 1.0, L, H).SerializeToString()
    wrong = predict(blob, window, day)
    wrong[7, 2] += 0.01

    with pytest.raises(SluiceMlError, match=r"SLU-7201.*row 7, horizon 3"):
        check_parity(blob, window, day, wrong)


def test_a_model_that_forecasts_nonsense_is_not_written(tmp_path: Path) -> None:
    window, day = windows(4, 3)
    with pytest.raises(SluiceMlError, match="SLU-7202"):
        write_bundle(tmp_path / "m", graph(Model(booster(6), None), -1.0, L, H), signature(), {}, window, day)
    assert not (tmp_path / "m").exists()


def test_measures_are_their_definitions() -> None:
    y, p, w = (np.array(v, F32) for v in ([0, 1, 3], [0.0, 1.0, 2.0], [1, 1, 2]))

    expected = (2 * 1e-3 + 0 + 2 * (2 * (3 * np.log(1.5) - 1))) / 4
    assert poisson_deviance(y, p, w) == pytest.approx(expected, rel=1e-9)
    assert bias(y, p) == pytest.approx(-0.25)


def test_a_level_is_taken_from_counts_that_say_much_and_not_from_a_few_accidents() -> None:
    steady = np.random.default_rng(0).poisson(2.0, 20_000).astype(F32)
    half = np.full(20_000, 1.6, F32)
    accidents = np.zeros(20_000, F32)
    accidents[:10] = 4_000

    assert calibrate(steady, half) == pytest.approx(1.25, abs=0.02)
    # the same total in ten heaps: as good as nothing is known
    assert calibrate(accidents, half) == pytest.approx(1.0, abs=0.1)
    # a label that is counted in four rows is still one label
    assert calibrate(steady, half, repeats=400) < calibrate(steady, half)
    assert calibrate(steady * 100, half) == 2.0


def test_the_newest_label_is_that_of_all_that_the_model_learned_from() -> None:
    def table(*known_at: int) -> Table:
        n = len(known_at)
        return Table(
            np.zeros((n, 1), F32), np.zeros(n, F32), np.ones(n, F32), np.zeros(n, np.int64), np.array(known_at)
        )

    assert newest_label(table(1, 9, 3), table(4, 5)) == 9
    assert newest_label(table(1, 2), table(4, 5)) == 5
    assert newest_label(table(7)) == 7


def test_a_unit_that_was_hardly_seen_gets_the_rate_of_all() -> None:
    x = np.zeros((2, features.width(L)), F32)
    x[:, SHIPPED], x[:, CAPPED], x[:, EXPOSURE] = [10, 1_000_000], [5, 30_000], 100

    offset = Offset.fit({"rate_units": 1_000.0}, x)

    assert offset is not None
    assert offset.rate == pytest.approx(0.03, rel=1e-3)
    assert offset.expected(x) == pytest.approx([100 * 35 / 1_010, 3], rel=1e-3)
    assert Offset.fit({}, x) is None
