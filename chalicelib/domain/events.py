"""The audit trail: one hash-chained line per decision, which is also the event that others react to.

A line's key is the dossier's version, so two winners of one version are impossible and the trail
has no gap. Each line carries the hash of the line before it: an edit or a removal breaks the chain.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .copies import replace
from .months import instant_text

GENESIS = "0" * 64
"""What the first line of a chain names as the hash before it."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_EVENT_IDS = uuid.UUID("6d3c1b0e-602e-4116-9c19-012023000000")


class Event(StrEnum):
    """What happened, in the words of the field."""

    DOSSIER_OPENED = "DOSSIER_OPENED"
    VOUCHER_RECORDED = "VOUCHER_RECORDED"
    PAYMENT_HELD = "PAYMENT_HELD"
    PAYMENT_CHANGED = "PAYMENT_CHANGED"
    PAYMENT_REVERSED = "PAYMENT_REVERSED"
    PARTICIPATION_SHORTENED = "PARTICIPATION_SHORTENED"
    PROCESSING_STARTED = "PROCESSING_STARTED"
    COVER_CREATED = "COVER_CREATED"
    PARTICIPATION_COMPLETED = "PARTICIPATION_COMPLETED"
    COVER_PROPOSED = "COVER_PROPOSED"
    COVER_CHECKED = "COVER_CHECKED"
    COVER_SIGNED = "COVER_SIGNED"
    COVER_ISSUED = "COVER_ISSUED"
    RESULT_RETURNED = "RESULT_RETURNED"
    DOSSIER_ACCEPTED = "DOSSIER_ACCEPTED"
    STEP_COMPLETED = "STEP_COMPLETED"
    STEP_OVERDUE = "STEP_OVERDUE"
    REOPENING_REQUESTED = "REOPENING_REQUESTED"
    DOSSIER_REOPENED = "DOSSIER_REOPENED"
    PAYMENT_EXPIRED = "PAYMENT_EXPIRED"
    SUPPLEMENT_REQUESTED = "SUPPLEMENT_REQUESTED"
    SUPPLEMENT_SUPPLIED = "SUPPLEMENT_SUPPLIED"
    SUPPLEMENT_TIMED_OUT = "SUPPLEMENT_TIMED_OUT"
    DOSSIER_WITHDRAWN = "DOSSIER_WITHDRAWN"
    DOSSIER_REFUSED = "DOSSIER_REFUSED"
    DOSSIER_STOPPED = "DOSSIER_STOPPED"
    COVER_REVOCATION_REQUESTED = "COVER_REVOCATION_REQUESTED"
    COVER_REVOCATION_WITHDRAWN = "COVER_REVOCATION_WITHDRAWN"
    COVER_REVOKED = "COVER_REVOKED"
    COVER_REISSUE_REQUESTED = "COVER_REISSUE_REQUESTED"
    COVER_REPLACED = "COVER_REPLACED"
    REFUND_CASE_OPENED = "REFUND_CASE_OPENED"
    REFUND_CASE_CLOSED = "REFUND_CASE_CLOSED"
    APOLOGY_ISSUED = "APOLOGY_ISSUED"
    DOSSIER_ASSIGNED = "DOSSIER_ASSIGNED"
    DUE_RECOMPUTED = "DUE_RECOMPUTED"
    OFFICER_REMINDED = "OFFICER_REMINDED"
    APOLOGY_DUE = "APOLOGY_DUE"
    OVERDUE_MARKED = "OVERDUE_MARKED"
    OVERDUE_ESCALATED = "OVERDUE_ESCALATED"
    DEADLINES_RESET = "DEADLINES_RESET"
    CLOCK_SET = "CLOCK_SET"
    RULES_DRAFTED = "RULES_DRAFTED"
    RULES_PUBLISHED = "RULES_PUBLISHED"
    PROCEDURE_DRAFTED = "PROCEDURE_DRAFTED"
    PROCEDURE_PUBLISHED = "PROCEDURE_PUBLISHED"
    RECONCILIATION_SIGNED_OFF = "RECONCILIATION_SIGNED_OFF"
    VOUCHER_RESOLUTION_PROPOSED = "VOUCHER_RESOLUTION_PROPOSED"
    VOUCHER_RESOLVED = "VOUCHER_RESOLVED"
    DATA_REQUEST_RECORDED = "DATA_REQUEST_RECORDED"
    DATA_REQUEST_ACKNOWLEDGED = "DATA_REQUEST_ACKNOWLEDGED"
    DATA_REQUEST_EXTENDED = "DATA_REQUEST_EXTENDED"
    DATA_REQUEST_REPORTED = "DATA_REQUEST_REPORTED"
    DATA_REQUEST_ANSWERED = "DATA_REQUEST_ANSWERED"


