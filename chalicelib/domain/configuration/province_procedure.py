"""A province's own procedure: its content, what makes it a valid one, and which version holds on a day.

Drafted by one person, published by another, effective in the future only; a running dossier keeps its version
(domain rule 5.8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from ..errors import Conflict, Fault, Forbidden
from .procedure import Procedure
from .provinces import Provinces
from .publication import PublicationState
from .steps import ClockStart, NationalMaximum, Step, StepRole


@dataclass(frozen=True, slots=True)
class ProcedureContent:
    """What a province decides. How long a payment is waited for, and the working hours, stay national."""

    effective_from: date
    source: str
    limit_working_days: int
    reminder_working_days: int
    automatic_issue: bool
    steps: tuple[Step, ...]
    clock_start: ClockStart = ClockStart.PAYMENT_CONFIRMED
    auto_accept: bool = True

    def procedure(self, version: str, payment_hours: int) -> Procedure:
        """What a dossier is opened with."""
        return Procedure(
            version=version,
            limit_working_days=self.limit_working_days,
            reminder_working_days=self.reminder_working_days,
            payment_hours=payment_hours,
            automatic_issue=self.automatic_issue,
            effective_from=self.effective_from,
            source=self.source,
            steps=self.steps,
            clock_start=self.clock_start,
            auto_accept=self.auto_accept,
        )


@dataclass(frozen=True, slots=True)
class ProcedureVersion:
    """One version on its way from draft to publication: who, when, why.

    `version` numbers the drafts of a province; `restores` names the earlier version whose content it takes up again.
    """

    version: int
    content: ProcedureContent
    reason: str
    drafted_by: str
    drafted_at: datetime
    restores: int | None = None
    published_by: str | None = None
    published_at: datetime | None = None

    @property
    def state(self) -> PublicationState:
        return PublicationState.DRAFT if self.published_at is None else PublicationState.PUBLISHED


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A published version as the schedule of a province has it."""

    version: int
    content: ProcedureContent

    @property
    def order(self) -> tuple[date, int]:
        """By first day; of two with one first day the later version holds."""
        return self.content.effective_from, self.version


def in_force(schedule: Iterable[Scheduled], province: str, day: date, provinces: Provinces) -> Scheduled | None:
    """The version that new dossiers of a day start with; None where the national default holds.

    A code that passed to another province takes no procedure along (domain rule 8): a version holds as long as the
    code means the province that published it.
    """
    begun = (each for each in schedule if each.content.effective_from <= day)
    own = (each for each in begun if _same_province(province, each.content.effective_from, day, provinces))
    return max(own, key=lambda each: each.order, default=None)


def _same_province(code: str, earlier: date, later: date, provinces: Provinces) -> bool:
    then, now = provinces.get(code, earlier), provinces.get(code, later)
    return then is not None and now is not None and then.name == now.name


MOST_SCHEDULED = 12
"""So many versions the schedule keeps, beside those that are still to come: it is read with every declaration."""


def scheduled(schedule: Iterable[Scheduled], new: Scheduled, today: date) -> tuple[Scheduled, ...]:
    """The schedule with one more version; the oldest that no new dossier can start with are let go."""
    first_day = new.content.effective_from
    kept = sorted(
        (*(each for each in schedule if each.content.effective_from != first_day), new), key=lambda each: each.order
    )
    begun = [each for each in kept if each.content.effective_from <= today]
    return tuple(kept[max(0, len(begun) - MOST_SCHEDULED) :])


def publish(draft: ProcedureVersion, *, by: str, at: datetime) -> ProcedureVersion:
    """The published version.

    Raises:
        Conflict: INVALID_TRANSITION, it is no draft (any more).
        Forbidden: SECOND_PERSON_REQUIRED, whoever drafted it can't publish it.
    """
    if draft.state is not PublicationState.DRAFT:
        raise Conflict("INVALID_TRANSITION", "Phiên bản này đã được công bố.", facts={"state": draft.state})
    if by == draft.drafted_by:
        raise Forbidden("SECOND_PERSON_REQUIRED", "Người công bố phải khác người soạn dự thảo.")
    return replace(draft, published_by=by, published_at=at)


