"""Four weeks of validation and ten weeks of holdout, each forecast three weeks ahead."""

import csv
import datetime
import json
import os

HORIZONS = 3
WEEK = datetime.timedelta(weeks=1)


def table(name: str, origins: range) -> None:
    folder = os.environ["SLUICE_OUTPUTS"] + "/" + name
    os.mkdir(folder)
    with open(folder + "/panel.json", "w") as out:
        json.dump(
            {
                "unit": ["product", "market"],
                "slices": ["market"],
                "channels": ["returned"],
                "period": "P7D",
                "label": "returned",
            },
            out,
        )
    with open(folder + "/panel.csv", "w", newline="") as out:
        panel = csv.writer(out)
        panel.writerow(["product", "market", "eventTime", "knownAt", "returned"])
        for (product, market), weeks in units.items():
            for week in range(origins.stop - 1):
                panel.writerow([product, market, day(week), day(week + 1), weeks[week]])
    with open(folder + "/rows.csv", "w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow("product,market,origin,horizon,targetEnd,knownAt,actual,weight".split(","))
        for (product, market), weeks in units.items():
            for origin in origins:
                for h in range(1, HORIZONS + 1):
                    end = day(origin + h)
                    actual = weeks[origin + h - 1]
                    rows.writerow([product, market, day(origin), h, end, end, actual, 1])


def day(week: int) -> datetime.date:
    return datetime.date(2025, 1, 6) + week * WEEK


units: dict[tuple[str, str], list[str]] = {}
with open(os.environ["SLUICE_INPUTS"] + "/weeks") as weeks_of_units:
    for row in csv.DictReader(weeks_of_units):
        units.setdefault((row["product"], row["market"]), []).append(row["returned"])
table("validation", range(26, 30))
table("holdout", range(33, 43))
