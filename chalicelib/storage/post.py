"""One POST to an address that somebody else configured: short, to a public host, over TLS, no redirect followed.

A name is resolved once, every address it has is judged, and the connection goes to an address that was judged: a name
that answers differently the second time (DNS rebinding) gains nothing. The body of an answer is never read.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS = 3
READ_SECONDS = 7
PORTS = frozenset({443, 8443})
LONGEST_URL = 2048


class Unfit(ValueError):
    """An address that nothing may be sent to; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Posted:
    """What came back: the status, or the code of what kept it from coming. `retry_after` is in seconds."""

    status: int | None
    error: str | None
    milliseconds: int
    retry_after: int | None = None

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Post:
    """Sends bodies. `sandbox` allows plain HTTP and hosts of one's own network, so that a test can receive."""

    sandbox: bool = False
    resolve: Callable[..., Any] = socket.getaddrinfo

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        """Send once. Every failure is an answer (`error`), none is raised."""
        began = time.monotonic()
        status: int | None = None
        error: str | None = None
        retry_after: int | None = None
        try:
            place, address = self._checked(url)
            status, retry_after = _send(place, address, headers, body)
        except Unfit as unfit:
            error = unfit.code
        except OSError as failed:
            error = "NAME_UNKNOWN" if isinstance(failed, socket.gaierror) else "NO_CONNECTION"
        except Exception as failed:  # urllib3's own; the text may quote what was sent, its class says enough
            error = _code_of(failed)
        return Posted(status, error, round((time.monotonic() - began) * 1000), retry_after)

    def _checked(self, url: str) -> tuple[SplitResult, str]:
        """The parts of a fit address, and the IP address to connect to. Raises `Unfit`; OSError for an unknown name."""
        place = self._parts(url)
        found = self.resolve(place.hostname, _port(place), type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not addresses or not all(self._fit(ipaddress.ip_address(each)) for each in addresses):
            raise Unfit("ADDRESS_NOT_ALLOWED")
        return place, addresses[0]

    def _parts(self, url: str) -> SplitResult:
        try:
            place = urlsplit(url)
            port = _port(place)
        except ValueError:
            raise Unfit("URL_INVALID") from None
        plain = url.isascii() and len(url) <= LONGEST_URL and not any(map(str.isspace, url))
        if not plain or not place.hostname or place.username is not None or place.fragment:
            raise Unfit("URL_INVALID")
        if self.sandbox and place.scheme in {"http", "https"}:
            return place
        if place.scheme != "https" or port not in PORTS:
            raise Unfit("URL_NOT_ALLOWED")
        return place

    def _fit(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        if isinstance(address, ipaddress.IPv6Address):
            if address.sixtofour or address.teredo or address in _NAT64:
                return False
            if address.ipv4_mapped is not None:
                address = address.ipv4_mapped
        if self.sandbox:
            # The cloud's own metadata service lies among the link-local addresses.
            return not (address.is_link_local or address.is_multicast or address.is_unspecified)
        return address.is_global and not address.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _port(place: SplitResult) -> int:
    return place.port or (443 if place.scheme == "https" else 80)


def _send(place: SplitResult, address: str, headers: Mapping[str, str], body: bytes) -> tuple[int, int | None]:
    from botocore.httpsession import get_cert_path
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout

    settings: dict[str, Any] = {"timeout": Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS), "maxsize": 1}
    pool: Any
    if place.scheme == "https":
        # To the address that was judged, for the name that was configured.
        settings |= {"server_hostname": place.hostname, "assert_hostname": place.hostname}
        settings |= {"cert_reqs": "CERT_REQUIRED", "ca_certs": get_cert_path(True)}
        pool = HTTPSConnectionPool(address, _port(place), **settings)
    else:
        pool = HTTPConnectionPool(address, _port(place), **settings)
    target = (place.path or "/") + (f"?{place.query}" if place.query else "")
    try:
        answer = pool.urlopen(
            "POST",
            target,
            body=body,
            headers={**headers, "Host": place.netloc},
            retries=False,
            redirect=False,
            preload_content=False,
        )
        answer.close()
        asked = answer.headers.get("retry-after", "")
        return answer.status, int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 6 else None
    finally:
        pool.close()


def _code_of(error: Exception) -> str:
    from urllib3 import exceptions

    if isinstance(error, exceptions.SSLError):
        return "TLS_FAILED"
    if isinstance(error, exceptions.ConnectTimeoutError | exceptions.NewConnectionError):
        return "NO_CONNECTION"
    if isinstance(error, exceptions.ReadTimeoutError):
        return "NO_ANSWER"
    return "NO_HTTP_ANSWER"
