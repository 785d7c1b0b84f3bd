"""Data stage: the breast cancer data that scikit-learn brings along, as one CSV.

Replace it by whatever fetches your data: one CSV with a row for each thing that is classified, a column that
names it, one with its class, and the features. A class is a text; a missing number is an empty field.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

from sklearn.datasets import load_breast_cancer


def main() -> None:
    data = load_breast_cancer()
    features = [str(name).replace(" ", "_") for name in data.feature_names]
    with (Path(os.environ["SLUICE_OUTPUTS"]) / "patients").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["patient", *features, "diagnosis"])
        for number, (row, target) in enumerate(zip(data.data, data.target, strict=True)):
            out.writerow([f"P{number:03}", *map(float, row), data.target_names[target]])


if __name__ == "__main__":
    main()
