"""Families pca and lda: an index of pictures in few dimensions.

In mode `trial` it fits the parameters of SLUICE_PARAMS and reports the loss on validation; in mode `refit` it
leaves the model. That may be any files, since only search/judge.py reads it: here one file of NumPy's.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from search import index

INPUTS, OUTPUTS, RESULTS, PARAMS = (Path(os.environ["SLUICE_" + n]) for n in ("INPUTS", "OUTPUTS", "RESULTS", "PARAMS"))


def main() -> None:
    params = json.loads(PARAMS.read_text(encoding="utf-8"))
    _, pixels, digits = index.pictures(INPUTS / "train")
    if sys.argv[1] == "pca":
        projection = PCA(params["dimensions"], random_state=0).fit(pixels).components_.T
    else:
        lda = LinearDiscriminantAnalysis(solver="eigen", shrinkage=params["shrinkage"]).fit(pixels, digits)
        projection = lda.scalings_[:, : len(np.unique(digits)) - 1]
    folder = OUTPUTS / "model"
    if os.environ["SLUICE_MODE"] == "trial":
        folder = Path(os.environ["TMPDIR"]) / "model"
    index.save(folder, projection, pixels, digits)
    if os.environ["SLUICE_MODE"] == "trial":
        _, pixels, digits = index.pictures(INPUTS / "validation")
        loss = float(index.losses(index.load(folder), pixels, digits).mean())
        (RESULTS / "objective").write_text(str(loss), encoding="utf-8")


if __name__ == "__main__":
    main()
