"""The canary sings where the doors answer rightly, and falls silent at the first that does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.usecases.oversight.sing import QUOTE, STEPS, Answered, over_http, sing

RIGHT: dict[str, tuple[int, Any]] = {
    "/api/v1/provinces?on=2025-08-01&limit=1": (200, {"items": [{"code": "01"}]}),
    "/api/v1/quotes": (200, {"amount_participant": 297_000}),
    "/api/v1/officer/dossiers": (401, {"code": "UNAUTHORIZED"}),
}


class Door(BaseHTTPRequestHandler):
    """An API that answers as it is told, and keeps what it was asked."""

    answers: Mapping[str, tuple[int, Any]] = RIGHT
    asked: list[tuple[str, str, bytes]]

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_GET  # noqa: N815 -- the name that http.server asks for

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, self.path, body))
        status, told = self.answers[self.path]
        sent = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an API that answers rightly."""
    monkeypatch.setattr(Door, "asked", [], raising=False)
    server = HTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/api/"
    server.shutdown()
    server.server_close()


def test_it_knocks_at_every_door_as_a_stranger(door: str) -> None:
    assert sing(over_http(door)) >= 0
    assert [(method, path) for method, path, _ in Door.asked] == [
        ("GET", "/api/v1/provinces?on=2025-08-01&limit=1"),
        ("POST", "/api/v1/quotes"),
        ("GET", "/api/v1/officer/dossiers"),
    ]
    assert json.loads(Door.asked[1][2]) == QUOTE


@pytest.mark.parametrize(
    ("path", "answer"),
    (
        ("/api/v1/quotes", (200, {"amount_participant": 297_001})),
        ("/api/v1/quotes", (503, {"code": "UNAVAILABLE"})),
        ("/api/v1/officer/dossiers", (200, {"items": []})),
        ("/api/v1/provinces?on=2025-08-01&limit=1", (403, b"<html>firewall</html>")),
    ),
)
def test_a_wrong_answer_is_a_failure_with_the_doors_name(
    door: str, path: str, answer: tuple[int, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Door, "answers", {**RIGHT, path: answer})
    with pytest.raises(Unavailable):
        sing(over_http(door))
    told = getattr(caplog.records[-1], "facts")  # noqa: B009 -- a field of our own on the record
    assert told["status"] == answer[0]
    assert told["action"] in {name for name, *_ in STEPS}


def test_nobody_there_is_status_0() -> None:
    assert over_http("http://127.0.0.1:1/")("GET", "/v1/provinces", None) == Answered(0, None)


def test_only_web_addresses() -> None:
    with pytest.raises(ValueError, match="https"):
        over_http("file:///etc/passwd")
