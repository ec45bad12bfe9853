"""One POST to an address that somebody configured: where it may go, and what is made of what comes back."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.storage import post as module
from chalicelib.storage.post import Post
from tests.support.receiver import Receiver, receiver

SANDBOX, PRODUCTION = Post(sandbox=True), Post()


def resolved(*addresses: str) -> Any:
    return lambda host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]


@pytest.fixture(name="there")
def _there() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


def test_it_arrives_as_it_was_sent(there: Receiver) -> None:
    body = '{"reason": "đủ"}'.encode()
    posted = SANDBOX(f"{there.url}?a=1", {"webhook-id": "1", "Content-Type": "application/json"}, body)
    assert (posted.status, posted.error, posted.taken) == (204, None, True)
    (request,) = there.arrived
    assert (request.path, request.body, request.headers["webhook-id"]) == ("/hook?a=1", body, "1")
    assert request.headers["Host"] == there.url.split("/")[2]


@pytest.mark.parametrize(("status", "taken"), ((200, True), (299, True), (301, False), (400, False), (503, False)))
def test_only_2xx_is_taken_and_no_redirect_is_followed(there: Receiver, status: int, taken: bool) -> None:
    there.answers = [status]
    there.headers = {"Location": f"{there.url}/elsewhere", "Retry-After": "7"}
    posted = SANDBOX(there.url, {}, b"{}")
    assert (posted.status, posted.taken, posted.retry_after) == (status, taken, 7)
    assert len(there.arrived) == 1


@pytest.mark.parametrize("told", ("", "soon", "-1", "9" * 7, "Wed, 21 Oct 2026 07:28:00 GMT"))
def test_an_odd_retry_after_is_no_retry_after(there: Receiver, told: str) -> None:
    there.headers = {"Retry-After": told}
    assert SANDBOX(there.url, {}, b"{}").retry_after is None


@pytest.mark.parametrize(
    "url",
    (
        "",
        "no url",
        "http://",
        "https://user:pass@portal.example/",
        "https://portal.example/#part",
        "https://portal.example/a b",
        "https://cổng.example/",
        "https://portal.example:notaport/",
        "https://portal.example/" + "a" * 3000,
    ),
)
def test_what_is_no_address_is_never_looked_up(url: str) -> None:
    def looked_up(*_: Any, **__: Any) -> Any:
        raise AssertionError("looked up")

    for each in (True, False):
        assert Post(each, looked_up)(url, {}, b"").error == "URL_INVALID"


@pytest.mark.parametrize("url", ("http://portal.example/", "https://portal.example:22/", "ftp://portal.example/"))
def test_outside_the_sandbox_it_is_tls_on_its_own_ports(url: str) -> None:
    assert Post(resolve=resolved("203.0.113.7"))(url, {}, b"").error == "URL_NOT_ALLOWED"


PRIVATE = (
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 -- an address to refuse
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "2001:0:1234::1",
    "ff02::1",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_of_a_network_of_ours_is_spoken_to(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(module, "_send", lambda *_: pytest.fail("spoken to"))
    url = "https://portal.example/hook"
    assert Post(resolve=resolved(address))(url, {}, b"").error == "ADDRESS_NOT_ALLOWED"
    # One good address among several does not make the name good.
    assert Post(resolve=resolved("8.8.8.8", address))(url, {}, b"").error == "ADDRESS_NOT_ALLOWED"
    assert Post(resolve=resolved())(url, {}, b"").error == "ADDRESS_NOT_ALLOWED"


@pytest.mark.parametrize("address", ("169.254.169.254", "fe80::1", "224.0.0.1", "::ffff:169.254.169.254"))
def test_the_metadata_service_is_closed_in_the_sandbox_too(address: str) -> None:
    assert Post(True, resolved(address))("http://portal.example/", {}, b"").error == "ADDRESS_NOT_ALLOWED"


def test_it_connects_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers otherwise the second time gains nothing."""
    went: list[tuple[str, str]] = []

    def send(place: Any, address: str, *_: Any) -> tuple[int, None]:
        went.append((place.netloc, address))
        return 204, None

    monkeypatch.setattr(module, "_send", send)
    assert Post(resolve=resolved("8.8.8.8", "1.1.1.1"))("https://portal.example/hook", {}, b"").taken
    assert Post(resolve=resolved("2606:4700::1111"))("https://portal.example:8443/hook", {}, b"").taken
    assert went == [("portal.example", "8.8.8.8"), ("portal.example:8443", "2606:4700::1111")]


def test_nobody_there_is_told_as_such(there: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        assert SANDBOX(f"http://127.0.0.1:{port}/", {}, b"").error == "NO_CONNECTION"

    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror("unknown")

    assert Post(True, unknown)("http://portal.example/", {}, b"").error == "NAME_UNKNOWN"
    assert SANDBOX(there.url.replace("http:", "https:"), {}, b"").error == "TLS_FAILED"


def test_no_answer_in_time_and_no_answer_of_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert SANDBOX(url, {}, b"").error == "NO_ANSWER"
    with socket.create_server(("127.0.0.1", 0)) as rude:

        def answer() -> None:
            connection, _ = rude.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"who is there?\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert SANDBOX(f"http://127.0.0.1:{rude.getsockname()[1]}/", {}, b"").error == "NO_HTTP_ANSWER"
        thread.join()


def test_a_certificate_is_judged_by_the_configured_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to an address, the certificate must be the name's."""
    pem = _certificate(tmp_path, "portal.example")
    monkeypatch.setattr("botocore.httpsession.get_cert_path", lambda _: str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve() -> None:
            for _ in range(2):
                connection, _ = listening.accept()
                try:
                    with context.wrap_socket(connection, server_side=True) as spoken:
                        heard = b""
                        # All of it: who closes on unread bytes resets the connection before its answer is read.
                        while not heard.endswith(b"{}"):
                            more = spoken.recv(4096)
                            if not more:
                                break
                            heard += more
                        spoken.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                except OSError:
                    continue

        thread = threading.Thread(target=serve)
        thread.start()
        to_loopback = Post(True, resolved("127.0.0.1"))
        assert to_loopback(f"https://portal.example:{port}/", {}, b"{}").status == 204
        assert to_loopback(f"https://other.example:{port}/", {}, b"{}").error == "TLS_FAILED"
        thread.join()


def _certificate(folder: Path, name: str) -> Path:
    from datetime import UTC, datetime, timedelta

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "portal.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return pem
