"""Data source: 3000 simulated customers, and whether they left within a quarter. Standard library only.

What drives it is known, so that a model can find it: short contracts, support calls, and prices that rose for
some plans; half of it is chance. Customers of one household leave together more often than not. Same bytes
each time; an earlier as-of gives the customers of then.
"""

from __future__ import annotations

import csv
import math
import os
import random
from datetime import date, timedelta
from pathlib import Path

CUSTOMERS = 3000
FIRST = date(2024, 1, 1)
PLANS = {"basic": 0.3, "family": -0.5, "premium": -0.1}
COLUMNS = ["customer", "household", "signed", "quarter_over", "country", "plan"]
COLUMNS += ["age", "tenure", "calls", "spend", "roaming", "churned"]
COUNTRIES = ("AT", "CH", "DE")


def main() -> None:
    as_of = date.fromisoformat(os.environ["SLUICE_AS_OF"][:10])
    draw = random.Random(1)
    with (Path(os.environ["SLUICE_OUTPUTS"]) / "customers").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        mood = 0.0
        for number in range(CUSTOMERS):
            if number % 2 == 0:
                mood = draw.gauss(0, 0.7)
            signed = FIRST + timedelta(days=number * 900 // CUSTOMERS)
            plan, country = draw.choice(list(PLANS)), draw.choice(COUNTRIES)
            age, tenure, calls = draw.randint(18, 80), round(draw.expovariate(1 / 20), 1), min(draw.randint(0, 9), 7)
            spend = "" if draw.random() < 0.05 else round(draw.lognormvariate(3.2, 0.5), 2)
            roaming = draw.random() < 0.3
            odds = -1.2 + PLANS[plan] - tenure / 25 + calls / 4 + mood + (0.4 if roaming and country == "CH" else 0)
            left = draw.random() < 1 / (1 + math.exp(-odds))
            over = signed + timedelta(days=91)
            if over <= as_of:
                row = (plan, age, tenure, calls, spend, str(roaming).lower(), "yes" if left else "no")
                out.writerow([f"C{number:04}", f"H{number // 2:04}", signed, over, country, *row])


if __name__ == "__main__":
    main()
