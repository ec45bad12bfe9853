"""The life of a cover after its issue: revoked by two persons, issued again with corrected data, looked at before."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from chalicelib.documents.token import read_token
from chalicelib.domain.access import Caller, Role
from chalicelib.domain.covers.cover import Cover, CoverState, CoverStatus, payment_reversed
from chalicelib.domain.errors import Conflict, Forbidden, NotFound, Rejected, VersionConflict
from chalicelib.domain.events import Act, By, Event, first_broken_line
from chalicelib.domain.registration.declaration import DeclarationDraft
from chalicelib.domain.registration.dossier import State, unchanged
from chalicelib.domain.registration.supplement import Corrections
from chalicelib.storage import keys
from chalicelib.storage.items.people import person_from
from chalicelib.storage.renderer import Renderer
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.writes import write_change, write_cover
from chalicelib.usecases.answers import Answer, Idempotency
from chalicelib.usecases.course.work_lists import list_covers
from chalicelib.usecases.covers.cover_link import cover_link
from chalicelib.usecases.covers.decide_cover import CoverRequest, CoverSituation
from chalicelib.usecases.covers.draw_cover import draw_cover, draw_preview
from chalicelib.usecases.covers.issue_cover import issue_cover
from chalicelib.usecases.covers.make_cover import CoverObsolete
from chalicelib.usecases.covers.preview_cover import preview_cover
from chalicelib.usecases.covers.prove_cover import proved
from chalicelib.usecases.covers.reissue_cover import reissue
from chalicelib.usecases.covers.revoke_cover import ask_to_revoke, revoke, withdraw_request
from chalicelib.usecases.covers.verify_cover import verify_cover
from tests.support.cloud import boto_clients
from tests.support.environment import WORKING
from tests.support.house import OFFICER_01, OFFICER_79, OPS, PORTAL, SIGNER_79, House
from tests.support.rendering import LambdaDesk

CODE = "000.00.79.G24-230206-0001"
FIRST, SECOND = f"{CODE}-C1", f"{CODE}-C2"
WHY = "Chứng từ đóng đã bị hủy."
CORRECTED = Corrections(DeclarationDraft(full_name="Nguyễn Thị Hoa"), frozenset({"full_name"}))
NOTHING = Corrections(DeclarationDraft(), frozenset())
OTHER_OFFICER_79 = replace(OFFICER_79, sub="officer-79-b")


def present(cover: Cover) -> str:
    return json.dumps({"cover_id": cover.cover_id, "state": cover.state})


@pytest.fixture(name="house_79")
def _house_79(house: House) -> House:
    """A first-timer's cover, drawn, signed and issued."""
    assert house.paid() == CODE
    house.relay()
    issue(house, 1)
    return house


def issue(house: House, number: int, version: int = 1) -> None:
    """A signer decides, the workflow draws and records."""
    cover_id = f"{CODE}-C{number}"
    issue_cover(cover_id, if_match=version, idempotency=None, caller=SIGNER_79, present=present, w=house.w)
    province = house.w.law.provinces.get("79", date(2023, 2, 6))
    assert province is not None
    cover = stored(house, number)
    # Its proof is made as by the renderer; the page itself is judged elsewhere.
    proved(cover, province, house.w)
    file = {"key": cover.object_key, "sha256": f"{number:064x}", "size": 9, "template_version": "t"}
    assert house.cover_step(CODE, "RECORD_ISSUE", cover_id=cover_id, **file) == {"state": "ISSUED"}


def stored(house: House, number: int) -> Cover:
    covers = CoverSituation(house.cover(CODE), house.dossier(CODE), house.w).covers()
    return next(cover for cover in covers if cover.number == number)


def asked(house: House, number: int = 1, *, caller: Caller = OFFICER_79, key: str | None = None) -> CoverRequest:
    version = stored(house, number).version
    return CoverRequest(f"{CODE}-C{number}", caller, version, None if key is None else Idempotency(key, "f"))


def ask(house: House, **more: Any) -> Answer:
    return ask_to_revoke(asked(house, **more), reason=WHY, present=present, w=house.w)


def approve(house: House, caller: Caller = SIGNER_79, **more: Any) -> Answer:
    return revoke(asked(house, caller=caller, **more), present=present, w=house.w)


def again(house: House, corrections: Corrections = CORRECTED, **more: Any) -> Answer:
    return reissue(asked(house, **more), corrections, reason="Cải chính hộ tịch.", present=present, w=house.w)


def scanned(house: House, number: int = 1) -> CoverStatus:
    proof = house.w.table.get(keys.cover_proof(CODE, number))
    assert proof is not None
    return verify_cover(str(proof["token"]), house.w).status


