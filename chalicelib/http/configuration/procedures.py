"""For publishers: a province's own process and time limits (drafted by one person, published by another).

The use cases are imported when the first such request comes: few do, and every cold start would pay for them.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Blueprint

from chalicelib.domain.errors import NotFound
from chalicelib.domain.months import instant_text
from chalicelib.wiring import wiring

from .. import query
from ..codes import KEY
from ..incoming import Incoming
from ..operations import Reply, operation
from ..wire import procedures as wire
from ..wire.base import Nothing, parse

if TYPE_CHECKING:
    from chalicelib.domain.configuration.procedure import Procedure
    from chalicelib.domain.configuration.province_procedure import ProcedureContent, ProcedureVersion
    from chalicelib.usecases.configuration.preview_procedure import Impact
    from chalicelib.usecases.configuration.publish_procedure import Drafted, ProcedureView

bp = Blueprint(__name__)

PATH: Final = "/v1/officer/provinces/{code}/procedure"
DRAFT_FILTERS: Final = (query.flag("dry_run", "true: chỉ xem trước, không lưu dự thảo."),)
PROVINCE_CODES: Final = ((403, "PROVINCE_NOT_ALLOWED"), (404, "PROVINCE_NOT_FOUND"))
MATCH_CODES: Final = ((412, "VERSION_CONFLICT"), (422, "IF_MATCH_INVALID"))
CONTENT_CODES: Final = (
    (422, "EFFECTIVE_NOT_IN_FUTURE"),
    (422, "PROVINCE_NOT_VALID"),
    (422, "LIMIT_TOO_SHORT"),
    (422, "LIMIT_ABOVE_NATIONAL_MAX"),
    (422, "REMINDER_NOT_BELOW_LIMIT"),
    (422, "STEP_REPEATED"),
    (422, "STEP_LIMIT_TOO_SHORT"),
    (422, "STEP_LIMITS_ABOVE_TOTAL"),
    (422, "STEP_UNREACHABLE"),
    (422, "STEP_SIGNS_MISSING"),
    (422, "STEP_NEEDS_PERSON"),
    (422, "SIGNING_ROLE_INVALID"),
    (422, "PROCEDURE_MAXIMUM_NOT_CONFIGURED"),
)


@operation(bp, "GET", PATH, answer=wire.ProvinceProcedure, answer_headers=("ETag",), codes=PROVINCE_CODES)
def show_procedure(request: Incoming, code: str) -> Reply:
    """Xem quy trình của một tỉnh, thành phố: đang áp dụng, sắp áp dụng, dự thảo và lịch sử.

    `ETag` is the latest version; there is none while the province has drafted nothing.
    """
    from chalicelib.usecases.configuration.publish_procedure import view_procedure

    view = view_procedure(code, request.caller(), wiring())
    return Reply.of(_view(view), headers=_tag(view.latest) if view.latest else {})


@operation(
    bp,
    "PUT",
    PATH,
    answer=wire.ProcedureDrafted,
    body=wire.ProcedureDraft,
    query=DRAFT_FILTERS,
    request_headers=("If-Match",),
    answer_headers=("ETag",),
    codes=(*PROVINCE_CODES, *MATCH_CODES, *CONTENT_CODES, (428, "IF_MATCH_REQUIRED")),
)
def draft_province_procedure(request: Incoming, code: str) -> Reply:
    """Soạn dự thảo quy trình của tỉnh (vai trò publisher); người khác công bố.

    The answer shows the impact: open dossiers, which keep their version, and due dates of new ones. `If-Match` with
    the latest version is required where a draft exists already; the new draft takes its place under the next version.
    """
    from chalicelib.usecases.configuration.publish_procedure import draft_procedure

    body = request.json_object()
    dry_run = bool(query.read_query(request.query(), DRAFT_FILTERS)["dry_run"])
    form = parse(wire.ProcedureDraft, body)
    drafted = draft_procedure(
        code,
        _content(form),
        reason=form.reason,
        if_match=request.optional_if_match(),
        dry_run=dry_run,
        caller=request.caller(),
        w=wiring(),
    )
    headers = {} if drafted.version is None else _tag(drafted.version.version)
    return Reply.of(_drafted(drafted), headers=headers)


@operation(
    bp,
    "POST",
    PATH + "/{version}/publication",
    answer=wire.ProcedureVersion,
    body=Nothing,
    request_headers=("If-Match", "Idempotency-Key"),
    answer_headers=("ETag", "Idempotent-Replayed"),
    codes=(
        *PROVINCE_CODES,
        *MATCH_CODES,
        *KEY,
        *CONTENT_CODES,
        (403, "SECOND_PERSON_REQUIRED"),
        (404, "PROCEDURE_DRAFT_NOT_FOUND"),
        (409, "INVALID_TRANSITION"),
    ),
)
def publish_province_procedure(request: Incoming, code: str, version: str) -> Reply:
    """Công bố bản dự thảo quy trình; người công bố phải khác người soạn.

    Dossiers opened from `effective_from` on start with it; open ones keep the version they started with.
    """
    from chalicelib.usecases.configuration.publish_procedure import publish_procedure

    body = request.optional_json_object()
    parse(Nothing, body)
    answer = publish_procedure(
        code,
        _number(version, "PROCEDURE_DRAFT_NOT_FOUND"),
        if_match=request.optional_if_match(),
        idempotency=request.optional_idempotency(body),
        caller=request.caller(),
        present=lambda published: _version(published).model_dump_json(),
        w=wiring(),
    )
    return Reply.of_answer(answer)


@operation(
    bp,
    "POST",
    PATH + "/{version}/restoration",
    status=201,
    answer=wire.ProcedureDrafted,
    body=wire.ProcedureRestoration,
    request_headers=("If-Match", "Idempotency-Key"),
    answer_headers=("ETag", "Idempotent-Replayed"),
    codes=(
        *PROVINCE_CODES,
        *MATCH_CODES,
        *KEY,
        *CONTENT_CODES,
        (404, "PROCEDURE_VERSION_NOT_FOUND"),
        (428, "IF_MATCH_REQUIRED"),
    ),
)
def restore_province_procedure(request: Incoming, code: str, version: str) -> Reply:
    """Lấy lại nội dung của một phiên bản đã công bố làm bản dự thảo mới; người khác công bố như mọi dự thảo."""
    from chalicelib.usecases.configuration.publish_procedure import restore_procedure

    body = request.json_object()
    form = parse(wire.ProcedureRestoration, body)
    answer = restore_procedure(
        code,
        _number(version, "PROCEDURE_VERSION_NOT_FOUND"),
        effective_from=form.effective_from,
        reason=form.reason,
        if_match=request.optional_if_match(),
        idempotency=request.optional_idempotency(body),
        caller=request.caller(),
        present=lambda drafted: _drafted(drafted).model_dump_json(),
        w=wiring(),
    )
    return Reply.of_answer(answer)


def _number(text: str, code: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise NotFound(code, "Không có phiên bản mang số này.")
    return int(text)


def _tag(version: int) -> dict[str, str]:
    return {"ETag": f'"{version}"'}


def _content(form: wire.ProcedureDraft) -> ProcedureContent:
    from chalicelib.domain.configuration.province_procedure import ProcedureContent
    from chalicelib.domain.configuration.steps import ClockStart, LimitUnit, Step, StepRole

    steps = (
        Step(
            step_code=step.step_code,
            role=StepRole(step.role),
            unit=step.unit,
            limit=step.limit,
            limit_unit=LimitUnit(step.limit_unit),
            needs_two_person=step.needs_two_person,
            can_request_supplement=step.can_request_supplement,
            signs=step.signs,
        )
        for step in form.steps
    )
    return ProcedureContent(
        effective_from=form.effective_from,
        source=form.source,
        limit_working_days=form.limit_working_days,
        reminder_working_days=form.reminder_working_days,
        automatic_issue=form.automatic_issue,
        steps=tuple(steps),
        clock_start=ClockStart(form.clock_start),
        auto_accept=form.auto_accept,
    )


def _told(content: ProcedureContent | Procedure) -> dict[str, Any]:
    """What a version and the procedure in force have in common, as plain JSON."""
    from dataclasses import asdict

    return {
        "effective_from": content.effective_from.isoformat(),
        "source": content.source,
        "limit_working_days": content.limit_working_days,
        "reminder_working_days": content.reminder_working_days,
        "automatic_issue": content.automatic_issue,
        "clock_start": content.clock_start.value,
        "auto_accept": content.auto_accept,
        "steps": tuple(
            {**asdict(step), "role": step.role.value, "limit_unit": step.limit_unit.value} for step in content.steps
        ),
    }


def _version(version: ProcedureVersion, draft: int | None = None) -> wire.ProcedureVersion:
    """`draft` is the version that is the province's draft."""
    state = version.state.value
    if version.published_at is None and version.version != draft:
        state = "REPLACED"
    return wire.ProcedureVersion.model_validate(
        {
            "version": version.version,
            "state": state,
            "restores": version.restores,
            **_told(version.content),
            "reason": version.reason,
            "drafted_by": version.drafted_by,
            "drafted_at": instant_text(version.drafted_at),
            "published_by": version.published_by,
            "published_at": _instant(version.published_at),
        }
    )


