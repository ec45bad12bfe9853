"""For the answer to a person who asks what is held about them: by number in the body, never in an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.domain.months import instant_text
from chalicelib.wiring import wiring

from . import present
from .incoming import Incoming
from .operations import Reply, operation
from .wire import people as wire
from .wire.base import parse

if TYPE_CHECKING:
    from chalicelib.domain.address import Address
    from chalicelib.domain.dossier import Dossier

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
    from chalicelib.usecases.report_person import report_person

    form = parse(wire.PersonReportRequest, request.json_object())
    found = report_person(form.personal_id, form.kind, form.received_at, request.caller(), form.reason, wiring())
    return Reply.of(
        wire.PersonReport(
            kind=form.kind,
            received_at=instant_text(found.received_at),
            due=wire.AnswerLimits(
                first_answer_by=instant_text(found.due.first),
                final_answer_by=instant_text(found.due.final),
                extended_until=instant_text(found.due.extended),
            ),
            si_number=found.record.si_number,
            supported_months=found.record.supported_months,
            participation=tuple(map(present.participation_item, found.periods)),
            dossiers=tuple(map(_held, found.dossiers)),
            dossiers_elsewhere=found.elsewhere,
        )
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
