"""A declaration becomes one dossier, however often and however simultaneously it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import Conflict, Fault, Forbidden, Rejected, Unavailable
from chalicelib.domain.registration.declaration import DeclarationDraft
from chalicelib.storage.items import dossiers
from chalicelib.usecases.answers import KEPT_SECONDS, Idempotency
from chalicelib.usecases.registration.open_dossier import open_dossier
from tests.support.house import HOA, OFFICER_79, OTHER_PORTAL, PORTAL, House, person

FIRST, SECOND = "000.00.79.G24-230206-0001", "000.00.79.G24-230206-0002"


def just_before_the_commit(house: House, rival: Callable[[], object]) -> Callable[[str, dict[str, Any]], None]:
    """A hook that lets somebody else act between the reads and the first commit."""
    ran: list[bool] = []

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items" and not ran:
            ran.append(True)
            rival()

    return hook


def test_a_declaration_is_one_transaction_after_one_batch_of_reads(house: House) -> None:
    """Access patterns: registration. The data key that seals fields is there; a process reads it once in minutes."""
    house.w.fields.seal("nobody", "nothing", "")
    house.cloud.calls.forget()
    answer = house.declare()
    assert (answer.status, answer.replayed, answer.version) == (201, False, 1)
    assert json.loads(answer.body) == {"code": FIRST, "at": "2023-02-06T09:15:00+07:00"}
    assert house.cloud.calls.made == ["get_secret_value", "batch_get_item", "transact_write_items"]
    kinds = [key.split("#")[0] for key in house.cloud.listing()]
    assert kinds == ["COUNTER", "DOSSIER", "DOSSIER", "FIELDKEYS KEY", "IDEM", "PERSON"]


def test_no_key_holds_a_raw_identifier_or_a_name(house: House) -> None:
    house.paid()
    for key in house.cloud.listing():
        assert "079185012345" not in key
        assert "Nguyễn" not in key


def test_the_same_key_gets_the_first_answer_again(house: House) -> None:
    first = house.declare()
    before = house.cloud.rows()
    again = house.declare()
    assert again == replace(first, replayed=True)
    assert house.cloud.rows() == before


def test_the_same_key_with_another_declaration_is_refused(house: House) -> None:
    house.declare()
    before = house.cloud.rows()
    with pytest.raises(Conflict, match="IDEMPOTENCY_KEY_REUSED"):
        house.declare(person(1))
    assert house.cloud.rows() == before


def test_a_key_belongs_to_its_client(house: House) -> None:
    house.declare()
    other = house.declare(person(1), caller=OTHER_PORTAL)
    assert not other.replayed
    assert house.dossier(SECOND).client_id == "b"


def test_the_same_request_twice_at_the_same_moment(house: House) -> None:
    """Given two that have both read nothing / when both commit / then one dossier, and both hear of it."""
    rivals = []
    hook = just_before_the_commit(house, lambda: rivals.append(house.declare()))
    with house.cloud.calls.hooked(hook):
        answer = house.declare()
    assert answer == replace(rivals[0], replayed=True)
    assert [key for key in house.cloud.listing("DOSSIER#") if key.endswith("META")] == [f"DOSSIER#{FIRST} META"]


def test_the_same_key_with_two_declarations_at_the_same_moment(house: House) -> None:
    hook = just_before_the_commit(house, lambda: house.declare(person(1)))
    with house.cloud.calls.hooked(hook), pytest.raises(Conflict, match="IDEMPOTENCY_KEY_REUSED"):
        house.declare()
    assert len(house.cloud.listing("PERSON#")) == 1


def test_two_people_at_the_same_moment_get_a_number_each(house: House) -> None:
    hook = just_before_the_commit(house, lambda: house.declare(person(1), key="other"))
    with house.cloud.calls.hooked(hook):
        answer = house.declare()
    assert json.loads(answer.body)["code"] == SECOND
    first, second = (dossiers.open_dossier(house.dossier(code), house.w.fields) for code in (FIRST, SECOND))
    assert first.declaration.personal_id != second.declaration.personal_id


def test_one_person_twice_at_the_same_moment_under_two_keys(house: House) -> None:
    """The natural key guards what the idempotency key can't."""
    hook = just_before_the_commit(house, lambda: house.declare(key="other"))
    with house.cloud.calls.hooked(hook), pytest.raises(Conflict) as refused:
        house.declare()
    assert refused.value.code == "DUPLICATE_DOSSIER"
    assert refused.value.facts == {"dossier_code": FIRST}


