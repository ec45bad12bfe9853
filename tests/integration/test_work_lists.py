"""Officers' lists: order, pages, filters, provinces, and what operators do not see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.domain.access import Caller, Role
from chalicelib.domain.covers.cover import CoverState
from chalicelib.domain.errors import Forbidden, Rejected
from chalicelib.domain.oversight.expectation import of_running
from chalicelib.domain.registration.declaration import DeclarationDraft
from chalicelib.domain.registration.dossier import State
from chalicelib.usecases import paging
from chalicelib.usecases.answers import Page
from chalicelib.usecases.course import work_lists
from chalicelib.usecases.course.assign import Assignment, assign
from chalicelib.usecases.course.work_lists import CoverRow, DossierRow, list_covers, list_dossiers
from tests.support.fixtures import Beginnings
from tests.support.house import HOA, OFFICER_01, OFFICER_79, OPS, PORTAL, House, person, voucher

BOTH = Caller("officer-both", Role.OFFICER, provinces=frozenset({"79", "01"}))


def elsewhere(number: int) -> DeclarationDraft:
    """Somebody in province 01."""
    address = HOA.permanent_address
    assert address is not None
    return person(number, permanent_address=replace(address, province_code="01", commune_code="00004"))


def dossiers(house: House, caller: Caller = OFFICER_79, **asked: Any) -> Page[DossierRow]:
    none: dict[str, Any] = {"state": None, "overdue": None, "due_before": None, "province": None, "cursor": None}
    return list_dossiers(caller, **{**none, "limit": 100, **asked}, w=house.w)


def covers(house: House, caller: Caller = OFFICER_79, **asked: Any) -> Page[CoverRow]:
    none: dict[str, Any] = {"state": CoverState.DATA_CREATED, "province": None, "cursor": None, "limit": 100}
    return list_covers(caller, **{**none, **asked}, w=house.w)


def codes(page: Page[DossierRow]) -> list[str]:
    return [row.dossier_code[-4:] for row in page.items]


@pytest.fixture(name="five")
def _five(house: House, beginnings: Beginnings) -> House:
    """Four dossiers of province 79, of which 0001 and 0003 are paid, a day apart; one of province 01."""
    return beginnings.tell(house, _open_five)


def _open_five(house: House) -> None:
    for number in (1, 2, 3, 4):
        house.opened(person(number), key=str(number))
    house.opened(elsewhere(5), key="5")
    house.send(voucher(3, "000.00.79.G24-230206-0003", person(3)))
    late = voucher(1, "000.00.79.G24-230206-0001", person(1), paid_at="2023-02-07T10:00:00+07:00")
    assert house.send(late) == []


def test_what_is_due_first_comes_first_and_the_unpaid_last(five: House) -> None:
    page = dossiers(five)
    assert codes(page) == ["0003", "0001", "0002", "0004"]
    assert page.next_cursor is None
    assert page.items[0] == DossierRow(
        dossier_code="000.00.79.G24-230206-0003",
        state=State.IN_PROCESS,
        due_at=five.dossier("000.00.79.G24-230206-0003").due_at,
        overdue=False,
        province_code="79",
        full_name="Nguyễn Thị Hòa",
        version=3,
        assignee=None,
        remaining_working_hours=47,
        expected=of_running(five.dossier("000.00.79.G24-230206-0003")),
        step=five.dossier("000.00.79.G24-230206-0003").step,
    )


@pytest.mark.parametrize("limit", (1, 2, 3, 4, 5))
def test_pages_of_any_size_hold_every_dossier_once(five: House, limit: int) -> None:
    seen: list[DossierRow] = []
    cursor: str | None = None
    while True:
        page = dossiers(five, BOTH, limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == list(dossiers(five, BOTH).items)
    assert len(seen) == 5


def test_an_officer_sees_the_provinces_of_the_token(five: House) -> None:
    assert codes(dossiers(five, OFFICER_01)) == ["0001"]
    assert {row.province_code for row in dossiers(five, BOTH).items} == {"79", "01"}
    assert {row.province_code for row in dossiers(five, BOTH, province="01").items} == {"01"}
    with pytest.raises(Forbidden, match="PROVINCE_NOT_ALLOWED"):
        dossiers(five, OFFICER_79, province="01")


def test_the_portal_has_no_work_list(house: House) -> None:
    with pytest.raises(Forbidden, match="ROLE_NOT_ALLOWED"):
        dossiers(house, PORTAL)
    with pytest.raises(Forbidden, match="ROLE_NOT_ALLOWED"):
        covers(house, PORTAL)


def test_operators_see_every_province_without_names_and_numbers(five: House) -> None:
    rows = dossiers(five, OPS).items
    assert {row.province_code for row in rows} == {"79", "01"}
    assert {row.full_name for row in rows} == {None}
    assert {(row.full_name, row.si_number) for row in covers(five, OPS).items} == {(None, None)}
    assert [row.province_code for row in dossiers(five, OPS, province="01").items] == ["01"]


def test_filters(five: House) -> None:
    assert codes(dossiers(five, state=State.IN_PROCESS)) == ["0003", "0001"]
    assert codes(dossiers(five, state=State.AWAITING_PAYMENT)) == ["0002", "0004"]
    assert codes(dossiers(five, due_before=date(2023, 2, 14))) == ["0003"]
    assert codes(dossiers(five, due_before=date(2023, 2, 15))) == ["0003", "0001"]
    assert codes(dossiers(five, due_before=date(2023, 2, 13))) == []
    assert codes(dossiers(five, overdue=True)) == []
    assert len(dossiers(five, overdue=False).items) == 4


@pytest.mark.parametrize(
    ("seconds", "overdue"), ((0, []), (1, ["0003"]), (24 * 3600, ["0003"]), (24 * 3600 + 1, ["0003", "0001"]))
)
def test_overdue_is_reckoned_to_the_second_at_the_time_of_asking(five: House, seconds: int, overdue: list[str]) -> None:
    due = five.dossier("000.00.79.G24-230206-0003").due_at
    assert due is not None
    five.clock.moment = due + timedelta(seconds=seconds)
    assert codes(dossiers(five, overdue=True)) == overdue
    assert [row.dossier_code[-4:] for row in dossiers(five).items if row.overdue] == overdue


def test_what_has_ended_is_on_no_list(five: House) -> None:
    five.clock.moment += timedelta(hours=25)
    five.deadline("000.00.79.G24-230206-0002", "EXPIRE_UNPAID")
    assert codes(dossiers(five)) == ["0003", "0001", "0004"]


@pytest.mark.parametrize("cursor", ("é", "A", "_w"))
def test_a_cursor_that_is_none_is_refused(five: House, cursor: str) -> None:
    with pytest.raises(Rejected, match="CURSOR_INVALID"):
        dossiers(five, cursor=cursor)


def test_a_cursor_beyond_the_filter_ends_the_list(five: House) -> None:
    """A page's cursor may be used with a narrower filter, or after the clock went back: DynamoDB would refuse that."""
    cursor = dossiers(five, limit=3).next_cursor
    assert cursor is not None
    assert codes(dossiers(five, cursor=cursor, due_before=date(2023, 2, 10))) == []
    assert codes(dossiers(five, cursor=cursor, overdue=True)) == []


