"""Dead vouchers are told apart, previewed without a write, and replayed so that dying or repeating does no harm."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.domain.ledger.voucher import Outcome, Verdict
from chalicelib.queues.messages import ContributionVoucherMessage, read_message
from chalicelib.usecases.ledger.preview_vouchers import preview_vouchers, state_of, trace_of
from infra.redrive.letters import Letters, Sender
from infra.redrive.replay import Run, preview, replay
from tests.support.cloud import Crash
from tests.support.house import House, person, voucher

CODE, SECOND = "000.00.79.G24-230206-0001", "000.00.79.G24-230206-0002"
DLQ, SOURCE = "vouchers-dlq", "vouchers"


class Queues:
    """SQS with the two queues, as far as the command uses it; `die_at` kills the caller at that call."""

    def __init__(self) -> None:
        self.messages: dict[str, list[dict[str, Any]]] = {DLQ: [], SOURCE: []}
        self.hidden: set[str] = set()
        self.calls: list[str] = []
        self.die_at: tuple[str, int] | None = None
        self._serial = 0

    def put(self, queue: str, body: str) -> str:
        self._serial += 1
        name = f"m{self._serial}"
        self.messages[queue].append({"MessageId": name, "Body": body})
        return name

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.die_at == (name, self.calls.count(name)):
            raise Crash

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        found = [each for each in self.messages[QueueUrl] if each["MessageId"] not in self.hidden]
        batch = found[:MaxNumberOfMessages]
        self.hidden |= {each["MessageId"] for each in batch}
        return {"Messages": [{**each, "ReceiptHandle": each["MessageId"]} for each in batch]}

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> dict[str, Any]:  # noqa: N803
        self.put(QueueUrl, MessageBody)
        self._called("send")
        return {}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        self._called("delete")
        kept = [each for each in self.messages[QueueUrl] if each["MessageId"] != ReceiptHandle]
        self.messages[QueueUrl] = kept
        self.hidden.discard(ReceiptHandle)

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> None:  # noqa: N803
        assert QueueUrl
        self.hidden -= {each["ReceiptHandle"] for each in Entries}


class Around:
    """A stack around the house: its queue is worked off whenever somebody asks how deep it is."""

    def __init__(self, house: House) -> None:
        self.name, self.wiring, self.sqs = "stack", house.w, Queues()
        self.queues = {DLQ: DLQ, SOURCE: SOURCE}
        self._house = house

    def source_of(self, dead: str) -> str:
        assert dead == DLQ
        return SOURCE

    def depth(self, queue: str) -> int:
        waiting, self.sqs.messages[queue] = self.sqs.messages[queue], []
        assert self._house.send(*(each["Body"] for each in waiting)) == []
        return 0

    def dead(self, *bodies: Any) -> None:
        for body in bodies:
            self.sqs.put(DLQ, body if isinstance(body, str) else json.dumps(body, ensure_ascii=False))


@pytest.fixture
def stack(house: House) -> Around:
    """Two dossiers; the first is paid. Dead are: its voucher, the second's twice, nonsense, another scheme's."""
    house.opened()
    house.opened(person(1), key="2")
    assert house.send(voucher(1, CODE)) == []
    around = Around(house)
    pays = voucher(2, SECOND, person(1))
    around.dead(voucher(1, CODE), pays, pays, "{not JSON", {**voucher(3, CODE), "scheme": "BHYT"})
    return around


def run_of(stack: Around, told: list[str], **given: Any) -> Run:
    more: dict[str, Any] = {"only": None, "rate": 1000.0, "limit": 100, "wait": 1.0, **given}
    return Run(stack=stack, queue=DLQ, say=told.append, **more)  # type: ignore[arg-type]


def counted(told: list[str]) -> dict[str, int]:
    """Of a preview: how many of each would-be outcome."""
    rows = [line.split() for line in told[1:]]
    return {row[row.index("would") + 1]: int(row[0]) for row in rows}


def test_a_preview_tells_what_each_would_do_and_writes_nothing(house: House, stack: Around) -> None:
    told: list[str] = []
    before = house.cloud.rows()
    assert preview(run_of(stack, told)) == 5
    assert counted(told) == {"DUPLICATE": 2, "APPLY": 1, "QUARANTINE": 1, "IGNORE": 1}
    assert "UNREADABLE NOT_JSON" in "\n".join(told)
    assert house.cloud.rows() == before
    assert (len(stack.sqs.messages[DLQ]), stack.sqs.hidden, stack.sqs.calls) == (5, set(), [])


def test_a_replay_does_what_was_said_and_proves_the_no_ops(house: House, stack: Around) -> None:
    told: list[str] = []
    paid = house.view(CODE)
    assert replay(run_of(stack, told))
    assert stack.sqs.messages[DLQ] == []
    assert house.view(CODE) == paid
    assert house.dossier(SECOND).state == "IN_PROCESS"
    assert "replays of vouchers that had taken effect: 1, of which changed anything: 0" in told
    assert any("said APPLY" in line and line.endswith("is APPLIED") for line in told)
    # and a second time there is nothing
    assert preview(run_of(stack, told)) == 0


def test_one_cause_alone(stack: Around) -> None:
    assert replay(run_of(stack, [], only="MALFORMED"))
    assert [each["Body"] for each in stack.sqs.messages[DLQ]].count("{not JSON") == 0
    assert (len(stack.sqs.messages[DLQ]), stack.sqs.hidden) == (4, set())


def test_what_nobody_can_read_stays_unless_it_is_named(stack: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(body: str) -> Any:
        if "BHYT" in body:
            raise RecursionError
        return read_message(body)

    monkeypatch.setattr("infra.redrive.vouchers.read_message", stumbles)
    told: list[str] = []
    assert preview(run_of(stack, told)) == 4
    assert any("UNKNOWN    RecursionError" in line for line in told)
    assert replay(run_of(stack, []))
    assert ["BHYT" in each["Body"] for each in stack.sqs.messages[DLQ]] == [True]
    assert replay(run_of(stack, [], only="UNKNOWN"))
    assert stack.sqs.messages[DLQ] == []


@pytest.mark.parametrize("call", ("send", "delete"))
@pytest.mark.parametrize("number", (1, 3, 5))
def test_whoever_dies_anywhere_and_runs_it_again_has_lost_and_doubled_nothing(
    house: House, stack: Around, call: str, number: int
) -> None:
    """Dead between the send and the deletion, a letter is sent twice: the second time changes nothing."""
    stack.sqs.die_at = (call, number)
    with pytest.raises(Crash):
        replay(run_of(stack, []))
    stack.sqs.die_at, stack.sqs.hidden = None, set()
    stack.depth(SOURCE)
    assert replay(run_of(stack, []))
    stack.depth(SOURCE)
    assert stack.sqs.messages[DLQ] == []
    assert house.dossier(SECOND).state == "IN_PROCESS"
    periods = [row["voucher_id"]["S"] for (_, sk), row in house.cloud.rows().items() if sk.startswith("PERIOD#")]
    assert sorted(periods) == ["KT79-2023-0000001", "KT79-2023-0000002"]
    assert len([key for key in house.cloud.listing() if key.startswith("QUARANTINE#")]) == 1


def test_told_to_stop_it_ends_behind_the_message_under_way(stack: Around) -> None:
    run = run_of(stack, [])
    run.say = lambda text: None
    real = stack.sqs.delete_message

    def delete(**given: Any) -> None:
        real(**given)
        run.stop()

    stack.sqs.delete_message = delete  # type: ignore[method-assign]
    assert replay(run)
    assert (len(stack.sqs.messages[DLQ]), stack.sqs.hidden, stack.sqs.calls) == (4, set(), ["send", "delete"])


def test_a_letter_whose_send_is_refused_stays(stack: Around) -> None:
    def refuse(**_: Any) -> None:
        raise ConnectionError

    stack.sqs.send_message = refuse  # type: ignore[method-assign,assignment]
    with pytest.raises(ConnectionError):
        replay(run_of(stack, []))
    assert (len(stack.sqs.messages[DLQ]), stack.sqs.hidden) == (5, set())


def test_a_replay_that_changes_what_had_taken_effect_is_told(
    house: House, stack: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a consumer that applies twice / when its voucher is replayed / then the proof fails."""
    real = stack.depth

    def depth(queue: str) -> int:
        left = real(queue)
        row = house.w.table.get(("VOUCHER#KT79-2023-0000001", "HEAD"))
        assert row is not None
        key = (str(row.pop("PK")), str(row.pop("SK")))
        house.w.table.put(key, {**row, "revision": 99})
        return left

    monkeypatch.setattr(stack, "depth", depth)
    told: list[str] = []
    assert not replay(run_of(stack, told))
    assert "  changed: KT79-2023-0000001" in told


