"""A20, small: two hours without a consumer, then all of it, once, to the đồng, with the due dates it had anyway."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from .crowd import Crowd
from .harness import LocalRun
from .outage import Outage

VOUCHERS, PEOPLE, SEED = 150, 3, 20
PATIENCE_SECONDS = 240.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A run of its own: hundreds of open dossiers would slow every other test down."""
    run = LocalRun(tmp_path_factory.mktemp("outage")).start()
    yield run
    run.stop()


def test_a20_two_hours_without_a_consumer(run: LocalRun) -> None:
    outage = Outage(run.client, random.Random(SEED), VOUCHERS, provinces=5)
    # given dossiers that wait for their payment, and a queue that nobody reads
    outage.open_dossiers()
    outage.go_down()
    # when accounting goes on sending, in no order, some twice, and the consumer comes back two hours later
    outage.send()
    outage.two_hours_later()
    outage.come_back()
    outage.wait_until_empty(PATIENCE_SECONDS)
    outage.wait_until_settled(PATIENCE_SECONDS)
    # then
    assert outage.judge().faults == []


def test_many_consumers_at_once_end_where_one_would(run: LocalRun) -> None:
    """Every event of every person shuffled and doubled, eight consumers: as if each had come once, in its order."""
    crowd = Crowd(run.client, random.Random(SEED), PEOPLE, first=500_000)
    crowd.play_in_order()
    crowd.play_at_once()
    assert crowd.differences() == []
