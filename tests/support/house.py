"""The system over the cloud of `cloud.py`: its doors, a stream that feeds the relay, and people who use it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.access import Caller, Role
from chalicelib.domain.covers.cover import Cover
from chalicelib.domain.months import VIETNAM, instant_text
from chalicelib.domain.registration.declaration import AddressDraft, DeclarationDraft
from chalicelib.domain.registration.dossier import Dossier
from chalicelib.queues.relay import stream_relay
from chalicelib.queues.vouchers import voucher_consumer
from chalicelib.storage.table import Table
from chalicelib.usecases.answers import Answer, Idempotency
from chalicelib.usecases.covers.issue_cover import issue_cover
from chalicelib.usecases.registration.open_dossier import open_dossier
from chalicelib.usecases.registration.view_dossier import DossierView, read_dossier
from chalicelib.wiring import Wiring, wiring
from chalicelib.workflows.cover import cover_task
from chalicelib.workflows.dossier import dossier_task
from infra.local.samples import DECLARATION, VOUCHER
from tests.support.cloud import Cloud, Row, boto_clients

START = datetime(2023, 2, 6, 9, 15, tzinfo=VIETNAM)
"""The morning of scenario A1."""

PORTAL = Caller("portal-dvc", Role.PORTAL, client_id="dvc")
OTHER_PORTAL = Caller("portal-b", Role.PORTAL, client_id="b")
OFFICER_79 = Caller("officer-79", Role.OFFICER, provinces=frozenset({"79"}))
OFFICER_01 = Caller("officer-01", Role.OFFICER, provinces=frozenset({"01"}))
SIGNER_79 = Caller("signer-79", Role.SIGNER, provinces=frozenset({"79"}))
SIGNER_01 = Caller("signer-01", Role.SIGNER, provinces=frozenset({"01"}))
OPS = Caller("ops-1", Role.OPS)

HOA = DeclarationDraft(**{**DECLARATION, "permanent_address": AddressDraft(**DECLARATION["permanent_address"])})
"""The first-timer of scenario A1: pays 297,000 for February 2023."""


def person(number: int, **changes: Any) -> DeclarationDraft:
    """One more woman born in 1985, told apart by her personal id."""
    return replace(HOA, personal_id=f"079185{number:06d}", national_code=None, **changes)


@dataclass
class StandingClock:
    """Business time stands still until a test moves it."""

    moment: datetime = START
    version: int = 0
    forgotten: int = 0

    def now(self) -> datetime:
        return self.moment

    def to_real(self, business: datetime) -> datetime:
        return business.astimezone(UTC)

    def forget(self) -> None:
        self.forgotten += 1


def voucher(number: int = 1, code: str | None = None, draft: DeclarationDraft = HOA, **changes: Any) -> dict[str, Any]:
    """The voucher of one M1 payment of 297,000, as accounting sends it."""
    name = (draft.full_name or "").upper()
    return {
        **VOUCHER,
        "message_id": f"message-{number}",
        "voucher_id": f"KT79-2023-{number:07d}",
        "receipt": {**VOUCHER["receipt"], "number": f"{number:07d}"},
        "channel": "PORTAL" if code else "AGENT",
        "dossier_code": code,
        "personal_id": draft.personal_id,
        "si_number": draft.si_number,
        "full_name": name,
        "birth_date": draft.birth_date,
        "payer": {"name": name, "relation": "SELF"},
        "from_month": draft.from_month,
        **changes,
    }


THREE_MONTHS: dict[str, Any] = {
    "method": "M3",
    "months": 3,
    "amount_gross": 990_000,
    "amount_state": 99_000,
    "amount_participant": 891_000,
    "amount_received": 891_000,
}
"""What a voucher says of one M3 payment."""


@dataclass
class House:
    """One process of the system, and the stream behind its table."""

    cloud: Cloud
    clock: StandingClock
    relayed: set[tuple[str, str]]
    w: Wiring

    @classmethod
    def over(cls, cloud: Cloud) -> House:
        """A fresh process over whatever the cloud holds; nothing is relayed yet."""
        house = cls(cloud, StandingClock(), set(), wiring())
        house.restart()
        return house

    def begin_again(self) -> None:
        """Nothing has happened yet."""
        self.cloud.empty()
        self.relayed.clear()
        self.restart()

    def restart(self) -> None:
        """What a crashed process is followed by: a new one that remembers nothing."""
        wiring.cache_clear()
        self.w = wiring()
        self.w.__dict__["table"] = Table(_watched_table(self.cloud), self.w.settings.table)
        self.w.__dict__["clock"] = self.clock

    def declare(self, draft: DeclarationDraft = HOA, *, key: str = "key-1", caller: Caller = PORTAL) -> Answer:
        return open_dossier(
            draft,
            wire_faults=(),
            unreadable=frozenset(),
            idempotency=Idempotency(key, hashlib.sha256(repr(draft).encode()).hexdigest()),
            caller=caller,
            present=lambda dossier, now: json.dumps({"code": dossier.code, "at": instant_text(now)}),
            w=self.w,
        )

    def opened(self, draft: DeclarationDraft = HOA, *, key: str = "key-1") -> str:
        """Declare and give the code."""
        code: str = json.loads(self.declare(draft, key=key).body)["code"]
        return code

    def send(self, *messages: Mapping[str, Any] | str) -> list[str]:
        """Deliver a batch of the queue; gives the ids of what is to come again (`0`, `1`, ...)."""
        bodies = [message if isinstance(message, str) else json.dumps(message) for message in messages]
        records = [{"messageId": str(number), "body": body, "receiptHandle": "h"} for number, body in enumerate(bodies)]
        answer = voucher_consumer({"Records": records}, None)
        return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]

    def lines(self) -> list[tuple[tuple[str, str], Row]]:
        """Audit lines that the relay has not had, in the stream's order."""
        rows = self.cloud.rows()
        return [(key, rows[key]) for key in sorted(rows) if key[1].startswith("AUDIT#") and key not in self.relayed]

    def relay(self, *, until_quiet: bool = True) -> list[str]:
        """Deliver what the stream holds; gives the numbers of what is to come again."""
        while True:
            batch = self.lines()
            if not batch:
                return []
            answer = stream_relay({"Records": [record(number, row) for number, (_, row) in enumerate(batch)]}, None)
            failed = [entry["itemIdentifier"] for entry in answer["batchItemFailures"]]
            done = int(failed[0]) if failed else len(batch)
            self.relayed |= {key for key, _ in batch[:done]}
            if failed or not until_quiet:
                return failed

    def view(self, code: str) -> DossierView:
        return read_dossier(code, self.w)

    def dossier(self, code: str) -> Dossier:
        return self.view(code).dossier

    def cover(self, code: str) -> Cover:
        cover = self.view(code).cover
        assert cover is not None
        return cover

    def issue(self, code: str, *, caller: Caller = SIGNER_79, key: str | None = None, if_match: int = 1) -> Answer:
        return issue_cover(
            f"{code}-C1",
            if_match=if_match,
            idempotency=None if key is None else Idempotency(key, code),
            caller=caller,
            present=lambda cover: json.dumps({"cover_id": cover.cover_id, "version": cover.version}),
            w=self.w,
        )

    def deadline(self, code: str, action: str, *, generation: int = 1) -> Mapping[str, Any]:
        payload = {"schema": 1, "action": action, "dossier_code": code, "generation": generation}
        answer: Mapping[str, Any] = dossier_task({**payload, "clock_version": self.clock.version}, None)
        return answer

    def fall_asleep(self, code: str, token: str, *, generation: int = 1, wake_at: str = "2023-02-07T02:15:01Z") -> bool:
        """The execution of a dossier enters `AwaitEnd`; True where it was ended at once."""
        who = {"schema": 1, "dossier_code": code, "generation": generation, "clock_version": self.clock.version}
        self.cloud.machines.waiting.add(token)
        asked = {**who, "action": "AWAIT_END", "task_token": token, "wake_at": wake_at}
        answer: Mapping[str, bool] = dossier_task(asked, None)
        return answer["ended"]

    def cover_step(self, code: str, action: str, **more: Any) -> Mapping[str, Any]:
        payload = {"schema": 1, "action": action, "dossier_code": code, "cover_id": f"{code}-C1", "run": 1, **more}
        answer: Mapping[str, Any] = cover_task(payload, None)
        return answer

    def paid(self, draft: DeclarationDraft = HOA, *, number: int = 1) -> str:
        """Declare and pay; gives the code."""
        code = self.opened(draft, key=f"key-{number}")
        assert self.send(voucher(number, code, draft)) == []
        return code


def record(number: int, row: Row) -> dict[str, Any]:
    """A stream record of an item that was put in."""
    return {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(number), "NewImage": row}}


def _watched_table(cloud: Cloud) -> Any:
    from tests.support.cloud import Watched

    return Watched(boto_clients()["table"], cloud.calls)
