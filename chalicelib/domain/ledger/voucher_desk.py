"""What people settle about a voucher or a quarantined message: which actions there are, who may take them, their trail.

Above an amount, and for money that is on record, two persons are needed: the first proposes, the second approves.
A proposal holds for the voucher as it stood: whatever happens to it meanwhile, the proposal lapses.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ..errors import Conflict, Fault, Forbidden, Rejected
from ..events import GENESIS, Act, AuditLine, By, Event, trail_line


class Action(StrEnum):
    """What a person may do."""

    LINK = "LINK"
    """The voucher belongs to this dossier, whatever it names itself."""
    UNLINK = "UNLINK"
    """It belongs to no dossier; it is not matched automatically any more."""
    ACCEPT = "ACCEPT"
    """Its money counts for its dossier although it does not fit."""
    REFUND = "REFUND"
    """Its money goes back."""
    RETRY = "RETRY"
    """A quarantined message is read again by today's rules."""
    DISCARD = "DISCARD"
    """A quarantined message is done with: accounting has put it right otherwise."""


class Waiting(StrEnum):
    """What the list of the desk may be narrowed to."""

    HELD = "HELD"
    PARKED = "PARKED"
    QUARANTINED = "QUARANTINED"


class AwaitedOfVoucher(StrEnum):
    """What is expected to happen to a voucher that waits."""

    DOSSIER = "DOSSIER"
    """Its dossier comes; after the date an alarm tells that it did not."""
    TOP_UP = "TOP_UP"
    """The missing money comes; after the date what is there goes back."""
    APPROVAL = "APPROVAL"
    """A second person approves what the first one proposed."""
    DECISION = "DECISION"
    """An officer decides."""
    ACCOUNTING = "ACCOUNTING"
    """Accounting sends another version."""


NOT_ACCEPTABLE = frozenset({"UNDERPAID", "DOUBLE_PAYMENT", "DOSSIER_CLOSED"})
"""Reasons to hold money that nobody can overrule: months are never cut, nothing is paid twice, no end is undone."""

NOT_OURS = frozenset({"ORIGINAL_MISSING", "REFUND_MISMATCH"})
"""Only accounting can put these right, with another version."""


MESSAGE_PREFIX = "quarantined-"
"""How people address a quarantined message, before its digest: longer than any voucher's own id."""

_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_ENCODED = "~"


def address_of(voucher_id: str) -> str:
    """How people address a voucher in a URL: by its id where that needs no escaping, else by `~` and its base64url."""
    if _PLAIN.fullmatch(voucher_id) is not None and not voucher_id.startswith(MESSAGE_PREFIX):
        return voucher_id
    return _ENCODED + base64.urlsafe_b64encode(voucher_id.encode()).decode().rstrip("=")


def voucher_at(address: str) -> str:
    """The voucher's id behind an address; what was not made by `address_of` is taken for an id as it is."""
    if not address.startswith(_ENCODED):
        return address
    encoded = address.removeprefix(_ENCODED)
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return address


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody wants done. `dossier_code` goes with LINK only."""

    action: Action
    reason: str
    dossier_code: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """The first person's decision, which waits for a second one."""

    decision: Decision
    by: str
    at: datetime
    revision: int
    """The revision of the voucher that it is about."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies beside a voucher or message on the desk: the head of its trail, and a proposal that waits."""

    lines: int = 0
    """Audit lines so far."""
    last_hash: str = GENESIS
    proposal: Proposal | None = None

    def standing(self, revision: int) -> Proposal | None:
        """The proposal, unless the voucher has changed since it was made."""
        return self.proposal if self.proposal is not None and self.proposal.revision == revision else None


@dataclass(frozen=True, slots=True)
class Subject:
    """A voucher or message as people decide about it."""

    id: str
    """How it is addressed."""
    province_code: str
    state: str
    reason: str | None
    amount: int
    """VND; 0 where a message names none."""
    revision: int
    version: int
    """The version that brings the money; 0 for a message, and for a voucher that none has brought yet."""
    desk: Desk
    in_account: bool = False
    """A dossier holds it."""
    is_message: bool = False
    whole: bool = True
    """Of a message: it was kept whole, so that it can be read again."""


