"""Lambda's answers to those who call the renderer: the real handler, its errors as the runtime tells them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.workflows.renderer import cover_renderer


def render(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """One invocation of the renderer's handler."""
    answer: Mapping[str, Any] = cover_renderer(payload, None)
    return answer


@dataclass
class LambdaDesk:
    """A Lambda client that knows one function."""

    function: Callable[[Mapping[str, Any]], Any] = render
    invoked: list[Mapping[str, Any]] = field(default_factory=list)

    def invoke(self, **parameters: Any) -> dict[str, Any]:
        """Call the function; what it raises becomes an answer, as on Lambda."""
        self.invoked.append(parameters)
        try:
            answer = {"body": self.function(json.loads(parameters["Payload"]))}
        except Exception as error:
            told = {"errorMessage": str(error), "errorType": type(error).__name__}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(told).encode())}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer["body"]).encode())}