def test_the_counter_is_lost_to_many_before_it_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen others come first, one after the other: nobody is told to come again for that."""

    def crowd(rivals: int) -> Callable[[str, dict[str, Any]], None]:
        came: list[int | None] = []

        def hook(name: str, _: dict[str, Any]) -> None:
            if name == "transact_write_items" and len(came) < rivals and came[-1:] != [None]:
                came.append(None)
                number = len(house.cloud.listing("PERSON#")) + 100
                house.declare(person(number), key=f"rival-{number}")
                came[-1] = number

        return hook

    with house.cloud.calls.hooked(crowd(15)):
        assert json.loads(house.declare().body)["code"].endswith("-0016")

    # and whoever never gets one is told to come again, after a while
    monkeypatch.setattr("chalicelib.usecases.registration.open_dossier.NUMBERS", 3)
    with house.cloud.calls.hooked(crowd(3)), pytest.raises(Unavailable, match="STORAGE_BUSY"):
        house.declare(person(1), key="unlucky")


def test_codes_count_by_province_and_day(house: House) -> None:
    elsewhere = replace(
        person(1),
        permanent_address=replace(HOA.permanent_address, province_code="01", commune_code="00004"),  # type: ignore[type-var]
    )
    assert house.opened(key="1") == FIRST
    assert house.opened(elsewhere, key="2") == "000.00.01.G24-230206-0001"
    assert house.opened(person(2), key="3") == SECOND
    house.clock.moment = house.clock.moment.replace(day=7)
    assert house.opened(person(3), key="4") == "000.00.79.G24-230207-0001"


def test_one_open_dossier_per_person_and_month(house: House) -> None:
    house.declare()
    with pytest.raises(Conflict) as refused:
        house.declare(replace(HOA, method="M3"), key="another")
    assert (refused.value.code, refused.value.facts) == ("DUPLICATE_DOSSIER", {"dossier_code": FIRST})
    later = house.declare(replace(HOA, from_month="2023-03"), key="march")
    assert json.loads(later.body)["code"] == SECOND


def test_a_month_that_is_paid_is_an_overlap_and_no_duplicate(house: House) -> None:
    house.paid()
    with pytest.raises((Rejected, Conflict)) as refused:
        house.declare(replace(HOA, case_type="RE_REGISTER", si_number=house.dossier(FIRST).si_number), key="again")
    assert refused.value.code in {"OVERLAP", "DUPLICATE_DOSSIER"}


def test_an_expired_dossier_makes_room_for_a_new_one(house: House) -> None:
    code = house.opened()
    house.clock.moment = house.dossier(code).payment_expires_at
    house.deadline(code, "EXPIRE_UNPAID")
    assert house.opened(key="again").endswith("230207-0001")


def test_a_key_is_forgotten_after_seven_days_of_real_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """TTL deletes late: the time on the item counts, to the same second wherever it is compared."""
    now = 1_700_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    house.declare()
    now += KEPT_SECONDS + 0.9
    assert house.declare().replayed
    now += 0.2
    with pytest.raises(Conflict, match="DUPLICATE_DOSSIER"):
        house.declare()
    assert not house.declare(person(1)).replayed


def test_the_sandbox_clock_does_not_make_keys_expire(house: House) -> None:
    house.declare()
    house.clock.moment = house.clock.moment.replace(year=2026)
    assert house.declare().replayed


def test_only_the_portal_declares(house: House) -> None:
    with pytest.raises(Forbidden, match="ROLE_NOT_ALLOWED"):
        house.declare(caller=OFFICER_79)
    assert house.cloud.calls.made == []


def test_every_fault_is_told_at_once_and_nothing_is_written(house: House) -> None:
    bad = replace(HOA, gender="NAM", phone="1", income=1)
    with pytest.raises(Rejected) as refused:
        open_dossier(
            bad,
            wire_faults=(Fault("x", "UNKNOWN_FIELD", "m"),),
            unreadable=frozenset(),
            idempotency=Idempotency("k", "f"),
            caller=PORTAL,
            present=lambda *_: "",
            w=house.w,
        )
    codes = {fault.code for fault in refused.value.faults}
    assert {"PERSONAL_ID_GENDER", "PHONE_INVALID", "INCOME_BELOW_MIN", "UNKNOWN_FIELD"} <= codes
    assert house.cloud.rows() == {}


@pytest.mark.parametrize("draft", (DeclarationDraft(), replace(HOA, personal_id="1"), replace(HOA, personal_id=None)))
def test_without_a_readable_person_no_register_is_asked(house: House, draft: DeclarationDraft) -> None:
    with pytest.raises(Rejected):
        house.declare(draft)
    assert "get_secret_value" not in house.cloud.calls.made
    assert house.cloud.rows() == {}
