"""Structured logs: one JSON object a line, and only fields from an allow-list.

Nothing personal reaches a log because nothing but the fields named here can be written.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

FIELDS = frozenset(
    {
        "dossier_code",
        "cover_id",
        "voucher_id",
        "voucher_version",
        "message_id",
        "request_id",
        "trace_id",
        "outcome",
        "reason",
        "cause",
        "code",
        "status",
        "method",
        "route",
        "action",
        "execution",
        "count",
        "milliseconds",
        "error",
        "attempt",
        "role",
        "item",
        "field",
    }
)

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)

# No line of ours says which thread, process, task or place in the code wrote it: nothing of that is looked up. What
# may be left out so is told by the guide to optimisation in the documentation of `logging`.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
logging.logAsyncioTasks = False  # type: ignore[attr-defined]
logging._srcfile = None


class JsonFormatter(logging.Formatter):
    """A log line for CloudWatch: level, message and the allowed fields.

    Of an exception only its class and the places it passed are told: its text may quote data.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The JSON text of one record; of its facts only those that are on the list."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME"),
        }
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        if trace:
            # `Root=1-<time>-<id>;Parent=...;Sampled=0`, set by Lambda at each invocation, sampled or not.
            line["xray"] = trace.partition(";")[0].removeprefix("Root=")
        facts = getattr(record, "facts", {})
        line.update({name: value for name, value in facts.items() if name in FIELDS and value is not None})
        # An allow-list of its own: chalicelib.metrics.
        line.update(getattr(record, "metrics", {}))
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["places"] = _places(record)
        return _ENCODER.encode(line)


def _places(record: logging.LogRecord) -> list[str]:
    places: list[str] = []
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-12:]


def logger(name: str) -> logging.Logger:
    """The logger of a module (its `__name__`); the first call sets the one handler up."""
    root = logging.getLogger("chalicelib")
    if not root.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
        root.setLevel(os.environ.get("LOG_LEVEL", "INFO"))
        root.propagate = False
    return logging.getLogger(name)


def facts(**values: object) -> Mapping[str, Mapping[str, object]]:
    """`extra=` for a log call: `log.info("voucher applied", extra=facts(voucher_id=...))`."""
    return {"facts": values}
