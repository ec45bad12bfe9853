"""The sleep of a dossier's execution, which ends early when the dossier does.

The token by which it is woken lies in the table; whoever hears that the dossier has ended, or that a newer generation
watches it, answers it. Nothing depends on that: a token that never got there, or an answer that is lost, leaves an
execution that wakes at its moment, asks what is due, and ends then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ...domain.registration.deadlines import Action
from ...domain.registration.dossier import State
from ...log import facts, logger
from ...storage import keys
from ...storage.faults import passing_fault
from ...storage.items.fields import number, text
from ...wiring import Wiring
from .keep_deadline import SUPERSEDED

KEPT = timedelta(days=1)
"""How long a token is kept behind the moment at which it is worth nothing any more."""

UNTOLD = "END_UNTOLD"
"""Reason of the log line: an execution sleeps on although its dossier has ended."""

log = logger(__name__)


def await_end(code: str, generation: int, token: str, wake_at: datetime, w: Wiring) -> bool:
    """Keep the token of an execution that goes to sleep; True where it has to end at once.

    What ended before the token lay there found none: so it is looked once more after. A passing fault leaves the
    execution asleep until its moment.
    """
    try:
        kept_until = int((wake_at + KEPT).timestamp())
        w.table.put(keys.clock_token(code), {"token": token, "generation": generation, "expires_at": kept_until})
        return end_sleep(code, w)
    except Exception as error:
        if passing_fault(error) is None:
            raise
        _untold(code, error)
        return False


def end_sleep(code: str, w: Wiring) -> bool:
    """End the execution that sleeps for a dossier which has ended, or which a newer generation watches. AP120.

    False where it has to sleep on, or nobody sleeps.
    """
    kept, subject = keys.clock_token(code), keys.dossier(code)
    read = w.table.get_many([kept, subject], only=("token", "generation", "state"))
    if len(read) < 2:
        return False
    asleep, watched = number(read[kept], "generation"), number(read[subject], "generation")
    if asleep < watched:
        outcome = SUPERSEDED
    elif asleep == watched and State(text(read[subject], "state")).ended:
        outcome = Action.CLOSED.value
    else:
        return False
    return w.executions.release(text(read[kept], "token"), {"outcome": outcome})


def try_to_end_sleep(code: str, w: Wiring) -> None:
    """The same for who has more to do: no fault of it is a reason to stop, it only costs a wake."""
    try:
        end_sleep(code, w)
    except Exception as error:
        _untold(code, error)


def _untold(code: str, error: Exception) -> None:
    told = facts(dossier_code=code, reason=UNTOLD, error=passing_fault(error) or type(error).__name__)
    log.warning("sleeps on until its moment", extra=told)
