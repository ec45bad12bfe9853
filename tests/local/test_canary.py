"""The canary on the local cloud: over HTTP and the queue as in production, and nothing is left of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from infra.canary import sing, traces
from infra.local.client import LocalClient


def test_the_canarys_dossier_comes_and_goes(system: LocalClient) -> None:
    for _ in range(2):
        assert set(sing(system)["dossier"]) == {"declared", "paid", "told", "removed"}
    # Two at a time: whoever comes while one sings goes away again.
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(sing, (system, system)))
    assert any(each["dossier"] for each in both)
    assert [each.partition("#")[0] for each in traces(system)] == ["CANARY", "COUNTER"]
