"""The main path with handlers started from the packaged zip and its layers, in processes of their own.

Neither the source tree nor the developer's packages can be imported there: what is missing in the package is noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from infra.demo import play
from infra.local.client import LocalClient

from .harness import LocalRun


@pytest.fixture(scope="module")
def packaged_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    run = LocalRun(tmp_path_factory.mktemp("packaged"), handlers="process").start()
    yield run
    run.stop()


@pytest.fixture(scope="module")
def packaged(packaged_run: LocalRun) -> LocalClient:
    return packaged_run.client


def test_a_first_timer_from_declaration_to_cover(
    packaged_run: LocalRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # when scenario A1 is played
    cover = tmp_path / "cover.pdf"
    play(packaged_run.client, cover, packaged_run.home / "ca.pem")

    # then a cover sheet came out of the layer's typst, signed by its pyHanko, and every step was told
    assert cover.read_bytes().startswith(b"%PDF-1.7")
    told = capsys.readouterr().out
    assert "RESULT_RETURNED" in told
    assert "11 checks passed" in told
    assert "recorded once: 2023-02 to 2023-02, gross 330,000 đ, the State adds 33,000 đ" in told


def test_it_publishes_the_same_contract_as_the_source_tree(packaged: LocalClient, system: LocalClient) -> None:
    # given the public doors of both runs
    packaged_document = requests.get(packaged.endpoints["api"] + "/v1/openapi.json", timeout=30).content
    source_document = requests.get(system.endpoints["api"] + "/v1/openapi.json", timeout=30).content

    # then they publish the same contract
    assert hashlib.sha256(packaged_document).digest() == hashlib.sha256(source_document).digest()


def test_a_bad_token_is_refused_by_the_authoriser_of_the_layer(packaged: LocalClient) -> None:
    reply = packaged.call("GET", "/v1/officer/covers", who="eyJhbGciOiJub25lIn0.e30.x")
    assert reply.status == 401
    assert reply.code == "UNAUTHORIZED"
