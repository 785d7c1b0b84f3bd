"""A family of one number: the mean of four weeks, grown by so much a week ahead."""

import csv
import json
import os

HORIZONS = (1, 2, 3)
mode = os.environ["SLUICE_MODE"]
outputs = os.environ["SLUICE_OUTPUTS"]
with open(os.environ["SLUICE_PARAMS"]) as given:
    growth = json.load(given)["growth"]

if mode == "trial":
    print(f"growth {growth}")
    with open(os.environ["SLUICE_RESULTS"] + "/objective", "w") as out:
        out.write(str((growth - 0.1) ** 2))
elif mode == "refit":
    os.mkdir(outputs + "/model")
    with open(outputs + "/model/signature.json", "w") as out:
        window = {"kind": "window", "channels": ["returned"], "lookback": 4}
        json.dump(
            {
                "apiVersion": "sluice.io/bundle/v1",
                "kind": "forecast",
                "family": "mean",
                "period": "P7D",
                "inputs": [window],
                "horizons": HORIZONS,
            },
            out,
        )
else:
    with open(os.environ["SLUICE_INPUTS"] + "/windows.csv") as windows:
        _, *rows = csv.reader(windows)
    with open(outputs + "/forecast.csv", "w") as out:
        print("product,market,horizon,forecast", file=out)
        for product, market, *window in rows:
            mean = sum(map(float, window)) / len(window)
            for h in HORIZONS:
                print(product, market, h, mean * (1 + growth * h), sep=",", file=out)
