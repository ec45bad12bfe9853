"""The batch loop: every message alone, nothing raised out of it, what failed is reported for another try."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from ..log import facts, logger

log = logger(__name__)

SPARE_MILLISECONDS = 2000
"""Stop while there is still time to report what was done."""

Failures: TypeAlias = dict[str, list[dict[str, str]]]
"""The partial batch response of Lambda."""


def each(
    items: Iterable[tuple[str, Callable[[], None]]],
    *,
    milliseconds_left: Callable[[], int],
    in_order: bool = False,
) -> Failures:
    """Run one action per item and answer which failed.

    `in_order`: behind a failure nothing more is tried, as a stream wants it.
    """
    failed: list[dict[str, str]] = []
    for identifier, action in items:
        if (failed and in_order) or milliseconds_left() < SPARE_MILLISECONDS:
            failed.append({"itemIdentifier": identifier})
            continue
        try:
            action()
        except Exception as error:
            log.exception("message failed, to be tried again", extra=facts(message_id=identifier, error=_code(error)))
            failed.append({"itemIdentifier": identifier})
    return {"batchItemFailures": failed}


def _code(error: Exception) -> str:
    return str(getattr(error, "code", type(error).__name__))


def remaining(context: Any) -> Callable[[], int]:
    """How many milliseconds the function has left; unlimited where there is no context."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    return left if callable(left) else (lambda: 2**31)


def records_of(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(event["Records"])