def actions(subject: Subject) -> tuple[Action, ...]:
    """What may be done now, in the order in which people think of it."""
    if subject.is_message:
        if subject.state != "QUARANTINED":
            return ()
        return (Action.RETRY, Action.DISCARD) if subject.whole else (Action.DISCARD,)
    if not subject.version or subject.reason in NOT_OURS:
        return ()
    if subject.state == "APPLIED":
        return (Action.UNLINK,)
    if subject.state not in {"HELD", "PARKED"}:
        return ()
    accept = (Action.ACCEPT,) if subject.in_account and subject.reason not in NOT_ACCEPTABLE else ()
    unlink = () if subject.reason == "UNLINKED" else (Action.UNLINK,)
    return *accept, Action.LINK, Action.REFUND, *unlink


def two_persons(subject: Subject, decision: Decision, limit: int) -> bool:
    """Whether a second person must approve: above `limit` (VND), and always for money that is on record.

    Reading a message again decides nothing by itself.
    """
    if decision.action is Action.RETRY:
        return False
    return subject.amount > limit or subject.state == "APPLIED"


def two_persons_for(subject: Subject, limit: int) -> bool:
    """Whether what is to be settled about it takes a second person, reading it again apart."""
    return bool(actions(subject)) and two_persons(subject, Decision(Action.UNLINK, ""), limit)


def check(subject: Subject, decision: Decision) -> None:
    """Whether a decision can be taken now.

    Raises:
        Rejected: REQUIRED or INVALID_VALUE for a dossier code that is missing, or has no place.
        Conflict: INVALID_TRANSITION, the voucher or message is settled, or is none for which this is a way.
    """
    if decision.action is Action.LINK and decision.dossier_code is None:
        raise Rejected([Fault("dossier_code", "REQUIRED", "Gắn chứng từ với hồ sơ phải có mã hồ sơ.")])
    if decision.action is not Action.LINK and decision.dossier_code is not None:
        raise Rejected([Fault("dossier_code", "INVALID_VALUE", "Mã hồ sơ chỉ dùng khi gắn chứng từ với hồ sơ.")])
    if decision.action not in actions(subject):
        message = "Chứng từ đã được xử lý, hoặc không thể xử lý theo cách này ở trạng thái hiện tại."
        raise Conflict("INVALID_TRANSITION", message, facts={"state": subject.state, "version": subject.revision})


def proposed(subject: Subject, decision: Decision, *, by: str, at: datetime) -> tuple[Desk, AuditLine]:
    """A first person's decision: it waits, under the next revision. A proposal before it is replaced."""
    check(subject, decision)
    revision = subject.revision + 1
    desk = replace(subject.desk, proposal=Proposal(decision, by, at, revision))
    return _with_line(desk, subject, decision, Event.VOUCHER_RESOLUTION_PROPOSED, by=by, at=at, state=subject.state)


def approved(subject: Subject, *, by: str) -> Proposal:
    """The proposal that a second person approves.

    Raises:
        Conflict: RESOLUTION_NOT_PROPOSED; INVALID_TRANSITION, it has no way any more.
        Forbidden: SECOND_PERSON_REQUIRED, who proposed it does not approve it.
    """
    proposal = subject.desk.standing(subject.revision)
    if proposal is None:
        raise Conflict(
            "RESOLUTION_NOT_PROPOSED", "Không có đề nghị xử lý nào đang chờ duyệt, hoặc chứng từ đã thay đổi."
        )
    if proposal.by == by:
        raise Forbidden("SECOND_PERSON_REQUIRED", "Người đề nghị không được tự duyệt; cần người thứ hai.")
    check(subject, proposal.decision)
    return proposal


def resolved(subject: Subject, decision: Decision, *, state: str, by: str, at: datetime) -> tuple[Desk, AuditLine]:
    """A decision that takes effect; `state` is where the voucher or message stands after it."""
    desk = replace(subject.desk, proposal=None)
    return _with_line(desk, subject, decision, Event.VOUCHER_RESOLVED, by=by, at=at, state=state)


def _with_line(
    desk: Desk, subject: Subject, decision: Decision, event: Event, *, by: str, at: datetime, state: str
) -> tuple[Desk, AuditLine]:
    """The next line of the trail. `subject` of the line is the action, with the dossier that it names."""
    line = trail_line(
        f"voucher-{subject.id}",
        desk.lines + 1,
        event,
        Act(at, By.OFFICER, by),
        state=state,
        previous_hash=desk.last_hash,
        province_code=subject.province_code,
        reason=decision.reason,
        subject="#".join(filter(None, (decision.action.value, decision.dossier_code))),
    )
    return replace(desk, lines=line.version, last_hash=line.hash), line
