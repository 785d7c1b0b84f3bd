"""Data stage: the pictures of digits that scikit-learn brings along, as one CSV.

Replace it by whatever fetches your data. Here a row is a picture: a column that names it, its 64 pixels, and what
it shows. Pictures or texts may as well be files of a folder, which a stage of your own splits.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

from sklearn.datasets import load_digits


def main() -> None:
    data = load_digits()
    with (Path(os.environ["SLUICE_OUTPUTS"]) / "pictures").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["picture", *(f"p{i}" for i in range(data.data.shape[1])), "digit"])
        for number, (pixels, digit) in enumerate(zip(data.data, data.target, strict=True)):
            out.writerow([f"P{number:04}", *map(int, pixels), int(digit)])


if __name__ == "__main__":
    main()