def test_covers_wait_oldest_first(five: House) -> None:
    rows = covers(five).items
    assert [row.dossier_code[-4:] for row in rows] == ["0001", "0003"]
    first = covers(five, limit=1)
    assert first.items == rows[:1]
    assert covers(five, limit=1, cursor=first.next_cursor).items == rows[1:]
    assert covers(five, OFFICER_01).items == ()
    cover = five.cover("000.00.79.G24-230206-0001")
    assert rows[0] == CoverRow(
        cover_id=cover.cover_id,
        dossier_code=cover.dossier_code,
        state=CoverState.DATA_CREATED,
        created_at=five.clock.moment,
        full_name="Nguyễn Thị Hòa",
        si_number=cover.snapshot.si_number,
        version=1,
    )


def test_a_cover_leaves_the_list_of_its_state(five: House) -> None:
    code = "000.00.79.G24-230206-0001"
    five.issue(code)
    assert [row.dossier_code[-4:] for row in covers(five).items] == ["0003"]
    assert [row.dossier_code for row in covers(five, state=CoverState.CHECKED).items] == [code]
    five.cover_step(code, "RECORD_ISSUE", key="k", sha256="s", size=1, template_version="t")
    assert covers(five, state=CoverState.CHECKED).items == ()
    assert covers(five, state=CoverState.ISSUED).items == ()


def test_lists_are_read_in_hundreds(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.usecases.course.work_lists.CHUNK", 2)
    for number in range(5):
        house.opened(person(number), key=str(number))
    house.cloud.calls.forget()
    assert len(dossiers(house, state=State.AWAITING_PAYMENT).items) == 5
    assert house.cloud.calls.made.count("query") == 3
    assert codes(dossiers(house, limit=3)) == ["0001", "0002", "0003"]


def test_a_filter_that_finds_little_reads_so_much_and_no_more(five: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page may be empty and go on: what it costs does not grow with the list."""
    monkeypatch.setattr(work_lists, "CHUNK", 1)
    monkeypatch.setattr(paging, "FURTHER_READS", 1)
    assigned = "000.00.79.G24-230206-0004"
    assign(
        assigned,
        Assignment("can-bo-17"),
        if_match=1,
        idempotency=None,
        caller=OFFICER_79,
        present=lambda dossier, assignee: "",
        w=five.w,
    )
    five.cloud.calls.forget()
    first = dossiers(five, assignee="can-bo-17")
    assert (first.items, five.cloud.calls.made) == ((), ["query", "query"])
    seen, cursor = [], first.next_cursor
    while cursor is not None:
        page = dossiers(five, assignee="can-bo-17", cursor=cursor)
        seen += [row.dossier_code for row in page.items]
        cursor = page.next_cursor
    assert seen == [assigned]


def test_the_first_page_is_one_read_for_each_province(five: House) -> None:
    five.cloud.calls.forget()
    assert len(dossiers(five, BOTH, limit=3).items) == 3
    assert five.cloud.calls.made == ["query", "query"]
