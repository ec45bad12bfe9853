"""The register of requests about one's own data: steps, limits, and what proves that something was done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import Conflict
from chalicelib.domain.events import GENESIS, AuditLine, By, Event
from chalicelib.domain.months import VIETNAM
from chalicelib.domain.oversight.expectation import Awaited, Expectation, Owner, of_data_request
from chalicelib.domain.people.data_register import (
    DataRequest,
    acknowledge,
    answer,
    correction_of,
    extend,
    report,
)
from chalicelib.domain.people.data_request import AnswerDue, Outcome, RequestKind, RequestState

RECEIVED = datetime(2026, 3, 2, 9, tzinfo=VIETNAM)
FIRST, FINAL = RECEIVED + timedelta(days=2), RECEIVED + timedelta(days=10)
CODE = "000.00.79.G24-230206-0001"


def asked(kind: RequestKind = RequestKind.WITHDRAWAL, *, extension: int = 15, **more: Any) -> DataRequest:
    return DataRequest(
        request_id="79-1",
        person="hash",
        province_code="79",
        kind=kind,
        reference="Đơn số 12/2026",
        dossiers=more.pop("dossiers", (CODE,)),
        received_at=RECEIVED,
        recorded_at=RECEIVED,
        recorded_by="officer-79",
        due=AnswerDue(FIRST, FINAL, FINAL + timedelta(days=extension)),
        **more,
    )


def line(event: Event, at: datetime, version: int = 1) -> AuditLine:
    return AuditLine(CODE, None, "79", version, event, "S", 1, None, at, By.OFFICER, "x", None, None, None, GENESIS)


def refused(error: pytest.ExceptionInfo[Conflict]) -> str:
    return error.value.code


def test_first_answer_extension_and_final_answer() -> None:
    request = asked()
    assert (request.next_by, request.final_by) == (FIRST, FINAL)
    request = acknowledge(request, FIRST)
    assert (request.state, request.version, request.next_by) == (RequestState.ACKNOWLEDGED, 2, FINAL)
    request = extend(request, FINAL, "chờ xác minh")
    assert request.next_by == request.final_by == FINAL + timedelta(days=15)
    request = answer(request, FINAL, "officer-79b", Outcome.PARTLY, "đã xóa số điện thoại", None)
    assert (request.state, request.version, request.next_by) == (RequestState.ANSWERED, 4, None)
    assert (request.acknowledged_at, request.answered_at, request.answered_by) == (FIRST, FINAL, "officer-79b")
    assert (request.outcome, request.answer) == (Outcome.PARTLY, "đã xóa số điện thoại")


def test_a_final_answer_may_be_the_first_one() -> None:
    done = answer(asked(), RECEIVED, "x", Outcome.REFUSED, "nghĩa vụ theo luật", None)
    assert (done.acknowledged_at, done.is_late(FINAL + timedelta(days=99))) == (RECEIVED, False)


def test_what_is_late_and_stays_so() -> None:
    second = timedelta(seconds=1)
    request = asked()
    assert [request.is_late(at) for at in (FIRST, FIRST + second)] == [False, True]
    in_time = acknowledge(request, FIRST)
    assert [in_time.is_late(at) for at in (FINAL, FINAL + second)] == [False, True]
    assert acknowledge(request, FIRST + second).is_late(FIRST + second)
    assert answer(in_time, FINAL + second, "x", Outcome.REFUSED, "y", None).is_late(FINAL)
    assert not extend(in_time, FINAL, "z").is_late(FINAL + second)


def test_what_is_answered_takes_no_step_more() -> None:
    done = answer(asked(), RECEIVED, "x", Outcome.REFUSED, "y", None)
    steps: tuple[Callable[[], DataRequest], ...] = (
        lambda: acknowledge(done, FIRST),
        lambda: extend(done, FIRST, "z"),
        lambda: report(done, FIRST),
        lambda: answer(done, FIRST, "x", Outcome.PARTLY, "y", None),
        lambda: acknowledge(acknowledge(asked(), FIRST), FIRST),
    )
    for step in steps:
        with pytest.raises(Conflict) as error:
            step()
        assert refused(error) == "INVALID_TRANSITION"
        assert set(error.value.facts) == {"state", "version"}


def test_one_extension_in_time_where_the_law_has_one() -> None:
    with pytest.raises(Conflict) as error:
        extend(asked(extension=0), RECEIVED, "z")
    assert refused(error) == "EXTENSION_NOT_ALLOWED"
    with pytest.raises(Conflict) as error:
        extend(extend(asked(), RECEIVED, "z"), RECEIVED, "z")
    assert refused(error) == "EXTENSION_TAKEN"
    with pytest.raises(Conflict) as error:
        extend(asked(), FINAL + timedelta(seconds=1), "z")
    assert refused(error) == "EXTENSION_TOO_LATE"


def test_access_is_granted_by_the_report() -> None:
    request = asked(RequestKind.ACCESS)
    with pytest.raises(Conflict) as error:
        answer(request, FIRST, "x", Outcome.FULFILLED, "y", None)
    assert refused(error) == "REPORT_NOT_GIVEN"
    drawn = report(request, FIRST)
    assert (drawn.reported_at, drawn.version, drawn.state) == (FIRST, 2, RequestState.RECEIVED)
    assert answer(drawn, FIRST, "x", Outcome.FULFILLED, "y", None).outcome is Outcome.FULFILLED
    # Where nothing is held there is nothing to report; and who refuses needs none.
    nothing = asked(RequestKind.ACCESS, dossiers=())
    assert answer(nothing, FIRST, "x", Outcome.FULFILLED, "y", None).state is RequestState.ANSWERED
    assert answer(request, FIRST, "x", Outcome.REFUSED, "y", None).state is RequestState.ANSWERED


def test_a_correction_is_granted_by_a_dossier_that_was_put_right() -> None:
    request = asked(RequestKind.CORRECTION)
    with pytest.raises(Conflict) as error:
        answer(request, FIRST, "x", Outcome.FULFILLED, "y", None)
    assert refused(error) == "CORRECTION_NOT_MADE"
    assert answer(request, FIRST, "x", Outcome.FULFILLED, "y", f"{CODE}#6").corrected_by == f"{CODE}#6"


def test_only_corrections_since_the_request_count() -> None:
    before, after = RECEIVED - timedelta(seconds=1), RECEIVED
    assert correction_of([line(Event.SUPPLEMENT_SUPPLIED, before)], RECEIVED) is None
    assert correction_of([line(Event.SUPPLEMENT_REQUESTED, after)], RECEIVED) is None
    lines = [line(Event.SUPPLEMENT_SUPPLIED, after, 5), line(Event.COVER_REISSUE_REQUESTED, after, 7)]
    assert correction_of(lines[:1], RECEIVED) == f"{CODE}#5"
    assert correction_of(lines, RECEIVED) == f"{CODE}#7"


def test_an_officer_is_waited_for_until_it_is_answered() -> None:
    assert of_data_request(FIRST) == Expectation(Awaited.ANSWER, FIRST, Owner.OFFICER)
    assert of_data_request(None) is None