class By(StrEnum):
    """Which kind of actor caused an event; shown to the citizen, so never a person's name."""

    PORTAL = "portal"
    ACCOUNTING = "accounting"
    OFFICER = "officer"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, and when (business time). `actor` is the token's `sub` or a system's name."""

    at: datetime
    by: By
    actor: str


@dataclass(frozen=True)
class AuditLine:
    """One decision about one dossier. Holds nothing personal.

    `status_sequence` counts state changes only (None for a line without one): it is the `sequence`
    that the portal sees, without gaps.
    """

    dossier_code: str
    national_code: str | None
    province_code: str
    version: int
    event: Event
    state: str
    national_status: int
    status_sequence: int | None
    at: datetime
    by: By
    actor: str
    reason: str | None
    subject: str | None
    """The cover or voucher that the line is about."""
    due_at: datetime | None
    previous_hash: str
    hash: str = ""

    @property
    def event_id(self) -> str:
        """The same uuid at every delivery of this line."""
        return str(uuid.uuid5(_EVENT_IDS, f"{self.dossier_code}#{self.version}"))

    def digest(self) -> str:
        """SHA-256 (hex) over every field but the hash itself, in a fixed order."""
        content = [
            self.dossier_code,
            self.national_code,
            self.province_code,
            self.version,
            self.event,
            self.state,
            self.national_status,
            self.status_sequence,
            instant_text(self.at),
            self.by,
            self.actor,
            self.reason,
            self.subject,
            None if self.due_at is None else instant_text(self.due_at),
            self.previous_hash,
        ]
        return hashlib.sha256(_ENCODER.encode(content).encode()).hexdigest()

    def sealed(self) -> AuditLine:
        """This line with its hash filled in."""
        return replace(self, hash=self.digest())


def first_broken_line(lines: Iterable[AuditLine], last_hash: str) -> int | None:
    """The version of the first line that was altered, removed or put in; None for a whole chain.

    `last_hash` is what the dossier itself names as its last line: without it, lines cut off the end would not show.
    """
    previous, expected = GENESIS, 1
    for line in lines:
        if line.version != expected or line.previous_hash != previous or line.hash != line.digest():
            return expected
        previous, expected = line.hash, expected + 1
    return None if previous == last_hash else expected


def trail_line(
    trail: str,
    version: int,
    event: Event,
    act: Act,
    *,
    state: str,
    previous_hash: str,
    province_code: str = "00",
    reason: str | None = None,
    subject: str | None = None,
    due_at: datetime | None = None,
) -> AuditLine:
    """The next line of a trail that is no dossier's: no portal hears of it. `trail` stands in a dossier's place."""
    return AuditLine(
        dossier_code=trail,
        national_code=None,
        province_code=province_code,
        version=version,
        event=event,
        state=state,
        national_status=0,
        status_sequence=None,
        at=act.at,
        by=act.by,
        actor=act.actor,
        reason=reason,
        subject=subject,
        due_at=due_at,
        previous_hash=previous_hash,
    ).sealed()


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """`dossier-status`: what the portal hears of a state change (contract 2)."""

    event_id: str
    sequence: int
    dossier_code: str
    national_code: str | None
    state: str
    national_status: int
    occurred_at: str
    due_at: str | None
    reason: str | None

    @classmethod
    def of(cls, line: AuditLine) -> StatusMessage | None:
        """The message for a line, None where the line changes no state."""
        if line.status_sequence is None:
            return None
        return cls(
            event_id=line.event_id,
            sequence=line.status_sequence,
            dossier_code=line.dossier_code,
            national_code=line.national_code,
            state=line.state,
            national_status=line.national_status,
            occurred_at=instant_text(line.at),
            due_at=None if line.due_at is None else instant_text(line.due_at),
            reason=line.reason,
        )
