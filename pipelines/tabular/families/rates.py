"""Family rates: how often customers of a plan and number of calls left. No graph: it predicts by a command."""

import csv
import json
import math
import os
from collections import Counter
from pathlib import Path

INPUTS, OUTPUTS, RESULTS, PARAMS = (Path(os.environ["SLUICE_" + n]) for n in ("INPUTS", "OUTPUTS", "RESULTS", "PARAMS"))
SIGNATURE = """{"apiVersion": "sluice.io/bundle/v1", "kind": "tabular", "task": "binary", "family": "rates",
"classes": ["no", "yes"]}"""


def rows(file):
    return list(csv.DictReader((INPUTS / file).open()))


def rate(row, model):
    """The share of its kind that left, drawn towards the share of all."""
    left, all_of_it = model["kinds"].get(f"{row['plan']} {row['calls']}", (0, 0))
    return (left + model["shrink"] * model["share"]) / (all_of_it + model["shrink"])


if os.environ["SLUICE_MODE"] == "predict":
    model, asked = json.loads((INPUTS / "model/rates.json").read_text()), rows("rows.csv")
    lines = ["customer,prediction", *(f"{row['customer']},{rate(row, model)}" for row in asked)]
    (OUTPUTS / "predictions.csv").write_text("\n".join(lines) + "\n")
else:
    train, shrink = rows("train/rows.csv"), json.loads(PARAMS.read_text())["shrink"]
    every = Counter(f"{r['plan']} {r['calls']}" for r in train)
    left = Counter(f"{r['plan']} {r['calls']}" for r in train if r["churned"] == "yes")
    share = sum(left.values()) / len(train)
    model = {"shrink": shrink, "share": share, "kinds": {kind: (left[kind], n) for kind, n in every.items()}}
    said = [(rate(row, model), row["churned"] == "yes") for row in rows("validation/rows.csv")]
    (RESULTS / "objective").write_text(str(-sum(math.log(p if y else 1 - p) for p, y in said) / len(said)))
    (OUTPUTS / "model").mkdir()
    (OUTPUTS / "model/signature.json").write_text(SIGNATURE)
    (OUTPUTS / "model/rates.json").write_text(json.dumps(model))
