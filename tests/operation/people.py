"""The people of a rehearsal: what becomes of each, and what must have become of each in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.local.outside import person

Json = dict[str, Any]

KIOSK = "kiosk"
"""A second portal, which takes its messages at an address of its own."""


@dataclass(frozen=True, slots=True)
class Course:
    """What happens to a kind of people, in words, and where it ends."""

    story: str
    state: str = "RESULT_RETURNED"
    due_at: str | None = None
    periods: int = 1
    """That are recorded and valid: one to be paid back stays until accounting says that it was."""
    refund: int = 0
    overdue: bool | None = False
    """Whether it must have been marked; None: it depends on the moment."""
    paid_early: bool = False
    """Declared and paid on Monday 06/02, due on Monday 13/02 at 17:00."""


FIRST_DUE, NEXT_DUE = "2023-02-13T17:00:00+07:00", "2023-02-20T17:00:00+07:00"
SUPPLIED_DUE = "2023-02-17T17:00:00+07:00"
"""Asked on Wednesday with two days used, supplied on Monday evening: Wednesday to Friday are left."""
AMOUNT, SHORT = 297_000, 200_000
CAMPAIGN_PROVINCE = "48"

COURSES: Mapping[str, Course] = {
    "DONE": Course("paid, signed and returned before", due_at=FIRST_DUE, paid_early=True),
    "SIGNED_LATE": Course("its cover waits for the signer across it", due_at=FIRST_DUE, overdue=True, paid_early=True),
    "SUPPLEMENTED": Course("waits for a supplement across it, then gets it", due_at=SUPPLIED_DUE, paid_early=True),
    "SILENT": Course("waits for a supplement that never comes", "STOPPED", refund=AMOUNT, paid_early=True),
    "WITHDRAWN": Course("withdrawn before", "WITHDRAWN", refund=AMOUNT, paid_early=True),
    "CAMPAIGN": Course("issued by a campaign that starts just before", due_at=FIRST_DUE, overdue=None, paid_early=True),
    "EXPIRES": Course("is not paid; its time is over just after", "EXPIRED", periods=0),
    "QUEUED": Course("its voucher lies in the queue across it", due_at=NEXT_DUE),
    "DEAD": Course("its voucher lies among the dead letters across it", due_at=NEXT_DUE),
    "PARKED": Course("its voucher waits across it for the dossier", due_at=NEXT_DUE),
    "TOPPED_UP": Course("paid in part before, the rest comes after", due_at=NEXT_DUE),
    "PAYS_AMID": Course("pays while both versions work", due_at=NEXT_DUE),
    "DECLARES_AMID": Course("declares and pays while both versions work", due_at=NEXT_DUE),
}


@dataclass
class Someone:
    """One person of a rehearsal."""

    kind: str
    declaration: Json
    portal: str
    """Whose token the portal's requests carry: a name of endpoints.json, or a token."""
    of_kiosk: bool
    key: str
    """The Idempotency-Key of the declaration."""
    dossier: Json = field(default_factory=dict)
    vouchers: list[Json] = field(default_factory=list)

    @property
    def code(self) -> str:
        code: str = self.dossier["dossier_code"]
        return code

    @property
    def course(self) -> Course:
        return COURSES[self.kind]


def make(kind: str, serial: int, portal: str, *, of_kiosk: bool) -> Someone:
    province = CAMPAIGN_PROVINCE if kind == "CAMPAIGN" else "79"
    declaration = person(serial, province=province)
    return Someone(kind, declaration, portal, of_kiosk, f"declares-{serial}")