def _view(view: ProcedureView) -> wire.ProvinceProcedure:
    draft = None if view.draft is None else view.draft.version
    payment_hours = view.procedure.payment_hours
    in_force = {"version": view.in_force, "payment_hours": payment_hours, **_told(view.procedure)}
    return wire.ProvinceProcedure(
        province_code=view.province,
        latest_version=view.latest,
        in_force=wire.ProcedureInForce.model_validate(in_force),
        upcoming=tuple(map(_version, view.upcoming)),
        draft=None if view.draft is None else _version(view.draft, draft),
        versions=tuple(_version(each, draft) for each in view.versions),
    )


def _drafted(drafted: Drafted) -> wire.ProcedureDrafted:
    version = drafted.version
    draft = None if version is None else _version(version, version.version)
    return wire.ProcedureDrafted(draft=draft, impact=_impact(drafted.impact))


def _impact(impact: Impact) -> wire.ProcedureImpact:
    return wire.ProcedureImpact(
        open_dossiers=sum(each.dossiers for each in impact.open_dossiers),
        open_due=tuple(
            wire.OpenDossiers(due_on=None if each.due_on is None else each.due_on.isoformat(), dossiers=each.dossiers)
            for each in impact.open_dossiers
        ),
        new_dossiers=tuple(
            wire.NewDossier(
                received_at=instant_text(each.received_at),
                due_before=_instant(each.before),
                due_after=_instant(each.after),
            )
            for each in impact.new_dossiers
        ),
    )


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else instant_text(moment)
