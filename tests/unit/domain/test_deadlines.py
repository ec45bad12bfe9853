"""Due dates and deadlines: domain rules 5.5 to 5.7 and scenario A11."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import NotConfigured
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.registration.deadlines import (
    IDLE_WAIT,
    Action,
    DerivationDay,
    NextStep,
    Progress,
    closing_after,
    due_date,
    is_sooner,
    next_step,
    received_moment,
)
from chalicelib.law import load

LAW = load()
CALENDAR = LAW.calendar
PROCEDURE = LAW.procedure("79", date(2023, 2, 6))
RULES = LAW.deadline_rules.on(date(2023, 2, 6)).value


def at(text: str) -> datetime:
    """`2023-02-06 09:15` in Việt Nam."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def counted_days(received: str, limit: int) -> list[str]:
    derivation = due_date(at(received), limit, CALENDAR).derivation
    return [day.date.isoformat()[5:] for day in derivation if day.counted]


@pytest.mark.parametrize(
    ("received", "counted"),
    (
        ("2023-01-17", ["01-18", "01-19", "01-27", "01-30", "01-31"]),
        ("2023-01-19", ["01-27", "01-30", "01-31", "02-01", "02-02"]),
        ("2023-02-06", ["02-07", "02-08", "02-09", "02-10", "02-13"]),
        ("2023-04-27", ["04-28", "05-04", "05-05", "05-08", "05-09"]),
        ("2023-08-30", ["08-31", "09-05", "09-06", "09-07", "09-08"]),
        ("2024-02-06", ["02-07", "02-15", "02-16", "02-19", "02-20"]),
        ("2025-04-25", ["04-26", "04-28", "04-29", "05-05", "05-06"]),
        ("2026-02-12", ["02-13", "02-23", "02-24", "02-25", "02-26"]),
    ),
)
def test_worked_due_dates_of_five_working_days(received: str, counted: list[str]) -> None:
    assert counted_days(f"{received} 10:00", 5) == counted
    due = due_date(at(f"{received} 10:00"), 5, CALENDAR).due_at
    assert due == at(f"{received[:4]}-{counted[-1]} 17:00")
    assert due.utcoffset() == timedelta(hours=7)


def test_a11_a_limit_of_three_days_over_tet() -> None:
    assert due_date(at("2023-01-17 10:00"), 3, CALENDAR).due_at == at("2023-01-27 17:00")
    assert due_date(at("2023-01-17 10:00"), 5, CALENDAR).due_at == at("2023-01-31 17:00")


def test_the_derivation_says_why_for_each_day() -> None:
    due = due_date(at("2023-02-09 09:00"), 2, CALENDAR)

    assert due.derivation == (
        DerivationDay(date(2023, 2, 10), counted=True, why="ngày làm việc 1/2"),
        DerivationDay(date(2023, 2, 11), counted=False, why="thứ bảy, ngày nghỉ hằng tuần"),
        DerivationDay(date(2023, 2, 12), counted=False, why="chủ nhật, ngày nghỉ hằng tuần"),
        DerivationDay(date(2023, 2, 13), counted=True, why="ngày làm việc 2/2"),
    )


def test_a_working_saturday_counts_and_says_so() -> None:
    due = due_date(at("2025-04-25 09:00"), 1, CALENDAR)

    assert due.derivation == (DerivationDay(date(2025, 4, 26), counted=True, why="ngày làm bù cho 02/05/2025 1/1"),)


@pytest.mark.parametrize(
    ("filed", "received"),
    (
        ("2023-02-06 07:00", "2023-02-06 07:00"),
        ("2023-02-06 17:00", "2023-02-06 17:00"),
        ("2023-02-06 17:01", "2023-02-07 08:00"),
        ("2023-02-10 20:00", "2023-02-13 08:00"),
        ("2023-02-11 10:00", "2023-02-13 08:00"),
        ("2023-01-19 17:30", "2023-01-27 08:00"),
        ("2025-04-26 10:00", "2025-04-26 10:00"),
    ),
)
def test_filings_out_of_hours_count_from_the_next_opening(filed: str, received: str) -> None:
    assert received_moment(at(filed), CALENDAR) == at(received)


def test_out_of_hours_the_derivation_begins_on_the_day_of_filing() -> None:
    due = due_date(at("2023-02-10 18:00"), 1, CALENDAR)

    assert [(day.date.day, day.counted, day.why) for day in due.derivation] == [
        (10, False, "nộp sau giờ làm việc"),
        (11, False, "thứ bảy, ngày nghỉ hằng tuần"),
        (12, False, "chủ nhật, ngày nghỉ hằng tuần"),
        (13, False, "tính là ngày tiếp nhận, lúc 08:00"),
        (14, True, "ngày làm việc 1/1"),
    ]
    assert due.due_at == at("2023-02-14 17:00")


