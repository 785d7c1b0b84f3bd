"""Returns of 120 products over 46 weeks, 4 % more each week."""

import csv
import datetime
import os

with open(os.environ["SLUICE_OUTPUTS"] + "/weeks", "w", newline="") as out:
    table = csv.writer(out)
    table.writerow(["product", "market", "week", "returned"])
    for unit in range(120):
        for week in range(46):
            day = datetime.date(2025, 1, 6) + datetime.timedelta(weeks=week)
            wobble = 1 + ((unit * 31 + week * 17) % 7 - 3) / 50
            returned = (5 + unit % 11) * 1.04**week * wobble
            table.writerow([f"P-{unit}", "EU" if unit % 2 else "US", day, round(returned, 3)])
