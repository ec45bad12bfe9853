"""The watchdog: lost stream records are told late, what is stuck is named, and a sweep may be cut short anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.access import Caller
from chalicelib.domain.errors import Forbidden, NotConfigured
from chalicelib.storage import keys
from chalicelib.storage.items.tallies import relayed_from
from chalicelib.usecases.oversight import sweep as sweeping
from chalicelib.usecases.oversight.stuck import list_stuck
from chalicelib.usecases.oversight.sweep import Swept, sweep
from chalicelib.workflows.sweep import sweeper
from tests.support.cloud import client_error
from tests.support.house import OFFICER_01, OFFICER_79, OPS, PORTAL, House, person, voucher

CODE = "000.00.79.G24-230206-0001"


@pytest.fixture(autouse=True)
def _one_province(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep of the whole country asks for 86 lists; here one province is enough."""
    monkeypatch.setattr(type(house.w.law.provinces), "codes", lambda _: frozenset({"79"}))


def heard(house: House) -> list[tuple[int, str]]:
    return [(message["sequence"], message["state"]) for message in house.cloud.topics.status]


def told(house: House) -> int:
    return relayed_from(house.w.table.get(keys.tally(CODE)))


def stuck(house: House, caller: Caller = OFFICER_79) -> list[tuple[str, str, str]]:
    return [
        (each.kind, each.expected.what, each.expected.owner) for each in list_stuck(caller, province=None, w=house.w)
    ]


def lose(house: House) -> None:
    """What the stream holds never reaches the relay."""
    house.relayed |= {key for key, _ in house.lines()}


def test_the_relay_keeps_how_far_it_has_told(house: House) -> None:
    house.paid()
    house.relay()
    assert told(house) == house.dossier(CODE).version
    house.issue(CODE)
    house.relay()
    assert told(house) == house.dossier(CODE).version


def test_a_line_behind_a_gap_tells_the_missing_ones_first(house: House) -> None:
    # Given a dossier whose payment the stream has lost
    house.opened()
    house.relay()
    house.send(voucher(1, CODE))
    lose(house)
    # When the next line comes
    house.issue(CODE)
    house.relay()
    # Then the portal hears everything in order, and the lost cover line has started its workflow
    assert heard(house) == [(1, "AWAITING_PAYMENT"), (2, "RECEIVED"), (3, "IN_PROCESS")]
    assert f"{CODE}-C1-v1-r1" in house.cloud.machines.executions
    assert told(house) == house.dossier(CODE).version


