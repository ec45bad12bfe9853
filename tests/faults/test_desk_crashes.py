"""Whatever dies while people settle vouchers or sign a day off: done again, it ends where it would have anyway."""

from __future__ import annotations

from datetime import date

import pytest

from chalicelib.domain.ledger.voucher_desk import Action, Decision
from chalicelib.http.ledger.voucher_desk import read_again
from chalicelib.storage import keys
from chalicelib.usecases.answers import Answer, Idempotency
from chalicelib.usecases.ledger.decide_voucher import Asked, Decided, approve, resolve
from chalicelib.usecases.ledger.reconcile_day import report_of, sign_off_day
from tests.faults.crashes import survives_every_crash
from tests.support.house import OFFICER_79, SIGNER_79, House, voucher

CODE = "000.00.79.G24-230206-0001"
VOUCHER = "KT79-2023-0000001"
DAY = date(2023, 2, 6)

pytestmark = pytest.mark.slow


def present(decided: Decided) -> str:
    return f'"{decided.state} {decided.revision} {decided.pending}"'


def settle(house: House, action: Action, voucher_id: str = VOUCHER) -> Answer:
    asked = Asked(voucher_id, 1, Idempotency("k", action), OFFICER_79)
    return resolve(asked, Decision(action, "x"), read=read_again, present=present, w=house.w)


def test_held_money_is_settled_once(house: House) -> None:
    house.opened()
    house.send(voucher(1, CODE, full_name="TRẦN THỊ KHÁC"))
    answers = set()

    def work() -> None:
        answers.add(settle(house, Action.ACCEPT).body)

    calls = survives_every_crash(house, work)
    assert calls.count("transact_write_items") >= 1
    assert len(answers) == 1, "whoever asks again gets the first answer"
    assert len(list(house.w.table.query(keys.voucher_partition(VOUCHER), keys.RESOLUTION))) == 1


def test_a_proposal_and_its_approval(house: House) -> None:
    house.paid()

    def work() -> None:
        settle(house, Action.UNLINK)
        asked = Asked(VOUCHER, 2, Idempotency("k", "approval"), SIGNER_79)
        approve(asked, read=read_again, present=present, w=house.w)

    survives_every_crash(house, work)
    lines = [str(line["event"]) for line in house.w.table.query(keys.voucher_partition(VOUCHER), keys.AUDIT)]
    assert lines == ["VOUCHER_RESOLUTION_PROPOSED", "VOUCHER_RESOLVED"]


def test_a_message_is_read_again_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.queues import messages

    house.opened()
    house.send({**voucher(1, CODE), "surprise": 1})
    real = messages.read_message
    monkeypatch.setattr(messages, "read_message", lambda body: real(body.replace(', "surprise": 1', "")))
    ((partition, _),) = [key for key in house.cloud.rows() if key[1] == "MESSAGE"]
    message = partition.replace("QUARANTINE#", "quarantined-")

    def work() -> None:
        settle(house, Action.RETRY, message)

    survives_every_crash(house, work)
    assert len(house.view(CODE).participation) == 1


def test_a_manifest_is_kept_and_the_day_signed_off_once(house: House) -> None:
    house.paid()
    manifest = {"type": "manifest", "date": "2023-02-06", "province_code": "79", "count": 1, "sum_received": 297_000}

    def work() -> None:
        assert house.send(manifest) == []
        sign_off_day(
            DAY,
            "79",
            note="x",
            acknowledged=(),
            idempotency=Idempotency("k", "sign-off"),
            caller=OFFICER_79,
            present=lambda signed: f'"{signed.number}"',
            w=house.w,
        )

    survives_every_crash(house, work)
    report = report_of("79", DAY, house.w)
    assert len(report.found.book.manifests) == 1
    assert report.signed is not None
    assert (report.signed.number, report.moved) == (1, ())
