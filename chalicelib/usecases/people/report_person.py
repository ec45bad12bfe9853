"""What is held about a person, for the answer to that person's own request (domain rule 9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ...domain.access import OFFICERS, Caller, require_role
from ...domain.errors import NotFound
from ...domain.people.data_request import AnswerDue, RequestKind, answer_due
from ...domain.people.participation import ParticipationPeriod, PersonRecord
from ...domain.people.views import Look, Seen
from ...domain.registration.dossier import Dossier
from ...law.duties import duties
from ...storage import keys
from ...storage.items.dossiers import dossier_from, open_dossier
from ...storage.items.people import period_from, person_from
from ...wiring import Wiring
from .log_view import log_view

MOST = 100
"""Dossiers in one report; a person has one or two a year."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is held about a person, as far as it is the caller's to hand out."""

    record: PersonRecord
    periods: tuple[ParticipationPeriod, ...]
    dossiers: tuple[Dossier, ...]
    """Those of the caller's provinces, newest first."""
    elsewhere: int
    """How many more lie with other provinces, whose officers answer for them."""


@dataclass(frozen=True, slots=True)
class PersonReport:
    held: Held
    due: AnswerDue
    received_at: datetime


def report_person(
    personal_id: str, kind: RequestKind, received_at: datetime | None, caller: Caller, reason: str, w: Wiring
) -> PersonReport:
    """Everything about a person that an officer of a province with a dossier of theirs may hand out.

    The look is written into the view log of every dossier shown, before anything is shown.

    Raises:
        Forbidden: no officer.
        NotFound: PERSON_NOT_FOUND, also for a person of other provinces: nobody learns here whom the system knows.
        NotConfigured: a day of asking before the duty began.
        Unavailable: a look could not be written down.
    """
    require_role(caller, *OFFICERS)
    received = received_at or w.clock.now()
    # Known before anything is read: a day without limits shows nothing and leaves no look behind.
    due = _limits(kind, received, w)
    return PersonReport(held_about(w.person(personal_id), caller, reason, w), due, received)


def held_about(person: str, caller: Caller, reason: str, w: Wiring) -> Held:
    """What is held about the person with this keyed hash; each dossier shown gets a line in its view log first. AP88.

    Raises `NotFound` (PERSON_NOT_FOUND), `Unavailable`.
    """
    listed = list(w.table.listed_keys(keys.person_partition(person)))[-MOST:]
    found = w.table.get_many([*listed, keys.person(person)])
    dossiers = [dossier_from(item) for key in reversed(listed) if (item := found.get(key)) is not None]
    shown = tuple(each for each in dossiers if each.province_code in caller.provinces)
    if not shown:
        raise NotFound("PERSON_NOT_FOUND", "Không có người này trong các hồ sơ của tỉnh, thành phố bạn phụ trách.")
    periods = tuple(period_from(person, item) for item in w.table.query(keys.person_partition(person), keys.PERIOD))
    shown = tuple(open_dossier(dossier, w.fields) for dossier in shown)
    for dossier in shown:
        log_view(dossier.code, Look(Seen.PERSON, reason), caller, w)
    return Held(
        record=person_from(person, found.get(keys.person(person))),
        periods=periods,
        dossiers=shown,
        elsewhere=len(dossiers) - len(shown),
    )


def _limits(kind: RequestKind, received: datetime, w: Wiring) -> AnswerDue:
    return answer_due(kind, received, duties().answer_times.on(received.date()).value, w.law.calendar)