def test_the_sweep_tells_what_the_stream_has_lost(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.opened()
    house.relay()
    house.send(voucher(1, CODE))
    lose(house)
    # A young line may still be on its way.
    assert sweep(house.w).lines_relayed == 0
    house.clock.moment += timedelta(minutes=11)
    assert sweep(house.w).lines_relayed == 2
    assert heard(house) == [(1, "AWAITING_PAYMENT"), (2, "RECEIVED"), (3, "IN_PROCESS")]
    assert any(getattr(line, "facts", {}).get("reason") == "RECORD_LOST" for line in caplog.records)
    # The statistics have counted it, and a second sweep finds nothing.
    assert house.w.table.get(keys.tally(CODE)) is not None
    assert sweep(house.w).lines_relayed == 0
    assert len(heard(house)) == 3


def test_a_notice_that_the_stream_has_lost_comes_late(house: House) -> None:
    house.paid()
    house.relay()
    house.clock.moment += timedelta(days=8)
    assert house.deadline(CODE, "MARK_OVERDUE")["done"]
    lose(house)
    house.clock.moment += timedelta(minutes=11)
    house.cloud.topics.notices.clear()
    sweep(house.w)
    assert "OVERDUE_MARKED" in [notice["event"] for notice in house.cloud.topics.notices]


def test_what_waits_beyond_its_time_is_named_with_its_owner(house: House) -> None:
    # Given an unsigned cover, a held and a parked voucher, a message nobody can read, a refund
    house.paid()
    house.send(voucher(2, CODE), voucher(3, "000.00.79.G24-230206-0042", person(7)), '{"province_code": "79"}')
    house.relay()
    assert sweep(house.w).stuck == 0
    assert stuck(house) == []
    # When days pass and nobody does anything
    house.clock.moment += timedelta(days=5)
    swept = sweep(house.w)
    # Then each is named, with who should act
    assert set(stuck(house)) >= {
        ("dossier", "STEP", "OFFICER"),
        ("cover", "SIGNATURE", "SIGNER"),
        ("voucher", "DECISION", "OFFICER"),
        ("voucher", "DOSSIER", "ACCOUNTING"),
    }
    assert swept.stuck >= 4
    assert stuck(house, OPS) == stuck(house)
    assert stuck(house, OFFICER_01) == []
    with pytest.raises(Forbidden):
        list_stuck(PORTAL, province=None, w=house.w)


def test_what_has_moved_is_stuck_no_more(house: House) -> None:
    house.paid()
    house.relay()
    house.clock.moment += timedelta(days=4)
    sweep(house.w)
    assert ("dossier", "STEP", "OFFICER") in stuck(house)
    house.issue(CODE)
    assert ("dossier", "STEP", "OFFICER") not in stuck(house)


def test_a_finding_lasts_until_the_next_sweep_and_no_longer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.paid()
    house.relay()
    house.clock.moment += timedelta(days=4)
    sweep(house.w)
    assert stuck(house)
    monkeypatch.setattr("chalicelib.storage.items.stuck.time.time", lambda: 4e9)
    assert stuck(house) == []


def test_a_sweep_that_is_cut_short_is_gone_on_with(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given five dossiers that nothing watches, read two at a time
    monkeypatch.setattr(sweeping, "CHUNK", 2)
    for number in range(5):
        house.opened(person(number), key=str(number))
    left = iter([900.0, 10.0])
    # When time runs out behind the first two
    first = sweep(house.w, lambda: next(left))
    assert first == Swept(dossiers=2, dossiers_restarted=2, finished=False)
    # Then the next run does the rest and leaves no trace of the cut
    assert sweep(house.w, only_unfinished=True) == Swept(dossiers=3, dossiers_restarted=3)
    assert house.w.table.get(keys.SWEEP) is None
    # and with nothing unfinished, nothing is begun
    assert sweep(house.w, only_unfinished=True) == Swept()
    assert sweep(house.w).dossiers == 5


def test_what_one_dossier_lacks_is_no_reason_to_pass_over_the_others(house: House) -> None:
    for number in range(3):
        house.opened(person(number), key=str(number))
    throttled = iter([True])

    def hook(name: str, parameters: dict[str, Any]) -> None:
        if name == "query" and "PENDING#" in json.dumps(parameters) and next(throttled, False):
            raise client_error("ThrottlingException", "Query")

    with house.cloud.calls.hooked(hook):
        swept = sweep(house.w)
    assert (swept.dossiers, swept.dossiers_restarted, swept.failed) == (3, 2, 1)


def test_a_year_without_a_calendar_is_counted_and_a_fault_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.opened()

    def missing(*_: object) -> None:
        raise NotConfigured("CALENDAR_NOT_CONFIGURED", "x")

    monkeypatch.setattr(sweeping, "of_dossier", missing)
    assert sweep(house.w).failed == 1

    def broken(*_: object) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(sweeping, "of_dossier", broken)
    with pytest.raises(ValueError, match="ours"):
        sweep(house.w)


def scheduled(**detail: Any) -> dict[str, Any]:
    names = ("version", "account", "region", "detail-type", "source", "time", "id")
    return {**dict.fromkeys(names, ""), "resources": [], "detail": detail}


@dataclass
class Context:
    """Of an invocation with little time."""

    seconds: Iterator[float]

    def get_remaining_time_in_millis(self) -> int:
        return int(next(self.seconds) * 1000)


def test_whoever_finishes_the_round_looks_at_the_rest(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.opened()
    # Nothing unfinished: nothing is begun, nothing looked for.
    assert sweeper(scheduled(only_unfinished=True), None)["dossiers"] == 0
    # Cut short at once: no time for more.
    cut = sweeper(scheduled(), Context(iter([5.0])))
    assert (cut["finished"], cut["findings"], "stock" in cut) == (False, (), False)
    rest = sweeper(scheduled(only_unfinished=True), None)
    assert (rest["finished"], rest["dossiers"], rest["stock"]["open_dossiers"]) == (True, 1, 1)