def test_the_rate_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    clock = iter((0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    monkeypatch.setattr("infra.redrive.letters.time.monotonic", lambda: next(clock))
    monkeypatch.setattr("infra.redrive.letters.time.sleep", naps.append)
    queues = Queues()
    queues.put(DLQ, "x")
    stack: Any = SimpleNamespace(sqs=queues, queues={DLQ: DLQ, SOURCE: SOURCE})
    ((letter,),) = Letters(stack, DLQ).take(1)
    sender = Sender(stack, SOURCE, 10)
    for _ in range(3):
        sender.send(letter)
    assert naps == pytest.approx([0.0, 0.1, 0.2])


def read(message: dict[str, Any]) -> Any:
    return ContributionVoucherMessage.model_validate_json(json.dumps(message)).voucher()


def test_the_preview_says_what_the_consumer_then_does(house: House) -> None:
    """The same judge with the same look-up: said before, done after, for each kind of voucher."""
    house.opened()
    house.opened(person(1), key="2")
    messages = [
        voucher(1, CODE),
        voucher(2, SECOND, person(1), amount_received=296_999),
        voucher(3, "000.00.79.G24-230206-0099", person(9)),
        voucher(4, SECOND, person(1), event="CANCELLED", voucher_version=2),
        voucher(5, SECOND, person(1), full_name="TRẦN VĂN NAM"),
    ]
    house.cloud.calls.forget()
    said = preview_vouchers([read(message) for message in messages], house.w)
    assert "transact_write_items" not in house.cloud.calls.made
    for message, verdict in zip(messages, said, strict=True):
        assert house.send(message) == []
        state = state_of(message["voucher_id"], house.w)
        kept = {Outcome.APPLY: "APPLIED", Outcome.PARK: "PARKED", Outcome.CANCEL: "CANCELLED", Outcome.HOLD: "HELD"}
        assert state == f"{kept[verdict.outcome]} {verdict.reason or ''}".strip()
    again = preview_vouchers([read(message) for message in messages], house.w)
    assert again == [Verdict(Outcome.DUPLICATE)] * len(messages)


def test_the_trace_sees_what_a_voucher_did_and_nothing_else(house: House) -> None:
    house.opened()
    assert trace_of("KT79-2023-0000001", house.w) == trace_of("KT79-2023-0000009", house.w)
    assert state_of("KT79-2023-0000001", house.w) == ""
    house.send(voucher(1, CODE))
    after = trace_of("KT79-2023-0000001", house.w)
    house.relay()
    assert house.send(voucher(1, CODE)) == []
    assert trace_of("KT79-2023-0000001", house.w) == after
