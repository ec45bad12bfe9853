"""The canary's world: for it nothing else exists, and for everybody else it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from chalicelib import law
from chalicelib.domain.access import Caller, Role
from chalicelib.domain.errors import Forbidden
from chalicelib.domain.ledger.voucher import ContributionVoucher, VoucherEvent
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.oversight import canary
from chalicelib.domain.oversight.canary_payment import (
    declaration,
    is_own_code,
    is_own_voucher,
    may_send,
    receipt,
    voucher,
    voucher_id,
)
from chalicelib.domain.people.identity import Gender
from chalicelib.domain.registration.identifiers import is_personal_id, is_si_number, personal_id_faults
from chalicelib.queues.messages import ContributionVoucherMessage

CANARY = Caller("canary", Role.PORTAL, client_id="canary")
PORTAL = Caller("portal-dvc", Role.PORTAL, client_id="dvc")
OFFICER = Caller("canary", Role.OFFICER, client_id="canary", provinces=frozenset({"99"}))
CODE = "000.00.99.G24-261122-0001"
DAY = date(2026, 11, 22)


def own_voucher(**changes: Any) -> ContributionVoucher:
    quote = {"months": 1, "amount_participant": 990, "amount_state": 110, "amount_local": 0, "amount_gross": 1100}
    sent = voucher(CODE, declaration(DAY, with_district=False), quote, datetime(2026, 11, 22, 9, tzinfo=VIETNAM))
    read = ContributionVoucherMessage.model_validate_json(json.dumps(sent)).voucher()
    return replace(read, **changes)


def test_its_province_is_none_that_is_or_was() -> None:
    real = law.load().provinces
    assert canary.PROVINCE not in real.codes()
    assert canary.PERSONAL_ID[:3] not in real.birth_codes
    assert canary.PROVINCE not in {"97", "98"}, "the army's and the police's"


def test_the_law_of_the_canary_knows_its_province_alone_and_that_of_others_does_not() -> None:
    whole = law.load()
    assert canary.law_for(PORTAL, whole) is whole
    assert canary.law_for(OFFICER, whole) is whole
    own = canary.law_for(CANARY, whole)
    assert own.provinces.codes() == {canary.PROVINCE}
    assert own.contribution_rate is whole.contribution_rate


@pytest.mark.parametrize(
    ("caller", "person", "admitted"),
    (
        (CANARY, canary.PERSON, True),
        (CANARY, "9f" * 20, False),
        (CANARY, None, False),
        (PORTAL, canary.PERSON, False),
        (PORTAL, "9f" * 20, True),
        (PORTAL, None, True),
    ),
)
def test_the_canary_declares_its_own_person_and_nobody_else_does(
    caller: Caller, person: str | None, *, admitted: bool
) -> None:
    if admitted:
        canary.require_own_person(caller, person)
    else:
        with pytest.raises(Forbidden):
            canary.require_own_person(caller, person)


@pytest.mark.parametrize(
    ("code", "own"),
    (
        (CODE, True),
        ("000.00.79.G24-261122-0001", False),
        ("000.99.79.G24-261122-0001", False),
        ("G24.99-20261122-0010000", False),
        (f"{CODE}\n", False),
        (f"{CODE}-C1", False),
        ("", False),
    ),
)
def test_its_dossiers_are_told_by_their_code(code: str, *, own: bool) -> None:
    assert is_own_code(code) is own
    if own:
        assert (voucher_id(code), receipt(code)) == ("CANARY-261122-0001", ("CANARY-261122", "0000001"))
    else:
        with pytest.raises(ValueError, match="canary"):
            receipt(code)


def test_what_it_declares_is_in_order() -> None:
    plain, with_district = declaration(DAY, with_district=False), declaration(DAY, with_district=True)
    assert plain["from_month"] == "2026-11"
    assert "district_code" not in plain["permanent_address"]
    assert with_district["permanent_address"]["district_code"] == "990"
    assert is_personal_id(canary.PERSONAL_ID)
    assert is_si_number(canary.SI_NUMBER)
    assert personal_id_faults(canary.PERSONAL_ID, Gender(plain["gender"]), int(plain["birth_date"][:4])) == []


OTHERS: dict[str, dict[str, Any]] = {
    "another province": {"province_code": "79"},
    "no dossier": {"dossier_code": None},
    "a real dossier": {"dossier_code": "000.00.79.G24-261122-0001"},
    "another of its dossiers": {"dossier_code": "000.00.99.G24-261122-0002"},
    "a real voucher's name": {"voucher_id": "KT79-2026-0000001"},
    "a second version": {"voucher_version": 2},
    "a real receipt": {"receipt_symbol": "BH26-79/E"},
    "a cancellation": {"event": VoucherEvent.CANCELLED},
    "in place of another": {"replaces_voucher_id": "KT79-2026-0000001"},
}


@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS.keys())
def test_a_voucher_that_differs_is_none_of_its_own(changes: dict[str, Any]) -> None:
    assert is_own_voucher(own_voucher())
    assert not is_own_voucher(own_voucher(**changes))


def test_the_canary_sends_its_vouchers_only_and_nobody_else_sends_them() -> None:
    role, other = "AROACANARY", "AROAACCOUNTING:session"
    real = own_voucher(province_code="79")
    for message, from_canary, from_others in ((own_voucher(), True, False), (real, False, True), (None, False, True)):
        assert may_send(message, f"{role}:bhxh-602e-production-canary", role) is from_canary
        assert may_send(message, other, role) is from_others
        assert may_send(message, f"{role}2:x", role) is from_others
        assert may_send(message, "", role) is from_others
        assert may_send(message, "000000000000", ""), "a sandbox knows no roles"
