"""The ledger reckoned anew: what was spoilt is found, told and set right; what is right is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.storage import keys
from infra.rebuild import rebuild
from tests.support.house import HOA, House, person, voucher

CODE = "000.00.79.G24-230206-0001"
ID = "KT79-2023-0000001"


@pytest.fixture(name="lively")
def _lively(house: House) -> House:
    """A payment, a part of one, one cancelled after the record, a second payment, one paid back, one that waits."""
    for number in range(1, 5):
        house.opened(person(number), key=f"key-{number}")
    codes = [f"000.00.79.G24-230206-{number:04d}" for number in range(5)]
    house.send(
        voucher(1, codes[1], person(1)),
        voucher(2, codes[2], person(2), amount_received=200_000),
        voucher(3, codes[3], person(3)),
        voucher(4, codes[3], person(3), event="ISSUED", amount_received=300_000),
        voucher(5, codes[4], person(4)),
        voucher(6, None, person(9)),
    )
    house.send(voucher(3, codes[3], person(3), event="CANCELLED", voucher_version=2))
    house.send(voucher(5, codes[4], person(4), event="REFUNDED", voucher_version=2))
    return house


def found(house: House, *, dry_run: bool = True) -> list[str]:
    said: list[str] = []
    rebuild(house.w, dry_run=dry_run, say=said.append)
    return [line for line in said if ": " in line]


def spoil(house: House, key: keys.Key, **changes: Any) -> None:
    item = house.w.table.get(key)
    assert item is not None
    spoilt = {**{name: value for name, value in item.items() if name not in {"PK", "SK"}}, **changes}
    house.w.table.put(key, {name: value for name, value in spoilt.items() if value is not None})


def test_what_is_right_is_left_alone(lively: House) -> None:
    before = lively.cloud.rows()
    assert found(lively) == []
    assert found(lively, dry_run=False) == []
    assert lively.cloud.rows() == before


def test_what_was_spoilt_is_told_then_set_right(lively: House) -> None:
    hashed = lively.dossier(CODE).person
    right = {key: row for key, row in lively.cloud.rows().items() if key[1] != "META"}
    spoil(lively, keys.person(hashed), supported_months=7, covered=[])
    spoil(lively, keys.voucher_head(ID), state="HELD", reason="UNDERPAID", issued=None)
    spoil(lively, keys.dossier_voucher(CODE, 1), status="VOIDED")
    before = lively.cloud.rows()
    told = found(lively)
    assert lively.cloud.rows() == before, "a dry run writes nothing"
    assert [line.split(" is ")[0] for line in told] == [
        f"voucher {ID}: issued",
        f"voucher {ID}: state",
        f"voucher {ID}: reason",
        f"dossier {CODE}: period 1",
        f"person {hashed[:12]}: covered",
        f"person {hashed[:12]}: supported_months",
    ]
    assert not any(HOA.personal_id and HOA.personal_id in line for line in told)
    assert found(lively, dry_run=False) == told
    assert found(lively) == []
    now = lively.cloud.rows()
    for key, row in right.items():
        same = {name: value for name, value in row.items() if name not in {"revision", "version"}}
        assert {name: value for name, value in now[key].items() if name not in {"revision", "version"}} == same


def test_an_account_that_lost_a_voucher_gets_it_back(lively: House) -> None:
    account = lively.dossier("000.00.79.G24-230206-0002").account
    spoil(lively, keys.dossier("000.00.79.G24-230206-0002"), account=None)
    assert found(lively) == ["voucher KT79-2023-0000002: account is another, should be as its vouchers say"]
    found(lively, dry_run=False)
    assert lively.dossier("000.00.79.G24-230206-0002").account == account
    assert found(lively) == []


def test_a_period_that_is_gone_is_written_again(lively: House) -> None:
    hashed = lively.dossier(CODE).person
    period = keys.period(hashed, lively.dossier(CODE).span.first, CODE, 1)
    lively.w.table.client.delete_item(
        TableName=lively.w.table.name, Key={"PK": {"S": period[0]}, "SK": {"S": period[1]}}
    )
    assert found(lively) == [
        f"dossier {CODE}: period 1 is missing, should be ACTIVE 2023-02/2023-02 297000 {ID}",
        f"person {hashed[:12]}: covered is 2023-02/2023-02, should be none",
        f"person {hashed[:12]}: supported_months is 1, should be 0",
    ]
    found(lively, dry_run=False)
    assert found(lively) == []
    assert lively.w.table.get(period) is not None
