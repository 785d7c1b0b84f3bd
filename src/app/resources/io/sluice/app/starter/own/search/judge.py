"""The evaluation: every model answers every picture of the holdout, and each answer has a loss.

SLUICE_INPUTS has `candidates/<family>`, `champion` where there is one, and what sluice.yaml names. The gate reads
`rows/rows.csv`, one row a picture with a loss for each model, and `rows/rows.json`, which says what the columns are
and what the models lose on validation, where the family is picked.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from search import index

INPUTS, OUTPUTS = (Path(os.environ["SLUICE_" + n]) for n in ("INPUTS", "OUTPUTS"))


def models() -> dict[str, dict[str, Any]]:
    """By the name of their column: candidates, champion, and what nobody needs a model for."""
    found = {f"candidate:{f.name}": index.load(f) for f in sorted((INPUTS / "candidates").iterdir())}
    if (INPUTS / "champion").is_dir():
        found["champion"] = index.load(INPUTS / "champion")
    _, pixels, digits = index.pictures(INPUTS / "train")
    brightness = np.ones((pixels.shape[1], 1))
    found["baseline:brightness"] = {"projection": brightness, "found": pixels @ brightness, "digits": digits}
    return found


def main() -> None:
    judged = models()
    names, pixels, digits = index.pictures(INPUTS / "holdout")
    losses = {name: index.losses(model, pixels, digits) for name, model in judged.items()}
    folder = OUTPUTS / "rows"
    folder.mkdir()
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["picture", "digit", *losses])
        out.writerows(zip(names, digits, *losses.values(), strict=True))
    _, pixels, digits = index.pictures(INPUTS / "validation")
    says = {
        "apiVersion": "sluice.io/own-rows/v1",
        "id": ["picture"],
        "slices": ["digit"],
        "validation": {
            "rows": len(digits),
            "values": {n: float(index.losses(m, pixels, digits).mean()) for n, m in judged.items()},
        },
    }
    (folder / "rows.json").write_text(json.dumps(says, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
