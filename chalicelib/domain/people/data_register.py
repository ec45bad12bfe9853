"""The register of requests about one's own data: what was asked, by when the law wants it answered, what was answered.

Every step is a decision of an officer; the person stands in it as a keyed hash alone (domain rule 9).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ..errors import Conflict
from ..events import AuditLine, Event
from .data_request import AnswerDue, Outcome, RequestKind, RequestState

CORRECTIONS = frozenset({Event.SUPPLEMENT_SUPPLIED, Event.COVER_REISSUE_REQUESTED})
"""The events by which what a dossier says of a person is put right."""


@dataclass(frozen=True, slots=True)
class DataRequest:
    """One request. Instants are Vietnam time; `person` is the keyed hash of the personal id.

    `dossiers` are those of the province that were known of the person when the request was recorded. `reference` and
    `answer` are an officer's words, the number of a letter for instance.
    """

    request_id: str
    person: str
    province_code: str
    kind: RequestKind
    reference: str
    dossiers: tuple[str, ...]
    received_at: datetime
    recorded_at: datetime
    recorded_by: str
    due: AnswerDue
    state: RequestState = RequestState.RECEIVED
    version: int = 1
    acknowledged_at: datetime | None = None
    extended_at: datetime | None = None
    extension_reason: str | None = None
    reported_at: datetime | None = None
    """When everything held about the person was handed out for it."""
    answered_at: datetime | None = None
    answered_by: str | None = None
    outcome: Outcome | None = None
    answer: str | None = None
    corrected_by: str | None = None
    """The line of a dossier's trail by which the data was put right: `<dossier code>#<version>`."""

    @property
    def final_by(self) -> datetime:
        """By when the final answer is due, with the extension where one was taken."""
        return self.due.final if self.extended_at is None else self.due.extended

    @property
    def next_by(self) -> datetime | None:
        """By when the next answer is due; None once everything is answered."""
        if self.state is RequestState.ANSWERED:
            return None
        return self.due.first if self.state is RequestState.RECEIVED else self.final_by

    def is_late(self, now: datetime) -> bool:
        """An answer is overdue; of an answered one: an answer came too late."""
        first = (self.acknowledged_at or now) > self.due.first
        return first or (self.answered_at or now) > self.final_by


def acknowledge(request: DataRequest, at: datetime) -> DataRequest:
    """The first answer was given. Raises `Conflict` (INVALID_TRANSITION) where one was given before."""
    if request.state is not RequestState.RECEIVED:
        raise _no_transition(request)
    return replace(request, state=RequestState.ACKNOWLEDGED, acknowledged_at=at, version=request.version + 1)


def extend(request: DataRequest, at: datetime, reason: str) -> DataRequest:
    """Take the one extension of the final answer.

    Raises:
        Conflict: INVALID_TRANSITION, answered already; EXTENSION_NOT_ALLOWED, the law of the day of asking knows none;
            EXTENSION_TAKEN; EXTENSION_TOO_LATE, the limit has passed.
    """
    _require_open(request)
    if request.due.extended <= request.due.final:
        raise Conflict("EXTENSION_NOT_ALLOWED", "Luật áp dụng cho yêu cầu này không cho gia hạn.")
    if request.extended_at is not None:
        raise Conflict("EXTENSION_TAKEN", "Yêu cầu này đã được gia hạn một lần.")
    if at > request.due.final:
        raise Conflict("EXTENSION_TOO_LATE", "Đã quá hạn trả lời, không thể gia hạn.")
    return replace(request, extended_at=at, extension_reason=reason, version=request.version + 1)


def report(request: DataRequest, at: datetime) -> DataRequest:
    """Everything held was handed out. Raises `Conflict` (INVALID_TRANSITION) for an answered request."""
    _require_open(request)
    return replace(request, reported_at=at, version=request.version + 1)


def answer(
    request: DataRequest, at: datetime, by: str, outcome: Outcome, text: str, corrected_by: str | None
) -> DataRequest:
    """The final answer; it is the first one too where none was given.

    `corrected_by` is what `correction_of` has found, if the answer names a dossier.

    Raises:
        Conflict: INVALID_TRANSITION, answered already; REPORT_NOT_GIVEN, access is granted by the report, and none was
            drawn; CORRECTION_NOT_MADE, a correction is granted by a dossier that says something else now.
    """
    _require_open(request)
    granted = outcome is Outcome.FULFILLED
    if granted and request.kind is RequestKind.ACCESS and request.dossiers and request.reported_at is None:
        raise Conflict("REPORT_NOT_GIVEN", "Chưa lập báo cáo dữ liệu cho yêu cầu này.")
    if granted and request.kind is RequestKind.CORRECTION and corrected_by is None:
        raise Conflict("CORRECTION_NOT_MADE", "Hồ sơ được nêu chưa được sửa từ khi nhận yêu cầu này.")
    return replace(
        request,
        state=RequestState.ANSWERED,
        acknowledged_at=request.acknowledged_at or at,
        answered_at=at,
        answered_by=by,
        outcome=outcome,
        answer=text,
        corrected_by=corrected_by,
        version=request.version + 1,
    )


def correction_of(lines: Iterable[AuditLine], since: datetime) -> str | None:
    """The newest line of a dossier's trail by which its data was put right since an instant; None without one."""
    found = [line for line in lines if line.event in CORRECTIONS and line.at >= since]
    return f"{found[-1].dossier_code}#{found[-1].version}" if found else None


def _require_open(request: DataRequest) -> None:
    if request.state is RequestState.ANSWERED:
        raise _no_transition(request)


def _no_transition(request: DataRequest) -> Conflict:
    message = "Yêu cầu đang ở trạng thái không cho phép thao tác này."
    return Conflict("INVALID_TRANSITION", message, facts={"state": request.state, "version": request.version})
