"""One local run per home folder, on ports that are free."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator

from .settings import HOST, LocalSettings


class AlreadyRunning(Exception):
    """Another process runs from the same home folder."""


class BusyPort(Exception):
    """A port that something else listens on."""


@contextlib.contextmanager
def hold(settings: LocalSettings) -> Iterator[None]:
    """Hold the home folder until the end. The kernel frees the lock however the process ends.

    Raises `AlreadyRunning` or `BusyPort`, each with a message for the person who typed `make run`.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise AlreadyRunning(f"A local run is already going ({lock.read().strip()}).") from error
        # Of a run that was killed.
        settings.endpoints.unlink(missing_ok=True)
        for name, port in (("PORT", settings.port), ("AWS_PORT", settings.aws_port)):
            if not _free(port):
                other = next((each for each in range(port + 1, port + 100) if _free(each)), port + 1)
                raise BusyPort(f"Port {port} on {HOST} is in use by another program; choose another: {name}={other}")
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, {settings.api_url}, data in {settings.home}")
        lock.flush()
        try:
            yield
        finally:
            settings.endpoints.unlink(missing_ok=True)


def is_held(settings: LocalSettings) -> bool:
    """Whether a local run goes, or is starting, from this home folder."""
    try:
        with (settings.home / "run.lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
