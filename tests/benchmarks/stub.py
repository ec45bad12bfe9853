"""AWS at no price: answers each request inside the process, so that what is measured is the client's CPU.

Everything of botocore but the socket is paid as in production: building, signing, sending through its own hooks,
and parsing. The floor and our handlers speak to the same stub.
"""

from __future__ import annotations

import base64
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session

from chalicelib.storage.keys import FIELD_KEYS

from . import samples

Attributes = Mapping[str, Any]
"""An item as DynamoDB writes it."""

DATA_KEY = json.dumps(
    {"Plaintext": base64.b64encode(bytes(range(64))).decode(), "CiphertextBlob": base64.b64encode(b"wrapped").decode()}
).encode()
DATA_KEYS = json.dumps(
    {"Items": [{"PK": {"S": FIELD_KEYS}, "SK": {"S": "KEY#000001"}, "wrapped": {"S": "d3JhcHBlZA=="}}]}
).encode()
SECRET = json.dumps({"Name": "key", "SecretString": "the key of the bench"}).encode()
FLOOR_ITEM = {"PK": {"S": "DOSSIER#1"}, "SK": {"S": "META"}, "state": {"S": "AWAITING_PAYMENT"}}


class Stub:
    """First a table that keeps what is put (`learning`); then canned answers, which cost nothing to give."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.items: dict[tuple[str, str], Attributes] = {}
        self.learning = True
        self._canned: dict[str, bytes] = {
            "GenerateDataKey": DATA_KEY,
            "Decrypt": DATA_KEY,
            "GetSecretValue": SECRET,
            "Query": json.dumps({"Items": [FLOOR_ITEM], "Count": 1, "ScannedCount": 1}).encode(),
            "TransactWriteItems": b"{}",
        }

    def can_batch(self, table: str, found: list[Attributes]) -> None:
        """From now on every batch of reads is answered with these items."""
        self.learning = False
        self._canned["BatchGetItem"] = json.dumps({"Responses": {table: found}, "UnprocessedKeys": {}}).encode()

    @contextmanager
    def standing_in(self) -> Iterator[Stub]:
        """Every client of this process speaks to this stub, however and whenever it was made."""
        with mock.patch.object(URLLib3Session, "send", lambda _, request: self._send(request)):
            yield self

    def _send(self, request: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        self.calls[operation] += 1
        body = self._learnt(operation, json.loads(request.body)) if self.learning else self._canned[operation]
        headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": "0" * 52}
        return AWSResponse(request.url, 200, headers, _Raw(body))

    def _learnt(self, operation: str, asked: Any) -> bytes:
        match operation:
            case "PutItem":
                self._put(asked["Item"])
            case "TransactWriteItems":
                for write in asked["TransactItems"]:
                    if "Put" in write:
                        self._put(write["Put"]["Item"])
            case "GetItem":
                found = self.items.get(_key(asked["Key"]))
                return json.dumps({"Item": found} if found else {}).encode()
            case "BatchGetItem":
                ((table, wanted),) = asked["RequestItems"].items()
                found_all = [self.items[_key(key)] for key in wanted["Keys"] if _key(key) in self.items]
                return json.dumps({"Responses": {table: found_all}, "UnprocessedKeys": {}}).encode()
            case "Query" if {"S": FIELD_KEYS} in asked["ExpressionAttributeValues"].values():
                return json.dumps(
                    {"Items": [item for (pk, _), item in self.items.items() if pk == FIELD_KEYS]}
                ).encode()
            case _:
                return self._canned[operation]
        return b"{}"

    def _put(self, item: Attributes) -> None:
        self.items[_key(item)] = item


def _key(attributes: Attributes) -> tuple[str, str]:
    return str(attributes["PK"]["S"]), str(attributes["SK"]["S"])


class _Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server that answers like an empty table, whose business clock stands at `samples.NOW`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Table)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Table(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        body = self._answer(self.headers["X-Amz-Target"].rpartition(".")[2], asked)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, operation: str, asked: bytes) -> bytes:
        match operation:
            case "Decrypt":
                return DATA_KEY
            case "Query" if FIELD_KEYS.encode() in asked:
                return DATA_KEYS
            case "GetSecretValue":
                return SECRET
            case "Query":
                return b'{"Items": [], "Count": 0, "ScannedCount": 0}'
            case "BatchGetItem":
                return b'{"Responses": {}, "UnprocessedKeys": {}}'
            case "GetItem":
                offset = datetime.fromisoformat(samples.NOW) - datetime.now(UTC)
                clock = {"offset_milliseconds": {"N": str(round(offset.total_seconds() * 1000))}, "version": {"N": "1"}}
                return json.dumps({"Item": clock}).encode()
            case _:
                return b"{}"

    def log_message(self, *_: object, **__: object) -> None:
        """Nothing is told: the table of the bench is the output."""
