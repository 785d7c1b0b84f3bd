"""Writes golden_metrics.json: metric values by scikit-learn (1.7.2), or by definition where it has none.

Run: python golden_metrics.py > golden_metrics.json
"""

import json

import numpy as np
from sklearn import metrics as m

FLOOR = 1e-3


def cases():
    rng = np.random.default_rng(3)
    n = 60
    for name, scale in (("counts", 2.0), ("mostly zeros", 0.2), ("large", 1e6)):
        mean = scale * np.exp(rng.normal(0, 1, n))
        y = rng.poisson(mean).astype(float)
        p = mean * np.exp(rng.normal(0, 0.4, n))
        p[:5] = [0, 1e-12, 1e-3, 5e-4, 1e9 if name == "large" else 50]
        for weighted in (False, True):
            w = rng.gamma(1, 1, n) if weighted else np.ones(n)
            if weighted:
                w[7] = 0
            yield f"{name}, {'weighted' if weighted else 'equal weights'}", "amount", y, p, w
    for name, digits in (("scores", 15), ("tied scores", 1)):
        y = (rng.random(n) < 0.3).astype(float)
        p = np.round(np.clip(0.3 * y + rng.random(n) * 0.7, 0, 1), digits)
        p[:3] = [0, 1, 0.5]
        for weighted in (False, True):
            w = rng.gamma(1, 1, n) if weighted else np.ones(n)
            yield f"{name}, {'weighted' if weighted else 'equal weights'}", "class", y, p, w
    for name, classes, digits in (("three classes", 3, 15), ("five classes, tied", 5, 1)):
        y = rng.integers(0, classes, n).astype(float)
        p = rng.gamma(1, 1, (n, classes)) + 1.5 * (y[:, None] == np.arange(classes))
        p = np.round(p / p.sum(axis=1, keepdims=True), digits)
        p[:, 0] = 1 - p[:, 1:].sum(axis=1)
        p = np.clip(p, 0, 1)
        p[0] = np.eye(classes)[0]
        for weighted in (False, True):
            w = rng.gamma(1, 1, n) if weighted else np.ones(n)
            yield f"{name}, {'weighted' if weighted else 'equal weights'}", "classes", y, p, w
    one = np.ones(4)
    yield "all scores equal", "class", np.array([0.0, 1, 1, 0]), 0.4 * one, one
    yield "perfect ranking", "class", np.array([0.0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9]), one
    yield "single row", "amount", np.array([3.0]), np.array([2.5]), np.array([2.0])


def values(kind, y, p, w):
    if kind == "class":
        return {
            "accuracy": m.accuracy_score(y, p > 0.5, sample_weight=w),
            "logloss": m.log_loss(y, p, sample_weight=w, labels=[0, 1]),
            "auc": m.roc_auc_score(y, p, sample_weight=w),
            "brier": m.brier_score_loss(y, p, sample_weight=w),
            "balanced_accuracy": m.balanced_accuracy_score(y, p > 0.5, sample_weight=w),
            "average_precision": m.average_precision_score(y, p, sample_weight=w),
        } | {
            f"{figure}({t})": of(y, p > t, sample_weight=w, zero_division=np.nan, **more)
            for t in (0.3, 0.5)
            for figure, of, more in (
                ("f1", m.f1_score, {}),
                ("recall", m.recall_score, {}),
                ("precision", m.precision_score, {}),
                ("specificity", m.recall_score, {"pos_label": 0}),
            )
        }
    if kind == "classes":
        labels = np.arange(p.shape[1])
        said = p.argmax(axis=1)
        return {
            "accuracy": m.accuracy_score(y, said, sample_weight=w),
            "logloss": m.log_loss(y, p, sample_weight=w, labels=labels),
            "auc": m.roc_auc_score(y, p, sample_weight=w, multi_class="ovr", labels=labels),
            "brier": m.brier_score_loss(y, p, sample_weight=w, labels=labels),
            "balanced_accuracy": m.balanced_accuracy_score(y, said, sample_weight=w),
        }
    f = np.maximum(p, FLOOR)
    out = {
        "poisson_deviance": m.mean_poisson_deviance(y, f, sample_weight=w),
        "mae": m.mean_absolute_error(y, p, sample_weight=w),
        "rmse": m.root_mean_squared_error(y, p, sample_weight=w),
        "wape": np.sum(w * np.abs(y - p)) / np.sum(w * np.abs(y)),
        "bias": np.sum(w * p) / np.sum(w * y) - 1,
    }
    if len(y) > 1:
        out["r2"] = m.r2_score(y, p, sample_weight=w)
    for q in (0.1, 0.5, 0.9):
        out[f"pinball({q})"] = m.mean_pinball_loss(y, p, alpha=q, sample_weight=w)
    for power in (1, 1.2, 1.5, 1.9):
        out[f"tweedie_deviance({power})"] = m.mean_tweedie_deviance(
            y, f, power=power, sample_weight=w
        )
    if (y > 0).all():
        for power in (2, 3):
            out[f"tweedie_deviance({power})"] = m.mean_tweedie_deviance(
                y, f, power=power, sample_weight=w
            )
    return out


print(
    json.dumps(
        [
            {
                "case": name,
                "actual": y.tolist(),
                "predicted": p.ravel().tolist(),
                "weight": w.tolist(),
                "values": {k: float(v) for k, v in values(kind, y, p, w).items() if not np.isnan(v)},
            }
            for name, kind, y, p, w in cases()
        ],
        indent=1,
    )
)
