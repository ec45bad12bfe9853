"""A completed dossier: its paper is handed over, or it is taken up again after a reversal (domain rule 5.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ..covers.cover import CoverState
from ..errors import Conflict, Forbidden
from ..events import Act, Event
from ..registration.dossier import Dossier, Reopening, State, unchanged
from .lifecycle import Decision, Situation, new_generation
from .payment import unpaid_again


def deliver(dossier: Dossier, *, how: str, act: Act) -> Decision:
    """The paper cover has been handed over; `how`, in Vietnamese, is told to the citizen.

    Raises `Conflict` (INVALID_TRANSITION; PAYMENT_REVERSED where accounting has taken the payment back).
    """
    if dossier.payment_reversed_at is not None:
        raise _conflict("PAYMENT_REVERSED", "Chứng từ đóng của hồ sơ đã bị hủy, không trả kết quả được.", dossier)
    return Decision(unchanged(dossier).then(Event.RESULT_RETURNED, act, to=State.RESULT_RETURNED, reason=how))


def request_reopening(found: Situation, *, reason: str, act: Act) -> Decision:
    """The first of two persons asks to take a completed dossier up again, after its payment was reversed.

    Raises `Conflict`: INVALID_TRANSITION, PAYMENT_NOT_REVERSED, COVER_STILL_VALID, REOPENING_REQUESTED_ALREADY.
    """
    dossier = found.dossier
    _require_reopenable(found)
    if dossier.reopening is not None:
        raise _conflict("REOPENING_REQUESTED_ALREADY", "Đã có đề nghị mở lại hồ sơ này, chờ người thứ hai.", dossier)
    asked = replace(dossier, reopening=Reopening(by=act.actor, reason=reason, at=act.at))
    return Decision(unchanged(asked).then(Event.REOPENING_REQUESTED, act, reason=reason))


def approve_reopening(found: Situation, *, until: datetime, act: Act) -> Decision:
    """The second person agrees: the dossier is in process again, and waits for another payment `until` then.

    Raises `Conflict` as `request_reopening` and REOPENING_NOT_REQUESTED; `Forbidden` (SECOND_PERSON_REQUIRED).
    """
    dossier = found.dossier
    _require_reopenable(found)
    asked = dossier.reopening
    if asked is None:
        raise _conflict("REOPENING_NOT_REQUESTED", "Chưa có đề nghị mở lại hồ sơ này.", dossier)
    if asked.by == act.actor:
        raise Forbidden("SECOND_PERSON_REQUIRED", "Người duyệt mở lại phải khác người đề nghị.")
    again = unchanged(unpaid_again(replace(dossier, reopening=None), until))
    return Decision(
        new_generation(again.then(Event.DOSSIER_REOPENED, act, to=State.IN_PROCESS, reason=asked.reason), act)
    )


def _require_reopenable(found: Situation) -> None:
    dossier, cover = found.dossier, found.cover
    if dossier.state is not State.COMPLETED:
        message = f"Hồ sơ đang ở trạng thái {dossier.state}, không mở lại được."
        raise _conflict("INVALID_TRANSITION", message, dossier)
    if dossier.payment_reversed_at is None:
        raise _conflict("PAYMENT_NOT_REVERSED", "Chỉ mở lại hồ sơ khi chứng từ đóng đã bị hủy.", dossier)
    if cover is not None and cover.state in {CoverState.SIGNED, CoverState.ISSUED}:
        raise _conflict("COVER_STILL_VALID", "Tờ bìa còn hiệu lực: phải thu hồi trước khi mở lại hồ sơ.", dossier)


def _conflict(code: str, message: str, dossier: Dossier) -> Conflict:
    return Conflict(code, message, facts={"state": dossier.state, "version": dossier.version})
