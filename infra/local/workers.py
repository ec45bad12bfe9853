"""Runs each function in processes of its own, from the packaged zip and its layers: what Lambda would have, no more.

During a gradual release there are two versions, as behind an alias on AWS: each its code, its layers and its settings.
"""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from infra.package import Package, unpack_roots

from . import direct
from .settings import LocalSettings, client_environment
from .worker import ANSWER, Pipe

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Invocations that run at the same time over all functions; a worker takes about 60 MB."""
WORKER = Path(__file__).with_name("worker.py")
Answer = dict[str, Any]


@dataclass(eq=False)
class Version:
    """What one package makes of every function.

    `configs`: the functions' settings by name, while the stack may hold those of another version; empty: the stack's.
    """

    task: Path
    layers: Path
    layers_of: Mapping[str, list[str]]
    configs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    idle: dict[str, list[_Worker]] = field(default_factory=lambda: defaultdict(list))
    workers: set[_Worker] = field(default_factory=set)
    ended: bool = False

    @classmethod
    def of(cls, package: Package) -> Version:
        task, layers = unpack_roots(package)
        return cls(task, layers, _layers_of(package))


class ProcessHandlers:
    """Executes invocations in workers. A worker serves one function, one invocation at a time, and is used again."""

    def __init__(self, package: Package, settings: LocalSettings, output: TextIO) -> None:
        self._settings = settings
        self._output = output
        self._live = Version.of(package)
        self._next: Version | None = None
        self._every = 1
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._gate = threading.BoundedSemaphore(AT_ONCE)

    def begin_release(self, package: Package, configs: Mapping[str, Mapping[str, Any]]) -> None:
        """Another package is coming. Call before the stack changes, with its settings: they stay those of all calls.

        Functions that the stack does not have yet are the new version's alone.
        """
        coming = Version.of(package)
        with self._lock:
            self._live.configs = copy.deepcopy(dict(configs))
            self._next, self._every = coming, 0
            self._calls.clear()

    def lead(self, every: int, configs: Mapping[str, Mapping[str, Any]]) -> None:
        """Lead each so-manieth call of a function to the new version. Call once the stack has changed.

        Not before, and with its settings: a version is its code with them, on AWS as well.
        """
        with self._lock:
            if self._next is not None:
                self._next.configs = copy.deepcopy(dict(configs))
                self._every = every

    def end_release(self) -> None:
        """From now on all calls go to the new version; what runs of the old one still finishes."""
        with self._lock:
            if self._next is None:
                return
            former, self._live, self._next = self._live, self._next, None
            former.ended, self._live.configs = True, {}
            idle = [worker for workers in former.idle.values() for worker in workers]
            former.workers.difference_update(idle)
            former.idle.clear()
        for worker in idle:
            worker.kill()

    def execute(self, config: Mapping[str, Any], event: Any, request_id: str) -> Answer:
        """One invocation. A worker that dies or takes longer than the function's timeout is reported and replaced."""
        with self._gate:
            version = self._version(config["FunctionName"])
            config = version.configs.get(config["FunctionName"], config)
            worker = self._take(version, config)
            timeout = float(config.get("Timeout", 3))
            answer = worker.invoke(_request(config, event, request_id), timeout)
            with self._lock:
                if worker.alive and not version.ended:
                    version.idle[config["FunctionName"]].append(worker)
                else:
                    version.workers.discard(worker)
                    worker.kill()
        if answer.get("error"):
            log.warning("%s: %s", config["FunctionName"], answer.get("log"))
        return answer

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            for version in filter(None, (self._live, self._next)):
                for worker in version.workers:
                    worker.kill()

    def _version(self, name: str) -> Version:
        """Which version answers the next call of a function."""
        with self._lock:
            if self._next is None:
                return self._live
            self._calls[name] += 1
            led = self._every > 0 and self._calls[name] % self._every == 0
            return self._next if led or name not in self._live.configs else self._live

    def _take(self, version: Version, config: Mapping[str, Any]) -> _Worker:
        """A worker with these settings: whatever has others, from before a change of the function, is ended."""
        name, environment = config["FunctionName"], self._environment(version, config)
        with self._lock:
            while version.idle[name]:
                worker = version.idle[name].pop()
                if worker.environment == environment:
                    return worker
                version.workers.discard(worker)
                worker.kill()
        worker = _Worker(_command(version, config), environment, self._output)
        with self._lock:
            version.workers.add(worker)
        return worker

    def _environment(self, version: Version, config: Mapping[str, Any]) -> dict[str, str]:
        layers = [str(version.layers / name) for name in version.layers_of.get(config["Handler"], [])]
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            **config.get("Environment", {}).get("Variables", {}),
            **client_environment(self._settings),
            "AWS_LAMBDA_FUNCTION_NAME": config["FunctionName"],
            "LAMBDA_TASK_ROOT": str(version.task),
            # Lambda lays every layer out under /opt; here each has a folder of its own.
            "LAYER_ROOTS": os.pathsep.join(layers),
        }


