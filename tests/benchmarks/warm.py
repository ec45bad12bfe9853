"""CPU and calls of a registration, of a voucher and of a quote, beside the floor, in one process in turns."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from . import samples
from .stub import Stub

BATCH = 10
ROUNDS = 120


@dataclass(frozen=True, slots=True)
class Warm:
    """CPU milliseconds of one request or message; calls of one request, of one voucher in a batch of ten."""

    registration_ms: float
    registration_floor_ms: float
    registration_ratio: float
    voucher_ms: float
    voucher_floor_ms: float
    voucher_ratio: float
    quote_ms: float
    missing_ms: float
    """Of the longest calculation that the law knows: 120 missing months."""
    registration_writes: float
    registration_reads: float
    voucher_writes: float
    voucher_reads: float


class Clock:
    """Business time that stands still, so that the same law holds whenever the bench is run."""

    version = 0

    def now(self) -> datetime:
        return datetime.fromisoformat(samples.NOW)

    def to_real(self, business: datetime) -> datetime:
        return business.astimezone(UTC)

    def forget(self) -> None:
        """Nothing is remembered."""


class Context:
    """What Lambda passes beside the event."""

    function_name, function_version, aws_request_id = "bench", "1", "r"
    invoked_function_arn, memory_limit_in_mb = "arn:aws:lambda:ap-southeast-1:123456789012:function:bench", 1769

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def measured() -> Warm:
    """What a new process measures: one like a function's, without what this one has loaded."""
    environment = {**samples.ENVIRONMENT, "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "tests.benchmarks.warm"]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return Warm(**json.loads(done.stdout))


def measure(rounds: int = ROUNDS) -> Warm:
    """Measure in this process, whose environment is `samples.ENVIRONMENT`. Raises RuntimeError for a wrong answer."""
    with Stub().standing_in() as stub:
        return _measure(stub, rounds)


def _measure(stub: Stub, rounds: int) -> Warm:
    import app
    from chalicelib.queues.vouchers import voucher_consumer
    from chalicelib.storage import keys
    from chalicelib.wiring import wiring

    from .floor import app as floor

    # Whatever may be believed for a second is forgotten before each call: quiet hours pay every read.
    wiring().clock = Clock()
    context, event = Context(), samples.registration_event(1)

    def register() -> Any:
        wiring().lawbook.forget()
        return app.app(event, context)

    def register_floor() -> Any:
        return floor.app(event, context)

    load_population(range(BATCH))
    dossiers = [opened(app.app(samples.registration_event(number), context)) for number in range(BATCH)]
    delivery = samples.voucher_event([samples.voucher(number, code) for number, code in enumerate(dossiers)])

    person = wiring().person(samples.personal_id(1))
    known = (keys.counter("79", date(2023, 2, 6)), keys.sandbox_registers(person))
    stub.can_batch("bench", [stub.items[key] for key in known])
    opened(register()), opened(register_floor())
    registration, registration_floor = _turns(register, register_floor, rounds, calls=10)
    reads, writes = _calls(stub, register)

    stub.can_batch("bench", [item for (pk, sk), item in stub.items.items() if sk in {"META", "HEADER"}])

    def consume() -> Any:
        wiring().lawbook.forget()
        return voucher_consumer(delivery, context)

    def consume_floor() -> Any:
        return floor.voucher_consumer(delivery, context)

    with quiet():
        _require(consume() == {"batchItemFailures": []}, "a voucher failed")
        consume_floor()
        vouchers, vouchers_floor = _turns(consume, consume_floor, rounds, calls=1)
        voucher_reads, voucher_writes = _calls(stub, consume)
    return Warm(
        registration_ms=statistics.median(registration),
        registration_floor_ms=statistics.median(registration_floor),
        registration_ratio=_ratio(registration, registration_floor),
        voucher_ms=statistics.median(vouchers) / BATCH,
        voucher_floor_ms=statistics.median(vouchers_floor) / BATCH,
        voucher_ratio=_ratio(vouchers, vouchers_floor),
        quote_ms=_quote_ms(),
        missing_ms=_missing_ms(),
        registration_writes=writes,
        registration_reads=reads,
        voucher_writes=voucher_writes / BATCH,
        voucher_reads=voucher_reads / BATCH,
    )


def _turns(ours: Callable[[], Any], floor: Callable[[], Any], rounds: int, *, calls: int) -> tuple[list[float], ...]:
    """CPU milliseconds a call, round by round; ours and the floor take turns, and take turns at being first."""
    for _ in range(20):
        ours(), floor()
    mine: list[float] = []
    others: list[float] = []
    for number in range(rounds):
        pair = [(ours, mine), (floor, others)]
        for call, kept in pair if number % 2 else reversed(pair):
            started = time.process_time_ns()
            for _ in range(calls):
                call()
            kept.append((time.process_time_ns() - started) / calls / 1e6)
    return mine, others


def _ratio(ours: list[float], floor: list[float]) -> float:
    """The median of the rounds' ratios: the two of a round had the same machine."""
    return statistics.median(mine / other for mine, other in zip(ours, floor, strict=True))


def _calls(stub: Stub, call: Callable[[], Any]) -> tuple[int, int]:
    """How many reads and write transactions one call makes. Raises RuntimeError for a call of any other kind."""
    stub.calls.clear()
    call()
    reads, writes = stub.calls["BatchGetItem"], stub.calls["TransactWriteItems"]
    _require(stub.calls.total() == reads + writes, f"unexpected calls: {dict(stub.calls)}")
    return reads, writes


def _quote_ms() -> float:
    from chalicelib.domain.amounts.contribution import QuoteRequest, quote
    from chalicelib.domain.months import Month
    from chalicelib.law import load

    law = load()
    requests = [
        QuoteRequest(1_500_000, method, None, Month(2023, 2), category, "79", date(2023, 2, 6), 0)
        for method in ("M1", "M3", "M6", "M12")
        for category in ("POOR", "NEAR_POOR", "OTHER")
    ]
    return _best(lambda: [quote(request, law) for request in requests]) / len(requests)


def _missing_ms() -> float:
    from chalicelib.domain.amounts.contribution import QuoteRequest
    from chalicelib.domain.amounts.counter import Retiree, quote_missing
    from chalicelib.domain.months import Month
    from chalicelib.domain.people.identity import BirthDate, Gender
    from chalicelib.law import load

    law = load()
    person = Retiree(BirthDate(1955, 3, 1), Gender.MALE, 120)
    request = QuoteRequest(9_800_000, "MISSING", 120, Month(2020, 4), "OTHER", "79", date(2020, 4, 15), 15)
    _require(quote_missing(request, person, law).months == 120, "the missing years were not priced")
    return _best(lambda: quote_missing(request, person, law))


def _best(call: Callable[[], Any]) -> float:
    """CPU milliseconds of one call, the best of twenty rounds of ten."""
    best = float("inf")
    for _ in range(20):
        started = time.process_time_ns()
        for _ in range(10):
            call()
        best = min(best, (time.process_time_ns() - started) / 10 / 1e6)
    return best


def opened(answer: Any) -> str:
    _require(answer["statusCode"] == 201, f"a registration was refused: {answer['body']}")
    return str(json.loads(answer["body"])["dossier_code"])


def load_population(numbers: range) -> None:
    from chalicelib.domain.people.evidence import PersonOnFile
    from chalicelib.domain.registration.declaration import BirthDate, Gender
    from chalicelib.registers.sandbox import load
    from chalicelib.wiring import wiring

    w = wiring()
    person = PersonOnFile("Nguyễn Thị Hòa", BirthDate(1985, 5, 12), Gender("NU"), "79", "26734")
    load(w.table, [(w.person(samples.personal_id(number)), person) for number in numbers])


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """What is logged is written, but not shown: the cost of a log line is ours to bear."""
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise RuntimeError(otherwise)


if __name__ == "__main__":
    found = measure()
    print(json.dumps({name: getattr(found, name) for name in Warm.__slots__}))
