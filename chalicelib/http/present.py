"""From what the use cases know to what the wire shows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic_core import to_json

from chalicelib.domain.amounts import contribution
from chalicelib.domain.amounts.sources import sources_of
from chalicelib.domain.configuration import provinces
from chalicelib.domain.configuration.law import Law
from chalicelib.domain.configuration.procedure import ESCALATION_LEVELS
from chalicelib.domain.covers.cover import Cover, RevocationRequest
from chalicelib.domain.errors import NotConfigured
from chalicelib.domain.events import AuditLine
from chalicelib.domain.months import at_vietnam, instant_text
from chalicelib.domain.oversight.expectation import Expectation, of_view
from chalicelib.domain.people.participation import ParticipationPeriod
from chalicelib.domain.registration import dossier
from chalicelib.domain.registration.step_clock import StepClock
from chalicelib.usecases.course.work_lists import CoverRow, DossierRow
from chalicelib.usecases.covers.cover_link import CoverLink
from chalicelib.usecases.registration.view_dossier import DossierView

from .wire import answers, course, quote, watchdog


def _quote(made: contribution.Quote) -> dict[str, Any]:
    """The members of `quote.Quote`, in its order."""
    return {
        "months": made.months,
        "from_month": str(made.from_month),
        "to_month": str(made.to_month),
        "monthly_contribution": made.monthly_contribution,
        "amount_gross": made.amount_gross,
        "amount_state": made.amount_state,
        "amount_local": made.amount_local,
        "amount_participant": made.amount_participant,
        "rate_r": made.rate_r,
        "due_by": made.due_by.isoformat(),
        "explanation": made.explanation,
        "rules": dict(made.rules),
    }


def explained_quote(made: contribution.Quote, law: Law) -> quote.ExplainedQuote:
    return quote.ExplainedQuote(**_quote(made), sources=quote_sources(made, law))


def quote_sources(made: contribution.Quote, law: Law) -> tuple[quote.RuleSource, ...]:
    """The rows of the law behind a quote, by the tables as they are now; they are not stored with it."""
    return tuple(
        quote.RuleSource(
            table=found.table,
            label=found.label,
            value=found.value,
            effective_from=found.effective_from.isoformat(),
            effective_to=None if found.effective_to is None else found.effective_to.isoformat(),
            source=found.source,
        )
        for found in sources_of(made, law)
    )


def _opened(found: dossier.Dossier, now: datetime) -> dict[str, Any]:
    """The members of `answers.DossierOpened`, in its order."""
    return {
        "dossier_code": found.code,
        "national_code": found.national_code,
        "procedure_code": "602e",
        "state": found.state,
        "national_status": found.state.national_status,
        "version": found.version,
        "quote": _quote(found.quote),
        "payment": {
            "reference": found.code,
            "amount": found.quote.amount_participant,
            "expires_at": instant_text(found.payment_expires_at),
        },
        "due_at": _optional(found.due_at),
        "overdue": found.is_overdue(now),
        "created_at": instant_text(found.created_at),
    }


def opened_dossier(found: dossier.Dossier, now: datetime) -> str:
    """The body of a 201; kept with the idempotency key, so it must be complete before the commit.

    Written past the models, whose checks of what the domain has made cost as much as the calculation itself; tests
    hold it against them.
    """
    return to_json(_opened(found, now)).decode()


def dossier_answer(view: DossierView, law: Law) -> answers.Dossier:
    found = view.dossier
    due = () if found.due is None else found.due.derivation
    return answers.Dossier(
        **_opened(found, view.now),
        sources=quote_sources(found.quote, law),
        due_derivation=tuple(
            answers.DerivationDay(date=day.date.isoformat(), counted=day.counted, why=day.why) for day in due
        ),
        participation=tuple(map(participation_item, view.participation)),
        si_number=found.si_number,
        cover=None if view.cover is None else _cover(view.cover),
        kpi_late=found.kpi_late(view.now),
        supplement=_supplement(found),
        apology=_apology(found),
        refund=_refund(view),
        next_event=_expected(view, law),
        step=_present_step(found, view.now),
        history=tuple(_history(line) for line in view.history if line.status_sequence is not None),
    )


def _supplement(found: dossier.Dossier) -> course.SupplementInfo | None:
    asked = found.open_supplement
    if asked is None:
        return None
    return course.SupplementInfo(
        reason=asked.reason,
        fields=asked.fields,
        requested_at=instant_text(asked.requested_at),
        expires_at=instant_text(asked.expires_at),
    )


def _apology(found: dossier.Dossier) -> course.ApologyInfo | None:
    given = found.apology
    if given is None:
        return None
    return course.ApologyInfo(
        reason=given.reason, issued_at=instant_text(given.issued_at), old_due_at=instant_text(given.old_due_at)
    )


def _refund(view: DossierView) -> course.RefundInfo | None:
    case = view.refund
    if case is None:
        return None
    return course.RefundInfo(
        refund_id=case.refund_id, state=case.state.value, amount=case.amount, opened_at=instant_text(case.opened_at)
    )


def participation_item(period: ParticipationPeriod) -> answers.Participation:
    return answers.Participation(
        from_month=str(period.span.first),
        to_month=str(period.span.last),
        income=period.income,
        amount_gross=period.amount_gross,
        amount_participant=period.amount_participant,
        amount_state=period.amount_state,
        amount_local=period.amount_local,
        status=period.status.value,
        voucher_id=period.voucher_id,
    )


def _cover(cover: Cover) -> answers.DossierCover:
    return answers.DossierCover(
        cover_id=cover.cover_id,
        state=cover.state,
        version=cover.version,
        issued_at=_optional(cover.issued_at),
        ended_at=_optional(cover.ended_at),
    )


def _history(line: AuditLine) -> answers.HistoryEntry:
    return answers.HistoryEntry(
        sequence=line.status_sequence or 0,
        state=dossier.State(line.state),
        national_status=line.national_status,
        at=instant_text(line.at),
        by=line.by.value,
        reason=line.reason,
    )


def cover_decision(cover: Cover) -> str:
    """The body of a decision about a cover; kept with the idempotency key."""
    decided = answers.CoverDecision(
        cover_id=cover.cover_id,
        state=cover.state,
        version=cover.version,
        issued_at=_optional(cover.issued_at),
        ended_at=_optional(cover.ended_at),
        dossier_code=cover.dossier_code,
        revocation=_revocation(cover.revocation),
        replaces=cover.replaces,
        replaced_by=cover.replaced_by,
    )
    return decided.model_dump_json()


def _revocation(asked: RevocationRequest | None) -> answers.Revocation | None:
    if asked is None:
        return None
    return answers.Revocation(requested_by=asked.by, reason=asked.reason, requested_at=instant_text(asked.at))


def cover_link_answer(link: CoverLink) -> answers.CoverLink:
    return answers.CoverLink(url=link.url, sha256=link.sha256, expires_at=instant_text(link.expires_at))


def dossier_item(row: DossierRow) -> answers.DossierItem:
    return answers.DossierItem(
        dossier_code=row.dossier_code,
        state=row.state,
        due_at=_optional(row.due_at),
        overdue=row.overdue,
        province_code=row.province_code,
        full_name=row.full_name,
        version=row.version,
        assignee=row.assignee,
        remaining_working_hours=row.remaining_working_hours,
        escalated=tuple(
            level for level, told in zip(ESCALATION_LEVELS, dossier.ESCALATIONS, strict=True) if told in row.milestones
        ),
        step=None if row.step is None else _step(row.step, late=row.step_late),
        next_event=next_event(row.expected),
    )


def next_event(expected: Expectation | None) -> watchdog.NextEvent | None:
    if expected is None:
        return None
    return watchdog.NextEvent(what=expected.what, by=_optional(expected.by), owner=expected.owner)


def _expected(view: DossierView, law: Law) -> watchdog.NextEvent | None:
    """Null too where a year without a calendar keeps it from being reckoned: the answer has more to tell."""
    rules = law.watch_rules.on(at_vietnam(view.now).date()).value
    try:
        return next_event(of_view(view.dossier, view.cover, view.refund, rules, law.calendar))
    except NotConfigured:
        return None


def _step(step: StepClock, *, late: bool) -> watchdog.StepInfo:
    return watchdog.StepInfo(
        step_code=step.step_code, since=instant_text(step.since), due_at=instant_text(step.due_at), late=late
    )


def _present_step(found: dossier.Dossier, now: datetime) -> watchdog.StepInfo | None:
    if found.step is None or found.state.ended or found.open_supplement is not None:
        return None
    return _step(found.step, late=now > found.step.due_at)


def cover_item(row: CoverRow) -> answers.CoverItem:
    return answers.CoverItem(
        cover_id=row.cover_id,
        dossier_code=row.dossier_code,
        state=row.state,
        created_at=instant_text(row.created_at),
        full_name=row.full_name,
        si_number=row.si_number,
        version=row.version,
    )


def province_item(province: provinces.Province) -> answers.ProvinceItem:
    return answers.ProvinceItem(
        code=province.code,
        name=province.name,
        unit_type=province.unit_type,
        valid_from=province.valid_from.isoformat(),
        valid_to=_optional_day(province.valid_to),
        predecessors=province.predecessors,
    )


def _optional(moment: datetime | None) -> str | None:
    return None if moment is None else instant_text(moment)


def _optional_day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
