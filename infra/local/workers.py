"""Runs each function in processes of its own, from the packaged zip and its layers: what Lambda would have, no more."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from infra.package import Package, unpack_roots

from .settings import LocalSettings, client_environment

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Invocations that run at the same time over all functions; a worker takes about 60 MB."""
WORKER = Path(__file__).with_name("worker.py")
Answer = dict[str, Any]


class ProcessHandlers:
    """Executes invocations in workers. A worker serves one function, one invocation at a time, and is used again."""

    def __init__(self, package: Package, settings: LocalSettings, output: TextIO) -> None:
        self._task, self._layers = unpack_roots(package)
        self._layers_of = _layers_of(package)
        self._settings = settings
        self._output = output
        self._idle: dict[str, list[_Worker]] = defaultdict(list)
        self._all: set[_Worker] = set()
        self._lock = threading.Lock()
        self._gate = threading.BoundedSemaphore(AT_ONCE)

    def execute(self, config: Mapping[str, Any], event: Any, request_id: str) -> Answer:
        """One invocation. A worker that dies or takes longer than the function's timeout is reported and replaced."""
        with self._gate:
            worker = self._take(config)
            timeout = float(config.get("Timeout", 3))
            answer = worker.invoke(_request(config, event, request_id), timeout)
            with self._lock:
                if worker.alive:
                    self._idle[config["FunctionName"]].append(worker)
                else:
                    self._all.discard(worker)
        if answer.get("error"):
            log.warning("%s: %s", config["FunctionName"], answer.get("log"))
        return answer

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            for worker in self._all:
                worker.kill()

    def _take(self, config: Mapping[str, Any]) -> _Worker:
        name = config["FunctionName"]
        with self._lock:
            if self._idle[name]:
                return self._idle[name].pop()
        worker = _Worker(self._command(config), self._environment(config), self._output)
        with self._lock:
            self._all.add(worker)
        return worker

    def _command(self, config: Mapping[str, Any]) -> list[str]:
        # -I and -S: neither the source tree nor this environment's packages can be imported by accident.
        layers = [self._layers / name for name in self._layers_of.get(config["Handler"], [])]
        return [sys.executable, "-I", "-S", "-B", str(WORKER), config["Handler"], str(self._task), *map(str, layers)]

    def _environment(self, config: Mapping[str, Any]) -> dict[str, str]:
        layers = [str(self._layers / name) for name in self._layers_of.get(config["Handler"], [])]
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            **config.get("Environment", {}).get("Variables", {}),
            **client_environment(self._settings),
            "AWS_LAMBDA_FUNCTION_NAME": config["FunctionName"],
            "LAMBDA_TASK_ROOT": str(self._task),
            # Lambda lays every layer out under /opt; here each has a folder of its own.
            "LAYER_ROOTS": os.pathsep.join(layers),
        }


class _Worker:
    """One process that answers one line of JSON with another."""

    def __init__(self, command: list[str], environment: dict[str, str], output: TextIO) -> None:
        self._process = subprocess.Popen(
            command,
            env=environment,
            cwd=environment["LAMBDA_TASK_ROOT"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            encoding="utf-8",
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()

    def invoke(self, request: dict[str, Any], timeout: float) -> Answer:
        """Send one request and wait for its answer, at most `timeout` seconds."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the worker has no pipes")
        watch = threading.Timer(timeout, self.kill)
        watch.start()
        try:
            self._process.stdin.write(json.dumps(request, ensure_ascii=False) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        finally:
            late = not watch.is_alive()
            watch.cancel()
        if line:
            answer: Answer = json.loads(line)
            return answer
        self._process.kill()
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