def test_any_offset_is_read_on_the_vietnamese_clock() -> None:
    assert received_moment(datetime(2023, 2, 6, 10, 1, tzinfo=UTC), CALENDAR) == at("2023-02-07 08:00")


def test_a_moment_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        due_date(datetime(2023, 2, 6, 9), 5, CALENDAR)  # noqa: DTZ001


def test_a_limit_is_at_least_a_day() -> None:
    with pytest.raises(ValueError, match="at least one"):
        due_date(at("2023-02-06 09:00"), 0, CALENDAR)
    with pytest.raises(ValueError, match="at least one"):
        closing_after(at("2023-02-06 09:00"), 0, CALENDAR)


@pytest.mark.parametrize("received", ("2022-12-30 09:00", "2026-12-30 09:00"))
def test_a_year_without_a_table_is_refused(received: str) -> None:
    with pytest.raises(NotConfigured) as refused:
        due_date(at(received), 5, CALENDAR)

    assert refused.value.code == "CALENDAR_NOT_CONFIGURED"


moments = st.datetimes(
    datetime.fromisoformat("2023-01-01"), datetime.fromisoformat("2026-11-01"), timezones=st.just(VIETNAM)
)


@settings(max_examples=60, deadline=None)
@given(received=moments, limit=st.integers(1, 20))
def test_a_due_date_has_as_many_working_days_as_the_limit(received: datetime, limit: int) -> None:
    due = due_date(received, limit, CALENDAR)

    days = [day.date for day in due.derivation]
    assert sum(day.counted for day in due.derivation) == limit
    assert due.derivation[-1].counted
    assert due.due_at == CALENDAR.closes(days[-1])
    assert due.due_at > received
    assert closing_after(received, limit, CALENDAR) == due.due_at
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert all(CALENDAR.is_working_day(day.date) for day in due.derivation if day.counted)


@settings(max_examples=60, deadline=None)
@given(received=moments, later=st.timedeltas(timedelta(0), timedelta(days=30)), limit=st.integers(1, 10))
def test_a_later_receipt_is_never_due_earlier(received: datetime, later: timedelta, limit: int) -> None:
    assert due_date(received, limit, CALENDAR).due_at <= due_date(received + later, limit, CALENDAR).due_at


DUE = at("2023-02-13 17:00")
RUNNING = Progress(state_ended=False, awaiting_payment=False, due_at=DUE)
WARNED = replace(RUNNING, reminded=True, apology_settled=True)
OVERDUE = replace(RUNNING, overdue_marked=True)
SUSPENDED = replace(RUNNING, due_at=None, supplement_expires_at=at("2023-03-10 17:00"))
UNPAID = Progress(state_ended=False, awaiting_payment=True, payment_expires_at=at("2023-02-07 09:00"))


@pytest.mark.parametrize(
    ("progress", "now", "action", "wake"),
    (
        (replace(UNPAID, state_ended=True), "2023-02-08 09:00", Action.CLOSED, None),
        (UNPAID, "2023-02-06 09:00", Action.WAIT, "2023-02-07 09:00"),
        (UNPAID, "2023-02-07 08:59:59", Action.WAIT, "2023-02-07 09:00"),
        (UNPAID, "2023-02-07 09:00", Action.EXPIRE_UNPAID, None),
        (replace(UNPAID, payment_expires_at=None), "2023-02-07 09:00", Action.WAIT, "2023-03-09 09:00"),
        (RUNNING, "2023-02-06 09:15", Action.WAIT, "2023-02-10 08:00"),
        (RUNNING, "2023-02-10 08:00", Action.REMIND_OFFICER, None),
        (RUNNING, "2023-02-13 17:00", Action.REMIND_OFFICER, None),
        (RUNNING, "2023-02-13 17:00:01", Action.MARK_OVERDUE, None),
        (replace(RUNNING, reminded=True), "2023-02-10 07:59", Action.WAIT, "2023-02-10 08:00"),
        (replace(RUNNING, reminded=True), "2023-02-10 08:00", Action.APOLOGISE, None),
        (replace(RUNNING, apology_settled=True), "2023-02-10 08:00", Action.REMIND_OFFICER, None),
        (WARNED, "2023-02-10 08:01", Action.WAIT, "2023-02-13 17:00:01"),
        (WARNED, "2023-02-13 17:00", Action.WAIT, "2023-02-13 17:00:01"),
        (WARNED, "2023-02-13 17:00:01", Action.MARK_OVERDUE, None),
        (OVERDUE, "2023-02-14 08:00", Action.WAIT, "2023-02-14 17:00:01"),
        (OVERDUE, "2023-02-14 17:00:01", Action.ESCALATE, None),
        (replace(OVERDUE, escalations=1), "2023-02-14 17:00:02", Action.WAIT, "2023-02-16 17:00:01"),
        (replace(OVERDUE, escalations=1), "2023-02-20 08:00", Action.ESCALATE, None),
        (replace(OVERDUE, escalations=2), "2023-02-20 08:00", Action.WAIT, "2023-03-22 08:00"),
        (replace(RUNNING, due_at=None), "2023-02-08 08:00", Action.WAIT, "2023-03-10 08:00"),
        (SUSPENDED, "2023-02-20 08:00", Action.WAIT, "2023-03-10 17:00:01"),
        (SUSPENDED, "2023-03-10 17:00:01", Action.TIME_OUT_SUPPLEMENT, None),
    ),
)
def test_what_is_due(progress: Progress, now: str, action: Action, wake: str | None) -> None:
    step = next_step(progress, PROCEDURE, RULES, CALENDAR, at(now))

    assert step == NextStep(action, at(wake) if wake else None)


