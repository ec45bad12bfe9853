"""A citizen's declaration becomes a dossier with the amount to pay: checked, numbered, committed at once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ...domain.access import Caller, Role, require_role
from ...domain.amounts.contribution import Quote
from ...domain.configuration.procedure import Procedure
from ...domain.errors import Conflict, Fault, Rejected, Unavailable, storage_busy
from ...domain.events import Act, By
from ...domain.months import MonthSpan
from ...domain.oversight.canary import law_for, require_own_person
from ...domain.people.participation import PersonRecord
from ...domain.registration.declaration import Declaration, DeclarationDraft, assess, person_identifiable
from ...domain.registration.dossier import Dossier
from ...domain.registration.dossier import open_dossier as opened
from ...domain.registration.identifiers import dossier_code, is_si_number
from ...storage import keys
from ...storage.items.people import person_from
from ...storage.table import Stored
from ...storage.transaction import Refused, Transaction, met_others
from ...storage.writes import write_opened, write_person
from ...wiring import Wiring
from ..answers import Answer, Idempotency, kept, replay

ROUNDS = 12
"""How often a declaration that lost a race is tried again; each round starts from what stands there."""

TAKEN_WITH_NUMBER = frozenset({"counter", "dossier", "audit"})
"""What stands in the way when somebody else took the number: the counter, and the dossier of that code."""

NUMBERS, PAUSE_SECONDS = 200, 0.01
"""How many numbers of the day a declaration may see taken before its own, and the jitter between two tries."""

CROWDS = 10
"""How often a declaration that always met others at its province's counter begins again (each time four tries, a
quarter of a second): in a rush it waits for its number, a few seconds at most, and sends no citizen away."""

CREATED = 201


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one batch of reads told."""

    person: PersonRecord
    national_code: str | None
    declaration: Declaration
    quote: Quote
    procedure: Procedure


def open_dossier(
    draft: DeclarationDraft,
    *,
    wire_faults: Sequence[Fault],
    unreadable: frozenset[str],
    idempotency: Idempotency,
    caller: Caller,
    present: Callable[[Dossier, datetime], str],
    w: Wiring,
) -> Answer:
    """Open a dossier for a declaration. AP3.

    `wire_faults` and `unreadable` are what the door found wrong already; they are told together with
    every fault of the content. `present` gives the JSON of the answer, which is kept with the
    dossier, so that the same key gets the same answer.

    Raises:
        Forbidden: not a portal client; the canary with a person who is not its own, or somebody else with that one.
        Rejected: every fault at once.
        Conflict: IDEMPOTENCY_KEY_REUSED; DUPLICATE_DOSSIER naming the open dossier.
        NotConfigured: a table of the law has no row for this day.
        Unavailable: a register or the table can't be reached.
    """
    require_role(caller, Role.PORTAL)
    now = w.clock.now()
    key = keys.idempotency(caller.audience, idempotency.key)
    for _ in range(ROUNDS):
        person = w.person(draft.personal_id) if person_identifiable(draft, unreadable) and draft.personal_id else None
        require_own_person(caller, person)
        counter_key = keys.counter(_province(draft), now.date())
        wanted = [key, counter_key, keys.RULES_HEAD, keys.procedures(_province(draft))]
        if person is not None:
            wanted += [keys.person(person), *w.registers.keys(person)]
            if draft.si_number is not None and is_si_number(draft.si_number):
                wanted.append(keys.si_number(draft.si_number))
        read = w.table.get_many(wanted)
        w.lawbook.see(read.get(keys.RULES_HEAD))
        before = replay(idempotency, read.get(key))
        if before is not None:
            return before
        facts = _examined(draft, wire_faults, unreadable, person, read, now, caller, w)
        try:
            return _numbered(facts, read.get(counter_key), now, idempotency, caller, present, w)
        except Refused as lost:
            before = replay(idempotency, lost.found.get("idempotency"))
            if before is not None:
                return before
    raise storage_busy()


def _province(draft: DeclarationDraft) -> str:
    address = draft.permanent_address
    return address.province_code if address is not None and address.province_code else "00"


def _count(counted: Stored | None) -> int:
    value = 0 if counted is None else counted["number"]
    if not isinstance(value, int):
        raise TypeError("a counter holds no number")
    return value


