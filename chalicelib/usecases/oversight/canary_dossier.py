"""The canary's dossier: registered, paid and looked after through the real doors, then removed without a trace.

One canary at a time: whoever comes meanwhile goes away again. What a crashed run has left the next one removes first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from ...domain.errors import Unavailable
from ...domain.oversight import canary
from ...domain.oversight.canary_payment import declaration, voucher
from ...log import facts, logger
from ...metrics import measured
from ...storage import keys
from ...storage.codec import Value
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring
from .canary_token import canary_token
from .canary_traces import IDEMPOTENCY_KEY, forget_day, is_abandoned, is_over, is_told, left_over, remove
from .sing import Answered, Ask

log = logger(__name__)

HELD_SECONDS: Final = 120
"""So long nobody else begins; longer than the function lives, shorter than the pause between two runs."""

PAUSES: Final = (0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 5.0, 5.0, 5.0)
"""Seconds between looks at what has to come; then it is late."""

IN_TIME: Final = 20_000
"""Milliseconds in which a dossier has to come to its end; an alarm counts those that do."""

_DISTRICTS: Final = 3
END: Final = "RESULT_RETURNED"


@dataclass(frozen=True, slots=True)
class Sung:
    """How long each part took, in milliseconds."""

    declared: int
    paid: int
    """From the voucher on the queue to the month on record."""
    told: int
    """From then until the relay had done everything, and the dossier's clock stood still."""
    removed: int


def sing_of_dossier(ask: Ask, w: Wiring, *, pause: Callable[[float], None] = time.sleep) -> Sung | None:
    """One whole dossier; None where another canary sings. `ask` calls with `headers`.

    Raises `Unavailable` (CANARY_DOSSIER) naming in the log the step that was not as it has to be; what was made until
    then stays for whoever looks, until the next run.
    """
    held = _begin(w)
    if held is None:
        log.info("another canary sings", extra=facts(action="canary"))
        return None
    try:
        for code in left_over(w):
            if not is_abandoned(code, w):
                _until("LEFT_OVER", code, partial(is_told, code, w), pause)
            remove(code, w)
            log.warning("an earlier run has left a dossier", extra=facts(action="canary", dossier_code=code))
        # Without a dossier this may still stand there: a declaration that was made anew is no other.
        w.table.delete(keys.idempotency(canary.CLIENT, IDEMPOTENCY_KEY))
        sung = _one(ask, w, pause)
    finally:
        _end(held, w)
    taken = {f"Canary{part.title()}Milliseconds": getattr(sung, part) for part in ("declared", "paid", "told")}
    whole = sung.declared + sung.paid + sung.told
    told = facts(action="canary", milliseconds=whole)
    log.info("the canary's dossier", extra={**told, **measured(CanaryInTime=int(whole <= IN_TIME), **taken)})
    return sung


def headers(w: Wiring) -> dict[str, str]:
    """What the canary calls with."""
    token = canary_token(w.settings.jwt_audience, int(time.time()), w.canary_voice.sign)
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": IDEMPOTENCY_KEY}


def _one(ask: Ask, w: Wiring, pause: Callable[[float], None]) -> Sung:
    now, clock = w.clock.now(), _Watch()
    three = w.law.address_levels.on(now.date()).value == _DISTRICTS
    declared = declaration(now.date(), with_district=three)
    opened = _right("DECLARED", ask("POST", "/v1/dossiers", declared), 201)
    code = str(opened["dossier_code"])
    took = clock.lap()
    w.canary_voice.pay(voucher(code, declared, opened["quote"], now))
    _until("PAID", code, partial(_is_paid, ask, code), pause)
    paid = clock.lap()
    _until("TOLD", code, partial(is_over, code, w), pause)
    told = clock.lap()
    remove(code, w)
    return Sung(took, paid, told, clock.lap())


def _is_paid(ask: Ask, code: str) -> bool:
    shown = _right("PAID", ask("GET", f"/v1/dossiers/{code}", None), 200, code)
    months = [period["status"] for period in shown["participation"]]
    return bool(shown["state"] == END and months == ["ACTIVE"])


def _right(step: str, answer: Answered, status: int, code: str | None = None) -> Mapping[str, Any]:
    if answer.status != status or not isinstance(answer.body, dict):
        problem = answer.body.get("code") if isinstance(answer.body, dict) else None
        raise _wrong(step, code, status=answer.status, problem=problem)
    return answer.body


def _until(step: str, code: str, done: Callable[[], bool], pause: Callable[[float], None]) -> None:
    for seconds in PAUSES:
        if done():
            return
        pause(seconds)
    if not done():
        raise _wrong(step, code, problem="LATE")


def _wrong(step: str, code: str | None, *, status: int | None = None, problem: object = None) -> Unavailable:
    told = facts(action=step, dossier_code=code, status=status, code=problem)
    log.error("the canary's dossier is not as it has to be", extra=told)
    return Unavailable("CANARY_DOSSIER", "")


class _Watch:
    def __init__(self) -> None:
        self._at = time.monotonic()

    def lap(self) -> int:
        """Milliseconds since the last lap."""
        before, self._at = self._at, time.monotonic()
        return round((self._at - before) * 1000)


@dataclass(frozen=True, slots=True)
class _Held:
    """The right to sing, as the run's number says; `day` is the one whose counter is in use."""

    run: int
    day: date


def _begin(w: Wiring) -> _Held | None:
    """Take the right to sing; None while somebody else has it. AP150."""
    today, now = w.clock.now().date(), int(time.time())
    before = w.table.get(keys.CANARY_RUN)
    if before is None:
        held = _Held(1, today)
    elif int(str(before["held_until"])) > now:
        return None
    else:
        held = _Held(int(str(before["run"])) + 1, today)
        if before["day"] != today.isoformat():
            # While this still names the day: whoever dies now is followed by one that finds it.
            forget_day(date.fromisoformat(str(before["day"])), w)
    return held if _write(held, None if before is None else held.run - 1, now + HELD_SECONDS, w) else None


def _end(held: _Held, w: Wiring) -> None:
    _write(_Held(held.run + 1, held.day), held.run, 0, w)


def _write(held: _Held, before: int | None, until: int, w: Wiring) -> bool:
    transaction = Transaction()
    item: dict[str, Value] = {"run": held.run, "day": held.day.isoformat(), "held_until": until}
    if before is None:
        transaction.put_new("run", keys.CANARY_RUN, item)
    else:
        transaction.put_over("run", keys.CANARY_RUN, item, attribute="run", expected=before)
    try:
        transaction.commit(w.table)
    except Refused:
        return False
    return True
