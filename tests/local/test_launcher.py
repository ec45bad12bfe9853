"""What `make run` promises to the person who types it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.local.client import LocalClient
from infra.local.samples import QUOTE, first_timer
from infra.local.settings import LocalSettings, isolate

from .harness import ROOT, LocalRun


def launch(run: LocalRun, **environment: str) -> subprocess.CompletedProcess[str]:
    """A second `make run`, which must end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "infra.local"],
        cwd=ROOT,
        env={**run.environment, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_it_is_small(local_run: LocalRun) -> None:
    assert local_run.memory_mib() < 400


def test_endpoints_name_what_the_contract_names(local_run: LocalRun) -> None:
    found = json.loads((local_run.home / "endpoints.json").read_text("utf-8"))
    assert set(found) == {
        "api",
        "aws",
        "region",
        "stack",
        "table",
        "voucher_queue_url",
        "voucher_dlq_url",
        "documents_bucket",
        "status_queue_url",
        "tokens",
    }
    assert set(found["tokens"]) == {
        "portal",
        "officer_79",
        "signer_79",
        "officer_01",
        "publisher_79",
        "publisher2_79",
        "ops",
    }
    assert all(found.values())


def test_it_says_where_to_look_and_one_curl_line(local_run: LocalRun) -> None:
    said = local_run.output.read_text("utf-8")
    assert local_run.client.endpoints["api"] in said
    assert str(local_run.home / "endpoints.json") in said
    # the curl line works as printed
    line = next(line for line in said.splitlines() if line.strip().startswith("curl "))
    answer = subprocess.run(line, shell=True, capture_output=True, timeout=30, check=True)  # noqa: S602
    assert json.loads(answer.stdout)["amount_participant"] == 891_000


def test_a_second_run_says_that_one_is_going(local_run: LocalRun) -> None:
    second = launch(local_run)
    assert second.returncode == 1
    assert "already going" in second.stderr
    assert local_run.client.endpoints["api"] in second.stderr
    # and the first goes on
    assert (local_run.home / "endpoints.json").exists()


def test_a_busy_port_is_named(local_run: LocalRun, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        refused = launch(local_run, LOCAL_HOME=str(tmp_path / "other"), PORT=str(busy))
    assert refused.returncode == 1
    assert f"Port {busy} " in refused.stderr
    assert "PORT=" in refused.stderr


def test_a_setting_that_makes_no_sense_is_named(local_run: LocalRun, tmp_path: Path) -> None:
    refused = launch(local_run, LOCAL_HOME=str(tmp_path / "other"), PORT="eight thousand")
    assert refused.returncode == 1
    assert "PORT must be a port number" in refused.stderr


def test_it_listens_on_this_machine_only(local_run: LocalRun) -> None:
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":  # LISTEN
                address, port = fields[1].split(":")
                listening.add((address, int(port, 16)))
    ours = {address for address, port in listening if port in (local_run.port, local_run.aws_port)}
    assert ours == {"0100007F"}


def test_a_real_account_cannot_be_reached(local_run: LocalRun) -> None:
    environment = Path(f"/proc/{local_run.pid}/environ")
    assert environment.exists()
    mine = {"AWS_PROFILE": "production", "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SESSION_TOKEN": "x", "PATH": "/bin"}
    isolate(LocalSettings(local_run.home), mine)
    assert mine["AWS_ACCESS_KEY_ID"] == "000000000000"
    assert mine["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert mine["AWS_CONFIG_FILE"] == os.devnull
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(mine)
    assert mine["PATH"] == "/bin"


def test_a_clean_end_keeps_the_data(tmp_path: Path) -> None:
    # given a dossier and a run that is ended as with Ctrl-C
    run = LocalRun(tmp_path / "local").start()
    run.client.set_clock("2023-02-06T09:00:00+07:00")
    opened = run.client.call("POST", "/v1/dossiers", first_timer(7), who="portal")
    assert opened.status == 201
    token = run.client.endpoints["tokens"]["portal"]
    assert run.stop() == 0
    assert not (run.home / "endpoints.json").exists()
    assert "the data is kept" in run.output.read_text("utf-8")

    # when it is started again
    run.start()
    try:
        # then the dossier is there and an old token is still good
        found = run.client.call("GET", f"/v1/dossiers/{opened.body['dossier_code']}", who=token)
        assert found.status == 200
        assert found.body["state"] == "AWAITING_PAYMENT"
    finally:
        run.stop()


def test_requests_at_the_same_moment_are_not_mixed_up(system: LocalClient) -> None:
    # given many people who ask at once, each with an income of their own
    incomes = [1_500_000 + 50_000 * step for step in range(200)]

    def ask(income: int) -> int:
        reply = system.call("POST", "/v1/quotes", {**QUOTE, "income": income, "method": "M1"})
        assert reply.status == 200
        gross: int = reply.body["amount_gross"]
        return gross

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, incomes))

    # then each gets their own answer: 22 % of the income
    assert answers == [income * 22 // 100 for income in incomes]


def test_it_stops_when_it_is_asked_to(tmp_path: Path) -> None:
    run = LocalRun(tmp_path / "local").start()
    assert run.stop() == 0
