"""One Lambda worker: imports a handler from the unpacked package alone and answers invocations from standard input.

Started as `python -I -S worker.py HANDLER TASK_ROOT [LAYER_ROOT...]`; only the standard library is there besides.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any


class Context:
    """The part of Lambda's context object that Python code reads."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.function_name = request["name"]
        self.function_version = "$LATEST"
        self.invoked_function_arn = request["arn"]
        self.memory_limit_in_mb = request["memory"]
        self.aws_request_id = request["request_id"]
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = "local"
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + request["timeout"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main(handler_name: str, task_root: str, *layers: str) -> None:
    """Answer until standard input ends. An import that fails answers every invocation, as on Lambda."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # What the handler prints is its log.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Lambda's order: the task root before the layers; this script's own folder is not there at all.
    sys.path[0:0] = [task_root, *(str(Path(layer) / "python") for layer in layers)]
    module_name, _, attribute = handler_name.rpartition(".")
    handler: Any = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if handler is None:
                handler = getattr(importlib.import_module(module_name), attribute)
            answer = {"body": handler(request["event"], Context(request)), "log": ""}
            text = json.dumps(answer, ensure_ascii=False)
        except Exception as error:
            trace = traceback.format_exc()
            body = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": trace.splitlines()}
            text = json.dumps({"body": body, "error": True, "log": trace}, ensure_ascii=False)
        answers.write(text + "\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
