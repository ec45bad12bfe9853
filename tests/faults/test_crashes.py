"""Whatever dies wherever: given the same work again, the system ends where it would have ended anyway."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.covers.cover import StoredFile
from chalicelib.domain.months import VIETNAM
from chalicelib.law import load
from chalicelib.procedurebook import ProcedureBook
from chalicelib.usecases.covers import draw_cover as drawing
from chalicelib.usecases.covers.draw_cover import draw_cover
from chalicelib.usecases.oversight.sweep import sweep
from tests.faults.crashes import survives_every_crash
from tests.support.cloud import Cloud
from tests.support.house import HOA, House, person, voucher

pytestmark = pytest.mark.slow

CODE = "000.00.79.G24-230206-0001"
LATE = datetime(2023, 2, 14, 9, 0, tzinfo=VIETNAM)


def acknowledged(failed: list[str]) -> None:
    """A real queue gives again what was not acknowledged; here nothing may fail but by the crash."""
    assert failed == []


def test_a_registration(house: House) -> None:
    answers: set[str] = set()

    def work() -> None:
        answers.add(house.declare().body)

    calls = survives_every_crash(house, work)
    assert calls.count("put_item") == 1, "the first data key of all"
    assert calls.count("transact_write_items") == 1, "the whole decision"
    assert len(answers) == 1, "whoever asks again gets the first answer"


def test_a_registration_seen_through_to_its_execution(house: House) -> None:
    def work() -> None:
        house.declare()
        acknowledged(house.relay())

    survives_every_crash(house, work)


def test_a_voucher_that_pays(house: House) -> None:
    house.opened()
    calls = survives_every_crash(house, lambda: acknowledged(house.send(voucher(1, CODE))))
    assert calls.count("transact_write_items") == 1, "the whole effect is one transaction"


def test_a_voucher_that_pays_for_somebody_with_a_book(house: House) -> None:
    house.opened(replace(HOA, case_type="CONTINUE", si_number="7912345678"))
    survives_every_crash(house, lambda: acknowledged(house.send(voucher(1, CODE))))


def test_a_voucher_before_its_dossier(house: House) -> None:
    survives_every_crash(house, lambda: acknowledged(house.send(voucher(1, CODE))))


def test_a_voucher_before_its_dossier_that_knows_the_person_only(house: House) -> None:
    survives_every_crash(house, lambda: acknowledged(house.send(voucher(1))))


@pytest.mark.parametrize("code", (CODE, None))
def test_a_parked_voucher_that_finds_its_dossier(house: House, code: str | None) -> None:
    acknowledged(house.send(voucher(1, code)))

    def work() -> None:
        house.declare()
        acknowledged(house.relay())

    survives_every_crash(house, work)
    assert house.dossier(CODE).state == "IN_PROCESS"
    assert not [key for key in house.cloud.listing() if "PENDING#" in key]


def test_a_voucher_that_is_held(house: House) -> None:
    house.opened()
    survives_every_crash(house, lambda: acknowledged(house.send(voucher(1, CODE, amount_received=1))))


def test_a_cancelled_voucher_and_the_first_version_after_it(house: House) -> None:
    house.opened()
    cancelled = voucher(1, CODE, event="CANCELLED", voucher_version=2)

    def work() -> None:
        acknowledged(house.send(cancelled))
        acknowledged(house.send(voucher(1, CODE)))

    survives_every_crash(house, work)
    assert house.dossier(CODE).state == "AWAITING_PAYMENT"


def test_a_mixed_batch(house: House) -> None:
    """A payment, the same again, a second payment, one in no shape, a receipt conflict, a manifest, a stranger."""
    house.opened()
    manifest = {"type": "manifest", "date": "2023-02-06", "province_code": "79", "count": 2, "sum_received": 594_000}
    batch = (
        voucher(1, CODE),
        voucher(1, CODE),
        voucher(2, CODE),
        "not JSON",
        voucher(3, CODE, receipt={"symbol": "BH23-79/E", "number": "0000001", "date": "2023-02-06"}),
        manifest,
        voucher(4, "000.00.79.G24-230206-0099"),
    )
    survives_every_crash(house, lambda: acknowledged(house.send(*batch)))


def test_the_relay_of_a_paid_dossier(house: House) -> None:
    house.paid()
    calls = survives_every_crash(house, lambda: acknowledged(house.relay()))
    assert calls.count("publish") == 3
    assert [message["sequence"] for message in house.cloud.topics.status] == [1, 2, 3]


def test_an_officers_decision_to_issue(house: House) -> None:
    code = house.paid()
    answers: set[str] = set()

    def work() -> None:
        answers.add(house.issue(code, key="issue-1").body)

    survives_every_crash(house, work)
    assert len(answers) == 1


def prepared(house: House) -> str:
    """A paid dossier whose cover waits for its signer under the token `T`."""
    code = house.paid()
    acknowledged(house.relay())
    house.cover_step(code, "PREPARE", run=1)
    house.cloud.machines.waiting.add("T")
    return code


def test_asking_the_signer(house: House) -> None:
    """As an execution does that begins by waiting."""
    code = house.paid()
    acknowledged(house.relay())
    house.cloud.machines.waiting.add("T")
    survives_every_crash(
        house, lambda: [house.cover_step(code, "AWAIT_SIGNER", task_token="T", looks_first=True)].clear()
    )


def test_laying_down_the_signers_token(house: House) -> None:
    code = prepared(house)
    survives_every_crash(house, lambda: [house.cover_step(code, "AWAIT_SIGNER", task_token="T")].clear())


def test_laying_down_the_signers_token_after_the_decision(house: House) -> None:
    code = prepared(house)
    house.issue(code)
    acknowledged(house.relay())
    survives_every_crash(house, lambda: [house.cover_step(code, "AWAIT_SIGNER", task_token="T")].clear())
    assert set(house.cloud.machines.answered) == {"T"}


def test_releasing_the_cover_after_the_decision(house: House) -> None:
    code = prepared(house)
    house.cover_step(code, "AWAIT_SIGNER", task_token="T")
    house.issue(code)
    survives_every_crash(house, lambda: acknowledged(house.relay()))
    assert set(house.cloud.machines.answered) == {"T"}


def test_a_cover_that_needs_no_signer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    national = load().national_procedure.on(house.clock.moment.date()).value
    procedure = replace(national, automatic_issue=True)
    monkeypatch.setattr(ProcedureBook, "in_force", lambda *_: procedure)
    code = house.paid()

    def work() -> None:
        assert house.cover_step(code, "PREPARE", run=1) == {"outcome": "READY", "automatic_issue": True}

    survives_every_crash(house, work)
    assert house.cover(code).state == "CHECKED"
    # One that begins by waiting answers its own token.
    house.cloud.machines.waiting.add("T")
    survives_every_crash(
        house, lambda: [house.cover_step(code, "AWAIT_SIGNER", task_token="T", looks_first=True)].clear()
    )
    assert set(house.cloud.machines.answered) == {"T"}


def test_drawing_the_cover_and_recording_its_issue(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "render_cover", lambda view, _: b"%PDF of " + view.template.encode())
    monkeypatch.setattr(drawing, "sign_cover", lambda page, *_: page)
    house.cloud.keys.repeats_itself = True
    code = house.paid()
    house.issue(code)

    def work() -> None:
        file: StoredFile = draw_cover(f"{code}-C1", code, house.w)
        told = {"key": file.key, "sha256": file.sha256, "size": file.size, "template_version": file.template_version}
        assert house.cover_step(code, "RECORD_ISSUE", **told) == {"state": "ISSUED"}

    survives_every_crash(house, work)
    assert house.dossier(code).state == "RESULT_RETURNED"
    assert len(house.cloud.objects()) == 1


@pytest.mark.parametrize(
    ("action", "moment"),
    (
        ("REMIND_OFFICER", datetime(2023, 2, 10, 9, 0, tzinfo=VIETNAM)),
        ("MARK_OVERDUE", LATE),
    ),
)
def test_a_milestone_of_the_deadline(house: House, action: str, moment: datetime) -> None:
    code = house.paid()
    house.clock.moment = moment

    def work() -> None:
        if house.deadline(code, "WHAT_IS_DUE")["action"] == action:
            house.deadline(code, action)
        acknowledged(house.relay())

    survives_every_crash(house, work)
    assert len({notice["event_id"] for notice in house.cloud.topics.notices}) == 1


def test_the_end_of_an_unpaid_dossier(house: House) -> None:
    code = house.opened()
    house.clock.moment += timedelta(hours=25)

    def work() -> None:
        assert house.deadline(code, "EXPIRE_UNPAID")["done"] in {True, False}

    survives_every_crash(house, work)
    assert house.dossier(code).state == "EXPIRED"


def test_falling_asleep(house: House) -> None:
    code = house.opened()
    survives_every_crash(house, lambda: [house.fall_asleep(code, "T")].clear())
    assert house.cloud.machines.answered == {}


def test_falling_asleep_for_a_dossier_that_has_ended(house: House) -> None:
    code = house.opened()
    house.clock.moment += timedelta(hours=25)
    house.deadline(code, "EXPIRE_UNPAID")
    survives_every_crash(house, lambda: [house.fall_asleep(code, "T")].clear())
    assert house.cloud.machines.answered == {"T": '{"outcome": "CLOSED"}'}


def test_ending_the_sleep_of_a_dossier_that_has_ended(house: House) -> None:
    code = house.opened()
    acknowledged(house.relay())
    house.fall_asleep(code, "T")
    house.clock.moment += timedelta(hours=25)
    house.deadline(code, "EXPIRE_UNPAID")
    calls = survives_every_crash(house, lambda: acknowledged(house.relay()))
    assert calls.count("send_task_success") == 1
    assert house.cloud.machines.answered == {"T": '{"outcome": "CLOSED"}'}


def test_the_sweep_of_what_the_stream_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost registration record, and a cover whose execution died."""
    monkeypatch.setattr(type(load().provinces), "codes", lambda _: frozenset({"79"}))
    house.paid()
    acknowledged(house.relay())
    house.cloud.machines.status[f"{CODE}-C1-v1-r1"] = "FAILED"
    house.opened(person(1), key="key-lost")
    survives_every_crash(house, lambda: [sweep(house.w)].clear())
    assert house.cover(CODE).run == 2


def test_nothing_of_a_test_reaches_the_next(cloud: Cloud) -> None:
    assert cloud.rows() == {}
