"""For the answer to a person who asks what is held about them: by number in the body, never in an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.domain.months import instant_text
from chalicelib.wiring import wiring

from .. import present
from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import people as wire
from ..wire.base import parse

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.domain.people.address import Address
    from chalicelib.domain.people.data_request import AnswerDue, RequestKind
    from chalicelib.domain.registration.dossier import Dossier
    from chalicelib.usecases.people.report_person import Held

bp = Blueprint(__name__)


@operation(
    bp,
    "POST",
    "/v1/officer/people/report",
    answer=wire.PersonReport,
    body=wire.PersonReportRequest,
    codes=((404, "PERSON_NOT_FOUND"), (422, "ANSWER_TIMES_NOT_CONFIGURED"), (422, "CALENDAR_NOT_CONFIGURED")),
)
def report_about_person(request: Incoming) -> Reply:
    """Dữ liệu đang lưu về một người, để trả lời yêu cầu của chính người đó, cùng thời hạn trả lời.

    It reads only; a POST because the number may stand in no address. The look is written into the view log of every
    dossier shown, with the reason, and the citizen reads it. Corrections go through the dossier (supplement request);
    who has seen a dossier is at `views`.
    """
    from chalicelib.usecases.people.report_person import report_person

    form = parse(wire.PersonReportRequest, request.json_object())
    found = report_person(form.personal_id, form.kind, form.received_at, request.caller(), form.reason, wiring())
    return Reply.of(told_about(form.kind, found.received_at, found.due, found.held))


def told_about(kind: RequestKind, received_at: datetime, due: AnswerDue, held: Held) -> wire.PersonReport:
    """The report as it goes out."""
    return wire.PersonReport(
        kind=kind,
        received_at=instant_text(received_at),
        due=wire.AnswerLimits(
            first_answer_by=instant_text(due.first),
            final_answer_by=instant_text(due.final),
            extended_until=instant_text(due.extended),
        ),
        si_number=held.record.si_number,
        supported_months=held.record.supported_months,
        participation=tuple(map(present.participation_item, held.periods)),
        dossiers=tuple(map(_held, held.dossiers)),
        dossiers_elsewhere=held.elsewhere,
    )


def _held(dossier: Dossier) -> wire.HeldDossier:
    declared = dossier.declaration
    return wire.HeldDossier(
        dossier_code=dossier.code,
        province_code=dossier.province_code,
        state=dossier.state,
        created_at=instant_text(dossier.created_at),
        full_name=declared.full_name,
        birth_date=str(declared.birth_date),
        gender=declared.gender,
        nationality=declared.nationality,
        phone=declared.phone,
        email=declared.email,
        address=_line(declared.permanent_address),
        views=f"/v1/dossiers/{dossier.code}/views",
    )


def _line(address: Address) -> str:
    parts = (address.house_street, address.commune_code, address.district_code, address.province_code)
    return ", ".join(part for part in parts if part)