def faults_of(
    content: ProcedureContent, province: str, *, today: date, maximum: NationalMaximum, provinces: Provinces
) -> list[Fault]:
    """Everything that keeps this content from being the procedure of a province; field names are the wire's.

    `maximum` is the national one of the content's first day.
    """
    return [
        *_date_faults(content.effective_from, province, today, provinces),
        *_limit_faults(content, maximum),
        *_intake_faults(content),
        *_step_faults(content),
    ]


def _date_faults(effective_from: date, province: str, today: date, provinces: Provinces) -> Iterator[Fault]:
    if effective_from <= today:
        yield Fault("effective_from", "EFFECTIVE_NOT_IN_FUTURE", "Chỉ được áp dụng từ ngày mai trở đi.")
    if provinces.get(province, effective_from) is None:
        yield Fault("effective_from", "PROVINCE_NOT_VALID", "Mã tỉnh, thành phố không có hiệu lực vào ngày này.")


def _limit_faults(content: ProcedureContent, maximum: NationalMaximum) -> Iterator[Fault]:
    limit = content.limit_working_days
    if limit < 1:
        yield Fault("limit_working_days", "LIMIT_TOO_SHORT", "Thời hạn giải quyết ít nhất là 1 ngày làm việc.")
    if limit > maximum.working_days:
        message = f"Thời hạn giải quyết không được quá {maximum.working_days} ngày làm việc theo quy định chung."
        yield Fault("limit_working_days", "LIMIT_ABOVE_NATIONAL_MAX", message)
    if content.reminder_working_days >= max(limit, 1):
        message = "Số ngày nhắc trước phải nhỏ hơn thời hạn giải quyết."
        yield Fault("reminder_working_days", "REMINDER_NOT_BELOW_LIMIT", message)
    if sum(step.hours(maximum.hours_a_day) for step in content.steps) > limit * maximum.hours_a_day:
        message = "Tổng thời hạn các bước vượt quá thời hạn giải quyết."
        yield Fault("steps", "STEP_LIMITS_ABOVE_TOTAL", message)


def _intake_faults(content: ProcedureContent) -> Iterator[Fault]:
    """Where dossiers are not accepted at once, the first of several steps is the intake: somebody does it."""
    if not content.auto_accept and len(content.steps) > 1 and content.steps[0].role is StepRole.SYSTEM:
        message = "Không tiếp nhận tự động thì bước đầu là tiếp nhận và phải giao cho cán bộ."
        yield Fault("steps[0].role", "STEP_NEEDS_PERSON", message)


def _step_faults(content: ProcedureContent) -> Iterator[Fault]:
    """The steps follow one another to the one that signs: whole, each reachable, each once."""
    seen: set[str] = set()
    ended = False
    for index, step in enumerate(content.steps):
        at = f"steps[{index}]"
        if step.step_code in seen:
            yield Fault(f"{at}.step_code", "STEP_REPEATED", "Mã bước bị trùng.")
        seen.add(step.step_code)
        if step.limit < 1:
            yield Fault(f"{at}.limit", "STEP_LIMIT_TOO_SHORT", "Thời hạn của bước ít nhất là 1.")
        if ended:
            yield Fault(
                at, "STEP_UNREACHABLE", "Bước này đứng sau bước ký trả kết quả nên không bao giờ được thực hiện."
            )
        ended = ended or step.signs
        yield from _role_faults(step, at, automatic_issue=content.automatic_issue)
    if not ended:
        yield Fault("steps", "STEP_SIGNS_MISSING", "Phải có đúng một bước cuối ký trả kết quả.")


def _role_faults(step: Step, at: str, *, automatic_issue: bool) -> Iterator[Fault]:
    signer = StepRole.SYSTEM if automatic_issue else StepRole.SIGNER
    if step.signs and step.role is not signer:
        message = (
            "Cấp tự động thì bước ký trả kết quả do hệ thống thực hiện."
            if automatic_issue
            else "Bước ký trả kết quả do người có thẩm quyền ký thực hiện."
        )
        yield Fault(f"{at}.role", "SIGNING_ROLE_INVALID", message)
    if step.role is not StepRole.SYSTEM:
        return
    if step.can_request_supplement:
        message = "Hệ thống không tự yêu cầu bổ sung; phải giao cho cán bộ."
        yield Fault(f"{at}.can_request_supplement", "STEP_NEEDS_PERSON", message)
    if step.needs_two_person:
        message = "Bước do hệ thống thực hiện không thể cần hai người."
        yield Fault(f"{at}.needs_two_person", "STEP_NEEDS_PERSON", message)