def live_cover(house: House) -> str | None:
    person = house.dossier(CODE).person
    return person_from(person, house.w.table.get(keys.person(person))).cover_id


def events(house: House) -> list[tuple[str, str | None]]:
    view = house.view(CODE)
    assert first_broken_line(view.history, view.dossier.audit_hash) is None
    return [(line.event, line.subject) for line in view.history]


# Revocation (scenario A10)


def test_two_persons_revoke_and_the_scan_says_so_at_once(house_79: House) -> None:
    before = events(house_79)
    assert scanned(house_79) is CoverStatus.VALID
    assert ask(house_79).status == 202
    assert scanned(house_79) is CoverStatus.VALID
    assert approve(house_79).status == 200
    assert scanned(house_79) is CoverStatus.REVOKED
    cover = house_79.cover(CODE)
    assert (cover.state, cover.ended_by, live_cover(house_79)) == (CoverState.REVOKED, "signer-79", None)
    assert events(house_79)[len(before) :] == [
        (Event.COVER_REVOCATION_REQUESTED, FIRST),
        (Event.COVER_REVOKED, FIRST),
    ]
    assert [line.reason for line in house_79.view(CODE).history[-2:]] == [WHY, WHY]
    assert house_79.dossier(CODE).state is State.RESULT_RETURNED
    with pytest.raises(NotFound, match="COVER_NOT_ISSUED"):
        cover_link(CODE, PORTAL, house_79.w)
    assert house_79.relay() == []


def test_nobody_revokes_alone_and_officers_need_a_signer(house_79: House) -> None:
    ask(house_79)
    for caller, code in ((OFFICER_79, "SECOND_PERSON_REQUIRED"), (OTHER_OFFICER_79, "SIGNER_REQUIRED")):
        with pytest.raises(Forbidden, match=code):
            approve(house_79, caller)
    assert house_79.cover(CODE).state is CoverState.ISSUED


@pytest.mark.parametrize(
    ("caller", "code"),
    ((OFFICER_01, "PROVINCE_NOT_ALLOWED"), (OPS, "ROLE_NOT_ALLOWED"), (PORTAL, "ROLE_NOT_ALLOWED")),
)
def test_who_has_no_say_in_a_cover(house_79: House, caller: Caller, code: str) -> None:
    before = house_79.cloud.rows()
    for decision in (ask, again, approve):
        with pytest.raises(Forbidden, match=code):
            decision(house_79, caller=caller)
    assert house_79.cloud.rows() == before


def test_the_same_key_gets_the_same_answer(house_79: House) -> None:
    request = asked(house_79, key="k")
    first = ask_to_revoke(request, reason=WHY, present=present, w=house_79.w)
    assert ask_to_revoke(request, reason=WHY, present=present, w=house_79.w) == replace(first, replayed=True)
    with pytest.raises(VersionConflict) as late:
        ask_to_revoke(replace(request, idempotency=None), reason=WHY, present=present, w=house_79.w)
    changes: Any = late.value.facts["changes"]
    assert [change["event"] for change in changes] == [Event.COVER_REVOCATION_REQUESTED]


@pytest.mark.parametrize("cover_id", ("unknown", f"{CODE}-C9", "000.00.79.G24-230206-0099-C1"))
def test_what_is_no_cover(house_79: House, cover_id: str) -> None:
    request = CoverRequest(cover_id, OFFICER_79, 1)
    with pytest.raises(NotFound, match="COVER_NOT_FOUND"):
        ask_to_revoke(request, reason=WHY, present=present, w=house_79.w)
    with pytest.raises(NotFound, match="COVER_NOT_FOUND"):
        preview_cover(cover_id, OFFICER_79, house_79.w)


def test_what_waits_for_the_second_person_is_listed_until_it_is_decided(house_79: House) -> None:
    def listed() -> list[str]:
        page = list_covers(SIGNER_79, state=CoverState.ISSUED, province=None, limit=10, cursor=None, w=house_79.w)
        return [row.cover_id for row in page.items]

    assert listed() == []
    ask(house_79)
    assert listed() == [FIRST]
    withdraw_request(asked(house_79), reason="Nhầm hồ sơ.", present=present, w=house_79.w)
    assert listed() == []
    assert events(house_79)[-1] == (Event.COVER_REVOCATION_WITHDRAWN, FIRST)
    assert scanned(house_79) is CoverStatus.VALID


def take_payment_back(house: House, event: Event) -> None:
    """What the ledger writes of a cover, and tells, when the payment behind it is reversed."""
    dossier, act = house.dossier(CODE), Act(house.clock.now(), By.ACCOUNTING, "central-accounting")
    (reversed_,) = payment_reversed([house.cover(CODE)], by=act.actor, reason=WHY, at=act.at)
    transaction = Transaction()
    write_cover(transaction, reversed_)
    write_change(transaction, unchanged(dossier).then(event, act, subject=FIRST))
    transaction.commit(house.w.table)


