"""Family forest: scikit-learn, exported by skl2onnx. Nothing of Sluice's is imported or installed."""
import csv
import json
import os

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

INPUTS, OUTPUTS, RESULTS = (os.environ["SLUICE_" + name] for name in ("INPUTS", "OUTPUTS", "RESULTS"))


def table(name):
    """Windows [n, 8 * 2] as float32, labels [n, 2], and when the newest label became known."""
    with open(f"{INPUTS}/{name}/windows.csv", newline="") as file:
        _, *rows = csv.reader(file)
    numbers = np.array([[float(v or "nan") for v in row[3:-1]] for row in rows], np.float32)
    return numbers[:, :16], numbers[:, 16:], max(row[-1] for row in rows)


params = json.load(open(os.environ["SLUICE_PARAMS"]))
x, y, newest_label = table("train")
trees = ExtraTreesRegressor(params["trees"], min_samples_leaf=params["min_leaf"], random_state=0)
model = make_pipeline(SimpleImputer(strategy="constant", fill_value=0), trees).fit(x, y)
if os.environ["SLUICE_MODE"] == "trial":
    x, y, _ = table("validation")
    p = np.maximum(model.predict(x), 1e-3)
    deviance = 2 * np.mean(np.where(y > 0, y * np.log(np.maximum(y, 1) / p), 0) - y + p)
    open(f"{RESULTS}/objective", "w").write(str(deviance))
else:
    os.mkdir(f"{OUTPUTS}/model")
    onnx = to_onnx(model, x[:1])
    onnx.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 2  # skl2onnx says 1 and gives 2
    open(f"{OUTPUTS}/model/model.onnx", "wb").write(onnx.SerializeToString())
    window = {"kind": "window", "name": "X", "channels": ["returned", "shipped"], "lookback": 8}
    signature = {"apiVersion": "sluice.io/bundle/v1", "kind": "forecast", "family": "forest", "inputs": [window],
                 "output": "variable", "horizons": [1, 2], "period": "P7D", "newestLabel": newest_label}
    json.dump(signature, open(f"{OUTPUTS}/model/signature.json", "w"))