def _command(version: Version, config: Mapping[str, Any]) -> list[str]:
    # -I and -S: neither the source tree nor this environment's packages can be imported by accident.
    layers = [version.layers / name for name in version.layers_of.get(config["Handler"], [])]
    return [sys.executable, "-I", "-S", "-B", str(WORKER), config["Handler"], str(version.task), *map(str, layers)]


class _Worker:
    """One process that answers invocations, and is answered what it asks of the services meanwhile."""

    def __init__(self, command: list[str], environment: dict[str, str], output: TextIO) -> None:
        self.environment = environment
        self._process = subprocess.Popen(
            command,
            env=environment,
            cwd=environment["LAMBDA_TASK_ROOT"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the worker has no pipes")
        self._pipe = Pipe(self._process.stdout, self._process.stdin)
        self._ready = select.poll()
        self._ready.register(self._process.stdout, select.POLLIN)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End it and what leads to it; once more does no harm."""
        self._process.kill()
        self._process.wait()
        for pipe in filter(None, (self._process.stdin, self._process.stdout)):
            with contextlib.suppress(OSError):
                pipe.close()

    def invoke(self, request: dict[str, Any], timeout: float) -> Answer:
        """Send one request and wait for its answer, at most `timeout` seconds."""
        until, late = time.monotonic() + timeout, False
        try:
            self._pipe.write(request)
            while not (late := not self._ready.poll(max(0.0, until - time.monotonic()) * 1000)):
                told = self._pipe.read()
                if told is None:
                    break
                if told[0] == ANSWER:
                    answer: Answer = json.loads(told[1])
                    return answer
                self._pipe.write(*(direct.answer(told[1], told[2]) or ()))
        except (OSError, ValueError):
            # Also where another thread has ended it, and the pipes are closed.
            log.warning("%s: the worker has gone", request["name"])
        self.kill()
        kind = "Sandbox.Timedout" if late else "Runtime.ExitError"
        text = f"Task timed out after {timeout:.2f} seconds" if late else "the worker ended without an answer"
        return {"body": {"errorMessage": text, "errorType": kind}, "error": True, "log": text}


def _request(config: Mapping[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    return {
        "event": event,
        "request_id": request_id,
        "name": config["FunctionName"],
        "arn": config.get("FunctionArn", ""),
        "memory": config.get("MemorySize", 128),
        "timeout": config.get("Timeout", 3),
    }


def _layers_of(package: Package) -> dict[str, list[str]]:
    """The layers of each handler, as the template gives them: names of folders of the package's layers."""
    resources = package.read_template()["Resources"]
    names: dict[str, list[str]] = {}
    for resource in resources.values():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = resource["Properties"]
            references = [each["Ref"] for each in properties.get("Layers", [])]
            paths = [resources[reference]["Properties"]["ContentUri"] for reference in references]
            names[properties["Handler"]] = [Path(path).stem for path in paths]
    return names
