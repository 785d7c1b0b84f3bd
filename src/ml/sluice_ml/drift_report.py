"""What the drift stage asks of Evidently: one comparison of each column, as numbers and as a page.

Evidently's own preset compares every column three times over and draws two sets of plots, of which its page shows
one. This asks for the one that the page is made of, and takes the numbers from it. A module of its own, since
Evidently takes seconds to import and a stage that compares nothing needs none of it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from evidently import DataDefinition, Dataset, Report
from evidently.core.report import Context, _default_input_data_generator
from evidently.legacy.calculations.data_drift import get_dataset_drift
from evidently.legacy.metrics import DataDriftTable, DatasetDriftMetric
from evidently.legacy.metrics.data_drift.data_drift_table import DataDriftTableResults
from evidently.legacy.metrics.data_drift.dataset_drift_metric import DataDriftMetricsRenderer, DatasetDriftMetricResults
from evidently.presets import DataDriftPreset

# ids as Evidently makes them (RFC 9562, version 4 or 7), with their dashes or without
_UUID = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b"
    r"|(?<![0-9a-f])[0-9a-f]{12}[47][0-9a-f]{3}[89ab][0-9a-f]{15}(?![0-9a-f])"
)
_UUID_PARTS = (0, 8, 12, 16, 20, 32)


class OncePreset(DataDriftPreset):  # type: ignore[misc]
    """The page of DataDriftPreset, for columns whose methods and thresholds are all given."""

    def generate_metrics(self, context: Context) -> list[Any]:
        """None: the page is made of the table alone."""
        del context
        return []

    def table(self, context: Context) -> tuple[DataDriftTableResults, list[Any]]:
        """The comparison, and its part of the page; computed when it is first asked for."""
        table = DataDriftTable(
            columns=self.columns,
            per_column_stattest=self.per_column_method,
            per_column_stattest_threshold=self.per_column_threshold,
        )
        result: tuple[DataDriftTableResults, list[Any]] = context.get_legacy_metric(
            table, _default_input_data_generator, None
        )
        return result

    def render(self, context: Context, child_widgets: Any = None) -> list[Any]:
        """Evidently's summary above its table."""
        del child_widgets
        found, widgets = self.table(context)
        judged = get_dataset_drift(found.drift_by_columns, self.drift_share)
        summary = DatasetDriftMetric(drift_share=self.drift_share)
        results = DatasetDriftMetricResults(
            drift_share=self.drift_share,
            number_of_columns=found.number_of_columns,
            number_of_drifted_columns=judged.number_of_drifted_columns,
            share_of_drifted_columns=judged.dataset_drift_score,
            dataset_drift=judged.dataset_drift,
        )
        # as Evidently's report hands a metric its result
        object.__setattr__(summary, "get_result", lambda: results)
        return [*DataDriftMetricsRenderer().render_html(summary), *widgets]


def compared(
    reference: Any,
    current: Any,
    numeric: list[str],
    methods: Mapping[str, tuple[str, float]],
    share: float,
) -> tuple[dict[str, float], str]:
    """Evidently's value for each column of these data frames, and its page.

    `methods`: for each column the name of a registered test and its threshold. Columns that are not `numeric` hold
    categories.
    """
    names = list(methods)
    definition = DataDefinition(
        numerical_columns=numeric, categorical_columns=[name for name in names if name not in set(numeric)]
    )
    preset = OncePreset(
        columns=names,
        drift_share=share,
        per_column_method={name: method for name, (method, _) in methods.items()},
        per_column_threshold={name: threshold for name, (_, threshold) in methods.items()},
    )
    sides = [Dataset.from_pandas(side, data_definition=definition) for side in (current, reference)]
    run = Report([preset]).run(*sides)
    found, _ = preset.table(run.context)
    values = {name: float(column.drift_score) for name, column in found.drift_by_columns.items()}
    return values, _numbered(str(run.get_html_str(as_iframe=False)))


def _numbered(page: str) -> str:
    """The page with its ids, which are made of time and chance, counted: the same tables give the same page."""
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        key = found.group().replace("-", "")
        count = numbers.setdefault(key, f"{len(numbers):032x}")
        return count if found.group() == key else "-".join(count[a:b] for a, b in itertools.pairwise(_UUID_PARTS))

    return _UUID.sub(number, page)