def _examined(
    draft: DeclarationDraft,
    wire_faults: Sequence[Fault],
    unreadable: frozenset[str],
    person: str | None,
    read: dict[keys.Key, Stored],
    now: datetime,
    caller: Caller,
    w: Wiring,
) -> _Facts:
    """The checked declaration with its quote, or every fault at once."""
    evidence, record, law = None, PersonRecord(""), law_for(caller, w.law)
    if person is not None and draft.personal_id is not None:
        evidence = w.registers_for(caller).evidence(person, draft.personal_id, read)
        record = person_from(person, read.get(keys.person(person)))
    history = record.history
    if person is not None and draft.si_number is not None:
        claimed = read.get(keys.si_number(draft.si_number))
        history = replace(history, number_of_another=claimed is not None and claimed["person"] != person)
    found = assess(draft, unreadable=unreadable, now=now, law=law, evidence=evidence, history=history)
    if found.quote is not None:
        _refuse_duplicate(record, MonthSpan(found.quote.from_month, found.quote.to_month), found.faults, wire_faults)
    faults = (*found.faults, *wire_faults)
    if faults or found.declaration is None or found.quote is None:
        raise Rejected(faults)
    province = found.declaration.permanent_address.province_code
    procedure = w.procedures.in_force(read.get(keys.procedures(province)), province, now.date(), law)
    return _Facts(record, draft.national_code, found.declaration, found.quote, procedure)


def _refuse_duplicate(
    record: PersonRecord, span: MonthSpan, faults: Sequence[Fault], wire_faults: Sequence[Fault]
) -> None:
    """One open dossier per person and month; said instead of the overlap that it causes."""
    other = record.open_dossier_over(span)
    if other is None or wire_faults or any(fault.code not in {"OVERLAP", "GAP"} for fault in faults):
        return
    raise Conflict(
        "DUPLICATE_DOSSIER",
        f"Người này đã có hồ sơ {other} đang mở cho các tháng này.",
        facts={"dossier_code": other},
    )


def _numbered(
    facts: _Facts,
    counted: Stored | None,
    now: datetime,
    idempotency: Idempotency,
    caller: Caller,
    present: Callable[[Dossier, datetime], str],
    w: Wiring,
) -> Answer:
    """Commit under the day's next number; where that alone was taken meanwhile, under the one after. AP3.

    The refusal tells the counter as it stands, so the loser of a race tries again at once, sooner than whoever has
    to read first: nobody starves. A transaction that only met others at the counter tells nothing: it is read anew.
    Raises `Refused` when anything else has changed, `Unavailable` after many numbers or crowds.
    """
    crowds = 0
    for _ in range(NUMBERS):
        try:
            return _commit(facts, _count(counted) + 1, counted, now, idempotency, caller, present, w)
        except Refused as lost:
            if "counter" not in lost.found or not lost.found.keys() <= TAKEN_WITH_NUMBER:
                raise
            counted = lost.found["counter"]
        except Unavailable as busy:
            crowds += 1
            if crowds == CROWDS or not met_others(busy):
                raise
            counted = w.table.get(keys.counter(facts.declaration.permanent_address.province_code, now.date()))
        time.sleep(random.uniform(0, PAUSE_SECONDS))  # noqa: S311 -- jitter, not a secret
    raise storage_busy()


def _commit(
    facts: _Facts,
    number: int,
    counted: Stored | None,
    now: datetime,
    idempotency: Idempotency,
    caller: Caller,
    present: Callable[[Dossier, datetime], str],
    w: Wiring,
) -> Answer:
    province = facts.declaration.permanent_address.province_code
    change = opened(
        code=dossier_code(w.law.unit_code.on(now.date()).value, province, now.date(), number),
        national_code=facts.national_code,
        client_id=caller.audience,
        person=facts.person.person,
        declaration=facts.declaration,
        quote=facts.quote,
        procedure=facts.procedure,
        act=Act(now, By.PORTAL, caller.sub),
    )
    dossier = change.dossier
    answer = Answer(CREATED, present(dossier, now), replayed=False, version=dossier.version)
    transaction = Transaction()
    transaction.put_new(
        "idempotency",
        keys.idempotency(caller.audience, idempotency.key),
        kept(idempotency, answer),
        or_expired_at=int(time.time()),
    )
    write_opened(transaction, change, w.fields)
    write_person(transaction, facts.person.with_open(dossier.code, dossier.span))
    counter_key = keys.counter(province, now.date())
    if counted is None:
        transaction.put_new("counter", counter_key, {"number": number})
    else:
        transaction.put_over("counter", counter_key, {"number": number}, attribute="number", expected=counted["number"])
    transaction.commit(w.table)
    return answer