def test_the_reminder_comes_before_tet_when_the_due_day_follows_it() -> None:
    progress = replace(RUNNING, due_at=at("2023-01-27 17:00"))

    step = next_step(progress, PROCEDURE, RULES, CALENDAR, at("2023-01-17 10:00"))

    assert step == NextStep(Action.WAIT, at("2023-01-19 08:00"))


def test_a_wake_falls_on_a_whole_second_and_never_too_early() -> None:
    expires = at("2023-02-07 09:00:00.250000")

    step = next_step(replace(UNPAID, payment_expires_at=expires), PROCEDURE, RULES, CALENDAR, at("2023-02-07 08:00"))

    assert step.wake_at == at("2023-02-07 09:00:01")


@settings(max_examples=60, deadline=None)
@given(
    ended=st.booleans(),
    unpaid=st.booleans(),
    expires=st.none() | moments,
    due=st.none() | moments,
    reminded=st.booleans(),
    marked=st.booleans(),
    now=moments,
)
def test_a_wait_is_always_for_later(
    *,
    ended: bool,
    unpaid: bool,
    expires: datetime | None,
    due: datetime | None,
    reminded: bool,
    marked: bool,
    now: datetime,
) -> None:
    progress = Progress(
        state_ended=ended,
        awaiting_payment=unpaid,
        payment_expires_at=expires,
        due_at=due,
        reminded=reminded,
        overdue_marked=marked,
    )

    step = _step_or_none(progress, now)

    if step is not None and step.action is Action.WAIT:
        assert step.wake_at is not None
        assert step.wake_at > now
        assert step.wake_at.microsecond == 0


def _step_or_none(progress: Progress, now: datetime) -> NextStep | None:
    """None where the reminder would fall in a year without a table."""
    try:
        return next_step(progress, PROCEDURE, RULES, CALENDAR, now)
    except NotConfigured:
        return None


@settings(max_examples=60, deadline=None)
@given(received=moments)
def test_following_every_step_passes_each_milestone_once(received: datetime) -> None:
    """The life of a dossier that nobody works on, played by the deadline alone."""
    due = due_date(received, 5, CALENDAR).due_at
    progress = Progress(state_ended=False, awaiting_payment=False, due_at=due)
    now, done = received, []
    while now < due + IDLE_WAIT:
        step = next_step(progress, PROCEDURE, RULES, CALENDAR, now)
        if step.action is Action.WAIT:
            assert step.wake_at is not None
            now = step.wake_at
            continue
        done.append((step.action, now))
        progress = replace(
            progress,
            reminded=progress.reminded or step.action is Action.REMIND_OFFICER,
            apology_settled=progress.apology_settled or step.action is Action.APOLOGISE,
            overdue_marked=progress.overdue_marked or step.action is Action.MARK_OVERDUE,
            escalations=progress.escalations + (step.action is Action.ESCALATE),
        )

    assert [action for action, _ in done] == [
        Action.REMIND_OFFICER,
        Action.APOLOGISE,
        Action.MARK_OVERDUE,
        Action.ESCALATE,
        Action.ESCALATE,
    ]
    reminded_at, warned_at, marked_at, first, second = (moment for _, moment in done)
    assert reminded_at.timetz().replace(tzinfo=None) == time(8, 0) or reminded_at == received
    assert warned_at == reminded_at
    assert timedelta(0) < marked_at - due <= timedelta(seconds=1)
    assert marked_at < first < second


def test_a_step_is_sooner_only_for_who_sleeps_longer() -> None:
    early, late = NextStep(Action.WAIT, DUE), NextStep(Action.WAIT, DUE + timedelta(hours=1))
    assert is_sooner(early, late)
    assert not is_sooner(late, early)
    assert not is_sooner(early, early)
    assert is_sooner(NextStep(Action.MARK_OVERDUE), late), "what is due at once"
    assert not is_sooner(early, NextStep(Action.MARK_OVERDUE)), "who is awake looks again anyway"
    assert not is_sooner(NextStep(Action.CLOSED), late), "an end wakes nobody"
