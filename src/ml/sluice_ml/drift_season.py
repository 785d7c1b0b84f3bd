"""Which rows of a panel's reference stand at the same time of the year as today's rows.

A window of today's that is shorter than a year differs from a longer reference by the season alone; rows of the same
weeks do not (docs/adr/0340-drift-of-the-same-weeks.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: the mean Gregorian year, in seconds
YEAR = 365.2425 * 86_400
#: at least this share of today's rows needs rows of the same weeks
COVERED = 0.9


@dataclass(frozen=True)
class SameWeeks:
    """Places of the rows of both sides at the same times of the year, in the same proportions.

    `weeks` counts the parts of the year that today's rows are in, `covered` those that the reference has.
    """

    reference: Any
    current: Any
    weeks: int
    covered: int
    #: the share of today's rows that are in a part of the year which the reference has
    share: float

    @property
    def whole(self) -> bool:
        """Whether the reference has as good as all of today's part of the year."""
        return self.share >= COVERED


def same_weeks(reference: Any, current: Any, seed: int) -> SameWeeks:
    """Matches two samples by their origins (int64 seconds).

    The year is cut into parts as long as the coarser step between origins, so that each has origins of both sides. Of
    the reference as many rows are drawn in each part as keep the parts in the proportions that they have today; a part
    that the reference has from two years counts once.
    """
    parts = max(1, int(YEAR // max(_step(reference), _step(current))))
    there, here = _part(reference, parts), _part(current, parts)
    before, now = np.bincount(there, minlength=parts), np.bincount(here, minlength=parts)
    shared = (now > 0) & (before > 0)
    kept = np.flatnonzero(shared[here])
    weeks, covered = int((now > 0).sum()), int(shared.sum())
    if not covered:
        return SameWeeks(np.array([], np.int64), kept, weeks, 0, 0.0)
    factor = float(np.min(before[shared] / now[shared]))
    quota = np.where(shared, np.minimum(before, np.round(now * factor)), 0).astype(np.int64)
    # a random order, sorted by part without changing it: the first of each part are a draw without replacement
    order = np.random.default_rng(seed).permutation(len(there))
    order = order[np.argsort(there[order], kind="stable")]
    rank = np.arange(len(order)) - (np.cumsum(before) - before)[there[order]]
    return SameWeeks(np.sort(order[rank < quota[there[order]]]), kept, weeks, covered, len(kept) / len(here))


def _step(origins: Any) -> float:
    """The usual time between two origins; a day where there is one."""
    distinct = np.unique(origins)
    return float(np.median(np.diff(distinct))) if len(distinct) > 1 else 86_400.0


def _part(origins: Any, parts: int) -> Any:
    return np.floor(np.mod(origins / YEAR, 1.0) * parts).astype(np.int64)