def test_accounting_asks_and_two_persons_still_decide(house_79: House) -> None:
    """A cancelled voucher asks in the system's name (the ledger writes what this decision gives)."""
    take_payment_back(house_79, Event.COVER_REVOCATION_REQUESTED)
    with pytest.raises(Conflict, match="REVOCATION_NOT_REQUESTED"):
        approve(house_79)
    ask(house_79)
    approve(house_79)
    assert scanned(house_79) is CoverStatus.REVOKED


def test_a_cover_that_is_revoked_while_it_is_drawn_is_never_issued(house: House) -> None:
    house.paid()
    house.relay()
    house.issue(CODE)
    file = draw_cover(FIRST, CODE, house.w)
    take_payment_back(house, Event.COVER_REVOKED)
    with pytest.raises(CoverObsolete):
        draw_cover(FIRST, CODE, house.w)
    more = {"key": file.key, "sha256": file.sha256, "size": file.size, "template_version": file.template_version}
    with pytest.raises(CoverObsolete):
        house.cover_step(CODE, "RECORD_ISSUE", **more)
    assert house.cover_step(CODE, "PREPARE", run=1)["outcome"] == "OBSOLETE"
    assert scanned(house) is CoverStatus.REVOKED


# Reissue


def test_a_corrected_cover_takes_the_place_of_the_old_one(house_79: House) -> None:
    assert again(house_79).status == 202
    assert house_79.relay() == []
    assert f"{SECOND}-1" in {*house_79.cloud.machines.executions} or any(
        SECOND in json.dumps(each) for each in house_79.cloud.machines.executions.values()
    )
    # Until the new one is issued the old one is what the citizen has.
    shown = house_79.cover(CODE)
    assert (shown.cover_id, shown.replaced_by, scanned(house_79)) == (FIRST, SECOND, CoverStatus.VALID)
    assert live_cover(house_79) == FIRST
    assert cover_link(CODE, PORTAL, house_79.w).sha256 == stored(house_79, 1).file.sha256  # type: ignore[union-attr]

    issue(house_79, 2)

    assert (scanned(house_79, 1), scanned(house_79, 2)) == (CoverStatus.REPLACED, CoverStatus.VALID)
    shown = house_79.cover(CODE)
    assert (shown.cover_id, shown.snapshot.full_name, shown.number) == (SECOND, "Nguyễn Thị Hoa", 2)
    assert live_cover(house_79) == SECOND
    assert house_79.dossier(CODE).declaration.full_name == "Nguyễn Thị Hoa"
    assert events(house_79)[-5:] == [
        (Event.COVER_REISSUE_REQUESTED, SECOND),
        (Event.COVER_CHECKED, SECOND),
        (Event.COVER_SIGNED, SECOND),
        (Event.COVER_ISSUED, SECOND),
        (Event.COVER_REPLACED, FIRST),
    ]
    assert house_79.dossier(CODE).state is State.RESULT_RETURNED
    proof = house_79.w.table.get(keys.cover_proof(CODE, 2))
    assert proof is not None
    assert read_token(str(proof["token"])).claims.serial == SECOND
    assert '"ordinal":2' in house_79.w.fields.open(str(proof["PK"]), "data", str(proof["data"]))


def test_corrections_are_held_against_the_rules_of_the_declaration(house_79: House) -> None:
    wrong = Corrections(DeclarationDraft(gender="NAM", full_name="X9"), frozenset({"gender", "full_name"}))
    with pytest.raises(Rejected) as refused:
        again(house_79, wrong)
    assert {fault.code for fault in refused.value.faults} >= {"NAME_INVALID", "PERSONAL_ID_GENDER"}
    assert house_79.cover(CODE).replaced_by is None


def test_a_cover_is_issued_again_with_the_same_data(house_79: House) -> None:
    before = house_79.dossier(CODE).declaration
    again(house_79, NOTHING)
    assert stored(house_79, 2).snapshot == stored(house_79, 1).snapshot
    assert house_79.dossier(CODE).declaration == before


def test_there_is_one_successor_which_may_be_corrected_until_it_is_checked(house_79: House) -> None:
    again(house_79)
    with pytest.raises(Conflict, match="REISSUE_PENDING"):
        again(house_79)
    once_more = Corrections(DeclarationDraft(full_name="Nguyễn Thị Hòa Bình"), frozenset({"full_name"}))
    again(house_79, once_more, number=2)
    assert stored(house_79, 2).snapshot.full_name == "Nguyễn Thị Hòa Bình"
    issue_cover(SECOND, if_match=2, idempotency=None, caller=SIGNER_79, present=present, w=house_79.w)
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        again(house_79, number=2)


