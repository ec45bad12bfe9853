"""What the tools beside the product share: an environment for each (`build/tools`), and a local run of their own.

Their packages are locked with hashes in `tests/<tool>.txt` and installed at first use, so that neither CI nor anybody
who does not need them waits for them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from infra.local.client import LocalClient

ROOT = Path(__file__).resolve().parents[1]
START_PATIENCE_SECONDS = 180.0


def environment(tool: str) -> Path:
    """The folder of programs of an environment with what `tests/<tool>.txt` locks; made anew when the lock changes."""
    lock = ROOT / "tests" / f"{tool}.txt"
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = ROOT / "build" / "tools" / f"{tool}-{digest}"
    if not (folder / ".done").exists():
        print(f"==> installing {tool} from tests/{lock.name} (once per lock file)", flush=True)
        uv = str(Path(sys.executable).with_name("uv"))
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
        python = str(folder / "bin" / "python")
        subprocess.run([uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", str(lock)], check=True)
        (folder / ".done").touch()
    return folder / "bin"


@contextlib.contextmanager
def local_run(*, keep_log: Path | None = None) -> Iterator[LocalClient]:
    """A client of a fresh local run on free ports, which ends with the block; its process id is `client.pid`.

    Raises RuntimeError with what it said when it does not come up.
    """
    with tempfile.TemporaryDirectory(prefix="bhxh-") as folder:
        home = Path(folder)
        ports = free_ports()
        variables = {**os.environ, "PORT": str(ports[0]), "AWS_PORT": str(ports[1]), "LOCAL_HOME": str(home)}
        with (home / "terminal.txt").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "infra.local"], cwd=ROOT, env=variables, stdout=output, stderr=output
            )
        try:
            _wait(process, home)
            client = LocalClient(home / "endpoints.json")
            client.endpoints["pid"] = process.pid
            yield client
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
            if keep_log and (home / "run.log").exists():
                keep_log.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(home / "run.log", keep_log)


def _wait(process: subprocess.Popen[bytes], home: Path) -> None:
    began = time.monotonic()
    while not (home / "endpoints.json").exists():
        if process.poll() is not None or time.monotonic() - began > START_PATIENCE_SECONDS:
            raise RuntimeError(f"the local run did not come up:\n{(home / 'terminal.txt').read_text('utf-8')}")
        time.sleep(0.1)


def free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def tell(began: float, text: str) -> None:
    """Say how far a command is, with the seconds since it began (`time.monotonic`)."""
    print(f"[{time.monotonic() - began:6.1f} s] {text}", flush=True)
