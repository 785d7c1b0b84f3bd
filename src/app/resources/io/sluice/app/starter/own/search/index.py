"""A searchable index of pictures, and how wrong its answers are. Nothing of it is known to Sluice."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

FIRST = 10  # a person looks at so many answers


def pictures(folder: Path) -> tuple[list[str], Any, Any]:
    """Names, pixels and digits of a table set."""
    says = json.loads((folder / "table.json").read_text(encoding="utf-8"))
    with (folder / "rows.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    pixels = np.array([[float(row[column]) for column in says["features"]] for row in rows])
    return [row["picture"] for row in rows], pixels, np.array([row["digit"] for row in rows])


def save(folder: Path, projection: Any, pixels: Any, digits: Any) -> None:
    """An index is what projects a picture, and the projected pictures that can be found."""
    folder.mkdir()
    np.savez(folder / "index.npz", projection=projection, found=pixels @ projection, digits=digits)


def load(folder: Path) -> dict[str, Any]:
    with np.load(folder / "index.npz") as file:
        return dict(file)


def losses(index: dict[str, Any], pixels: Any, digits: Any) -> Any:
    """Of each picture: the share of wrong digits among the first answers, those at the top counted more."""
    asked = pixels @ index["projection"]
    found = index["found"]
    far = (asked**2).sum(1)[:, None] - 2 * asked @ found.T + (found**2).sum(1)
    answers = index["digits"][np.argsort(far, axis=1, kind="stable")[:, :FIRST]]
    weight = 1 / np.log2(np.arange(FIRST) + 2)
    return (answers != digits[:, None]) @ weight / weight.sum()
