"""The cause class of a quarantined message is the same in the table, in the log and in the runbook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.ledger.causes import Cause
from chalicelib.log import JsonFormatter
from tests.support.house import House, voucher

CODE = "000.00.79.G24-230206-0001"
RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "runbook.md"


def large() -> dict[str, Any]:
    return {**voucher(1, CODE), "signature": "x" * (256 * 1024)}


@pytest.mark.parametrize(
    ("second", "cause"),
    (
        ("{not JSON", Cause.UNREADABLE),
        ({**voucher(1, CODE), "surprise": 1}, Cause.SCHEMA),
        (voucher(1, CODE, amount_gross=1), Cause.RULE),
        (large(), Cause.TOO_LARGE),
        (voucher(1, CODE, amount_received=1), Cause.CONTENT_CONFLICT),
        (voucher(2, CODE, receipt=voucher(1)["receipt"]), Cause.RECEIPT_CONFLICT),
    ),
)
def test_one_cause_for_item_and_log(
    house: House, caplog: pytest.LogCaptureFixture, second: str | dict[str, Any], cause: Cause
) -> None:
    # given a voucher that has paid
    house.opened()
    assert house.send(voucher(1, CODE)) == []
    # when
    assert house.send(second) == []
    # then
    (item,) = [row for (pk, _), row in house.cloud.rows().items() if pk.startswith("QUARANTINE#")]
    assert item["cause"] == {"S": cause}
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert [line["cause"] for line in lines if line.get("outcome") == "QUARANTINE"] == [cause]


def test_the_runbook_knows_every_cause() -> None:
    page = RUNBOOK.read_text("utf-8")
    assert [cause for cause in Cause if f"| `{cause}` |" not in page] == []
