"""What lies in the list of a day (GSI1): vouchers by value date, legible messages, covers by their issue."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.storage.items.vouchers import day_shard_of
from tests.support.house import House, voucher

CODE = "000.00.79.G24-230206-0001"
VOUCHER = "KT79-2023-0000001"


def listed(house: House, prefix: str) -> dict[str, str]:
    """GSI1SK -> GSI1PK of what lies in lists of this kind."""
    return {
        row["GSI1SK"]["S"]: row["GSI1PK"]["S"]
        for row in house.cloud.rows().values()
        if row.get("GSI1PK", {"S": ""})["S"].startswith(prefix)
    }


@pytest.mark.parametrize("opened", (True, False), ids=("applied", "parked"))
def test_a_voucher_lies_in_the_list_of_its_value_date(house: House, opened: bool) -> None:
    if opened:
        house.opened()
    house.send(voucher(1, CODE))
    assert listed(house, "DAY#") == {VOUCHER: f"DAY#2023-02-06#79#{day_shard_of(VOUCHER)}"}


@pytest.mark.parametrize("late", (False, True), ids=("in order", "cancelled first"))
def test_money_belongs_to_the_day_on_which_it_came(house: House, late: bool) -> None:
    """A cancellation of another day moves nothing; a corrected voucher is on the day that it corrects."""
    issued = voucher(1, CODE)
    cancelled = {**issued, "voucher_version": 2, "event": "CANCELLED", "value_date": "2023-02-20"}
    for message in (cancelled, issued) if late else (issued, cancelled):
        house.send(message)
    assert listed(house, "DAY#") == {VOUCHER: f"DAY#2023-02-06#79#{day_shard_of(VOUCHER)}"}
    house.send({**issued, "voucher_version": 3, "value_date": "2023-02-07"})
    assert listed(house, "DAY#") == {VOUCHER: f"DAY#2023-02-07#79#{day_shard_of(VOUCHER)}"}


@pytest.mark.parametrize(
    ("changes", "list_of"),
    (
        ({"amount_received": "x"}, "DAY#2023-02-06#79"),
        ({"amount_received": "x", "province_code": "99"}, "DAY#2023-02-06#00"),
        ({"amount_received": "x", "province_code": 79}, "DAY#2023-02-06#00"),
        ({"value_date": "20230206"}, None),
        ({"value_date": 20230206}, None),
        ({"value_date": "2023-02-30"}, None),
    ),
)
def test_a_message_in_quarantine_counts_on_its_day_where_that_can_be_read(
    house: House, changes: dict[str, Any], list_of: str | None
) -> None:
    house.send({**voucher(1, CODE), **changes})
    (lists,) = [{pk.rpartition("#")[0] for pk in listed(house, "DAY#").values()}]
    assert lists == ({list_of} if list_of else set())
    (held,) = [row["GSI2PK"]["S"] for row in house.cloud.rows().values() if "GSI2PK" in row]
    assert held == ("HELD#79#0" if changes.get("province_code", "79") == "79" else "HELD#00#0")


def test_a_cover_lies_in_the_list_of_the_day_of_its_issue(house: House) -> None:
    house.opened()
    house.send(voucher(1, CODE))
    assert listed(house, "ISSUED#") == {}
    house.clock.moment = house.clock.moment.replace(day=8)
    house.issue(CODE)
    house.cover_step(CODE, "RECORD_ISSUE", key="k", sha256="ab" * 32, size=9, template_version="t")
    assert listed(house, "ISSUED#") == {f"{CODE}-C1": f"ISSUED#2023-02-08#79#{day_shard_of(f'{CODE}-C1')}"}
