"""Figures that CloudWatch takes out of the log: a log line that carries an EMF envelope becomes a metric.

EMF (embedded metric format) costs no call and no waiting. Metrics and dimensions are an allow-list, like the fields of
the log: nothing personal can become a metric, and no dimension can grow without end (each combination is billed).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Final

NAMESPACE: Final = "BHXH602e"

UNITS: Final[Mapping[str, str]] = {
    "Events": "Count",
    "Vouchers": "Count",
    "AmountHeld": "None",
    "OpenDossiers": "Count",
    "OverdueDossiers": "Count",
    "DueSoonDossiers": "Count",
    "HeldVouchers": "Count",
    "MoneyHeld": "None",
    "BreakGlass": "Count",
    "CanarySteps": "Count",
    "FieldsUnusable": "Count",
    "CanaryMilliseconds": "Milliseconds",
    "CanaryInTime": "Count",
    "CanaryDeclaredMilliseconds": "Milliseconds",
    "CanaryPaidMilliseconds": "Milliseconds",
    "CanaryToldMilliseconds": "Milliseconds",
}
"""Every metric and its unit; money is VND, for which CloudWatch has no unit."""

DIMENSIONS: Final = frozenset({"Event", "Outcome"})
"""Beside `Stage`, which every metric has."""


def measured(*, by: Mapping[str, str] | None = None, **values: int) -> Mapping[str, object]:
    """What makes a log line a metric: `log.info("...", extra={**facts(...), **measured(by={"Event": e}, Events=1)})`.

    `by` names at most one dimension. Raises KeyError for a metric or a dimension that is not on the list.
    """
    told = dict(by or {})
    unknown = told.keys() - DIMENSIONS
    if unknown:
        raise KeyError(f"no dimension of ours: {sorted(unknown)}")
    envelope = {
        "Timestamp": int(time.time() * 1000),
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [["Stage", *told]],
                "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in values],
            }
        ],
    }
    return {"metrics": {"_aws": envelope, "Stage": os.environ.get("STAGE", ""), **told, **values}}
