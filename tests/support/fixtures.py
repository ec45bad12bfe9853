"""Fixtures of every layer that runs over the cloud in this process; a layer's conftest takes them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from chalicelib import lawbook
from chalicelib.storage import endpoints, transaction
from chalicelib.wiring import Wiring, wiring
from tests.support.cloud import Cloud, running_cloud
from tests.support.environment import ENVIRONMENT
from tests.support.house import House


@pytest.fixture(name="running", scope="module")
def _running() -> Iterator[Cloud]:
    """One cloud for a file of tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        with running_cloud() as cloud:
            yield cloud


@pytest.fixture(name="cloud")
def _cloud(running: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The cloud, empty; what the code waits for before it tries again takes no time."""
    running.empty()
    monkeypatch.setattr(Wiring, "client", lambda _, service, **__: running.client(service))
    monkeypatch.setattr(transaction, "FIRST_PAUSE_SECONDS", 0)
    # The law is read once by each process, so that the same work makes the same calls however slow the machine is.
    monkeypatch.setattr(lawbook, "CACHE_SECONDS", 3600)
    monkeypatch.setattr(endpoints, "SANDBOX_CACHE_SECONDS", 3600)
    return running


class Beginnings:
    """What several tests of a file begin with is played for the first of them and remembered for the others."""

    def __init__(self) -> None:
        self._told: dict[Callable[[House], object], tuple[Callable[[], None], set[tuple[str, str]]]] = {}

    def tell(self, house: House, play: Callable[[House], object]) -> House:
        """The house as `play` leaves it: an empty one before. Its clock stands where it stood."""
        if play in self._told:
            bring_back, relayed = self._told[play]
            bring_back()
            house.relayed |= relayed
            house.restart()
            # Whoever has played has read the law in force.
            assert house.w.law
            house.cloud.calls.forget()
        else:
            play(house)
            self._told[play] = house.cloud.save(), set(house.relayed)
        return house


@pytest.fixture(name="beginnings", scope="module")
def _beginnings() -> Beginnings:
    return Beginnings()


@pytest.fixture(name="house")
def _house(cloud: Cloud) -> Iterator[House]:
    """The system over an empty cloud, on the morning of scenario A1."""
    yield House.over(cloud)
    wiring.cache_clear()
