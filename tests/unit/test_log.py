"""Logs hold fields of the allow-list only: nothing personal reaches them, whatever is passed or raised."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from chalicelib.log import JsonFormatter, facts


def line_of(message: str, *, extra: dict[str, object] | None = None, error: Exception | None = None) -> dict[str, Any]:
    """A log line as CloudWatch gets it."""
    record = logging.LogRecord("chalicelib.x", logging.INFO, __file__, 1, message, (), None)
    if extra:
        record.__dict__.update(facts(**extra))
    if error is not None:
        try:
            raise error
        except Exception:
            record.exc_info = sys.exc_info()
    line: dict[str, Any] = json.loads(JsonFormatter().format(record))
    return line


def test_only_fields_of_the_allow_list_are_written() -> None:
    line = line_of(
        "voucher settled", extra={"voucher_id": "KT79-1", "personal_id": "079185012345", "phone": "0912345678"}
    )

    assert line["voucher_id"] == "KT79-1"
    assert "079185012345" not in json.dumps(line)
    assert "0912345678" not in json.dumps(line)


def test_of_an_exception_its_class_and_places_are_told_but_not_its_text() -> None:
    line = line_of("task failed", error=ValueError("Nguyễn Thị Hòa 079185012345"))

    assert line["exception"] == "ValueError"
    assert line["places"]
    assert line["places"][-1].startswith("test_log.py:")
    assert "Hòa" not in json.dumps(line, ensure_ascii=False)
    assert "079185012345" not in json.dumps(line)


def test_a_line_names_the_trace_that_lambda_leads_through_all_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "xray" not in line_of("done"), "the sandbox has no traces"
    root = "1-63e0a1b2-0123456789abcdef01234567"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={root};Parent=53995c3f42cd8ad8;Sampled=0")
    line = line_of("done", extra={"trace_id": "request-1"})
    assert (line["xray"], line["trace_id"]) == (root, "request-1")


def test_one_line_is_one_json_object_with_vietnamese_as_it_is() -> None:
    record = logging.LogRecord("chalicelib.x", logging.INFO, __file__, 1, "đã\nxong", (), None)
    text = JsonFormatter().format(record)

    assert "\n" not in text
    assert json.loads(text)["message"] == "đã\nxong"