def test_a_successor_falls_with_the_cover_that_it_was_to_replace(house_79: House) -> None:
    again(house_79)
    ask(house_79)
    approve(house_79)
    assert [stored(house_79, number).state for number in (1, 2)] == [CoverState.REVOKED, CoverState.REVOKED]
    assert live_cover(house_79) is None
    assert [event for event, _ in events(house_79)[-2:]] == [Event.COVER_REVOKED, Event.COVER_REVOKED]


def test_who_lost_a_cover_by_mistake_gets_another_and_the_old_code_stays_revoked(house_79: House) -> None:
    ask(house_79)
    approve(house_79)
    again(house_79, NOTHING)
    with pytest.raises(Conflict, match="REISSUE_PENDING"):
        again(house_79, NOTHING)
    issue(house_79, 2)
    assert (scanned(house_79, 1), scanned(house_79, 2)) == (CoverStatus.REVOKED, CoverStatus.VALID)
    assert live_cover(house_79) == SECOND
    assert events(house_79)[-1] == (Event.COVER_ISSUED, SECOND)
    assert house_79.cover(CODE).cover_id == SECOND
    # Only the newest of the chain is issued again.
    with pytest.raises(Conflict, match="REISSUE_PENDING"):
        again(house_79, NOTHING)


def test_no_cover_comes_back_without_its_payment(house_79: House) -> None:
    ask(house_79)
    approve(house_79)
    dossier = replace(house_79.dossier(CODE), payment_reversed_at=house_79.clock.now())
    transaction = Transaction()
    act = Act(house_79.clock.now(), By.ACCOUNTING, "central-accounting")
    write_change(transaction, unchanged(dossier).then(Event.PAYMENT_REVERSED, act, subject="v"))
    transaction.commit(house_79.w.table)
    with pytest.raises(Conflict, match="PAYMENT_REVERSED"):
        again(house_79, NOTHING)


def test_a_request_against_the_old_cover_goes_over_to_the_new_one(house_79: House) -> None:
    again(house_79)
    ask(house_79)
    issue(house_79, 2)
    cover = stored(house_79, 2)
    assert cover.revocation is not None
    assert cover.revocation.by == "officer-79"
    approve(house_79, number=2)
    assert (scanned(house_79, 1), scanned(house_79, 2)) == (CoverStatus.REPLACED, CoverStatus.REVOKED)
    assert live_cover(house_79) is None


def test_what_is_asked_to_be_revoked_or_not_done_is_not_issued_again(house: House) -> None:
    house.paid()
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        again(house)
    house.relay()
    issue(house, 1)
    ask(house)
    with pytest.raises(Conflict, match="REVOCATION_PENDING"):
        again(house)


# A look beforehand


def test_an_officer_looks_at_the_draft_before_the_issue(house: House) -> None:
    house.paid()
    house.w.__dict__["renderer"] = Renderer(LambdaDesk(), "cover-renderer")
    link = preview_cover(FIRST, OFFICER_79, house.w, "kiểm tra trước khi ký")
    (drawn,) = boto_clients()["s3"].list_objects_v2(Bucket=WORKING)["Contents"]
    assert drawn["Key"] == f"previews/{FIRST}/1-20230206.pdf"
    assert drawn["Key"] in link.url
    assert house.cloud.objects() == {}
    assert preview_cover(FIRST, OFFICER_79, house.w).sha256 == link.sha256
    assert house.w.table.get(keys.cover_proof(CODE, 1)) is None
    looks = list(house.w.table.query(keys.views_partition(CODE), keys.VIEW))
    assert [(look["actor"], look["what"]) for look in looks] == [("officer-79", "COVER")] * 2


def test_who_may_not_look_is_written_down(house: House) -> None:
    house.paid()
    with pytest.raises(Forbidden, match="PROVINCE_NOT_ALLOWED"):
        preview_cover(FIRST, OFFICER_01, house.w)
    (look,) = house.w.table.query(keys.views_partition(CODE), keys.VIEW)
    assert (look["actor"], look["refusal"]) == ("officer-01", "PROVINCE_NOT_ALLOWED")
    with pytest.raises(Forbidden, match="ROLE_NOT_ALLOWED"):
        preview_cover(FIRST, Caller("p", Role.PORTAL, client_id="dvc"), house.w)


def test_an_issued_cover_has_no_draft(house_79: House) -> None:
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        preview_cover(FIRST, OFFICER_79, house_79.w)
    with pytest.raises(Conflict, match="INVALID_TRANSITION"):
        draw_preview(FIRST, CODE, house_79.w)
