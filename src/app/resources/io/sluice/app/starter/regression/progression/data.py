"""Data stage: the diabetes data that scikit-learn brings along, as one CSV.

Replace it by whatever fetches your data: one CSV with a row for each thing that is predicted, a column that
names it, one with its number, and the features. A missing number is an empty field.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

from sklearn.datasets import load_diabetes


def main() -> None:
    data = load_diabetes(scaled=False)
    with (Path(os.environ["SLUICE_OUTPUTS"]) / "patients").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["patient", *data.feature_names, "progression"])
        for number, (row, target) in enumerate(zip(data.data, data.target, strict=True)):
            out.writerow([f"P{number:03}", *map(float, row), float(target)])


if __name__ == "__main__":
    main()
