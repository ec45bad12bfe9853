"""Starts and ends local runs for tests, each on free ports with its own data."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.client import LocalClient
from infra.tools import free_ports

ROOT = Path(__file__).resolve().parents[2]
START_PATIENCE_SECONDS = 300.0
"""Generous: the first start of a fresh clone packs the layers."""


class LocalRun:
    """One local run: `start` it, then `stop`, `kill` and `start` it again as a test needs."""

    def __init__(self, home: Path, *, handlers: str = "inline", package: Path | None = None) -> None:
        self.home = home
        self.handlers = handlers
        self.package = package
        self.stack = self.parameters = ""
        """Name of the stack, and a file with parameters of it, where they are to be others than usual."""
        self._releases = 0
        self.port, self.aws_port = free_ports()
        self._process: subprocess.Popen[bytes] | None = None
        self._client: LocalClient | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What the launcher is started with."""
        return {
            **os.environ,
            "PORT": str(self.port),
            "AWS_PORT": str(self.aws_port),
            "LOCAL_HOME": str(self.home),
            "HANDLERS": self.handlers,
            "PACKAGE": str(self.package or ""),
            "STACK": self.stack,
            "PARAMETERS": self.parameters,
        }

    @property
    def output(self) -> Path:
        """What the launcher says on the terminal."""
        return self.home / "terminal.txt"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise AssertionError("the local run has not been started")
        return self._process.pid

    @property
    def client(self) -> LocalClient:
        """A client of the run as it is now."""
        if self._client is None:
            self._client = LocalClient(self.home / "endpoints.json")
        return self._client

    def start(self) -> LocalRun:
        """Start and wait until it is ready. Raises `AssertionError` with what it said when it is not."""
        self.home.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.local"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        self._client = None
        while not self._is_ready():
            ended = self._process.poll() is not None
            if ended or time.monotonic() - began > START_PATIENCE_SECONDS:
                self.kill()
                raise AssertionError(f"the local run is not ready:\n{self.output.read_text('utf-8')}")
            time.sleep(0.05)
        return self

    def _is_ready(self) -> bool:
        """Whether this process, not one before it, has written its endpoints."""
        endpoints = self.home / "endpoints.json"
        return endpoints.exists() and f"process {self.pid}," in (self.home / "run.lock").read_text("utf-8")

    def release(self, package: Path, *, every: int = 1, parameters: Mapping[str, str] | None = None) -> None:
        """Update the running stack to a package: each so-manieth call goes to it, until `release_machines`.

        Raises `AssertionError` with what the local cloud says where that fails. Handlers must be `process`.
        """
        self._ask(step="functions", package=str(package), every=every, parameters=dict(parameters or {}))
        self.package = package

    def release_machines(self, *, every: int = 1) -> None:
        """Lead all calls to the package released last, and each so-manieth new execution to its definitions."""
        self._ask(step="machines", every=every)

    def end_release(self) -> None:
        """Lead all new executions there."""
        self._ask(step="end")

    def operator(self, *command: str, tools: Path = ROOT) -> str:
        """What an operator's command says, run from a source tree. Raises `AssertionError` when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tools,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _ask(self, **step: Any) -> None:
        self._releases += 1
        number, answer = str(self._releases), self.home / "released.json"
        (self.home / "release.json").write_text(json.dumps({"id": number, **step}), "utf-8")
        os.kill(self.pid, signal.SIGHUP)
        began = time.monotonic()
        while not answer.exists() or json.loads(answer.read_text("utf-8"))["id"] != number:
            if time.monotonic() - began > START_PATIENCE_SECONDS:
                raise AssertionError("the local run does not answer a release")
            time.sleep(0.05)
        error = json.loads(answer.read_text("utf-8"))["error"]
        assert error is None, error

    def stop(self, patience: float = 30.0) -> int:
        """End it as Ctrl-C does. Answers the exit status."""
        return self._end(signal.SIGINT, patience)

    def kill(self) -> None:
        """End it as a power button would: no handler of its runs."""
        self._end(signal.SIGKILL, 10.0)

    def _end(self, number: signal.Signals, patience: float) -> int:
        if self._process is None or self._process.poll() is not None:
            return 0
        self._process.send_signal(number)
        return self._process.wait(patience)

    def memory_mib(self) -> float:
        """Resident memory of the launcher and its workers."""
        total = 0
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                lines = dict(line.split(":", 1) for line in status.read_text("utf-8").splitlines() if ":" in line)
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(self.pid) in (lines["Pid"].strip(), lines["PPid"].strip()) and "VmRSS" in lines:
                total += int(lines["VmRSS"].split()[0])
        return total / 1024


@contextmanager
def fresh_run(*, handlers: str = "inline") -> Iterator[LocalRun]:
    """A local run whose data is gone with the block. For commands."""
    with tempfile.TemporaryDirectory() as home:
        run = LocalRun(Path(home), handlers=handlers).start()
        try:
            yield run
        finally:
            run.stop()
