"""One request as a view sees it: body, headers, query and caller, each read strictly and only once."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final
from unicodedata import normalize
from urllib.parse import unquote

from chalice.app import Request

from chalicelib.domain.access import Caller, Role
from chalicelib.domain.errors import (
    Fault,
    Forbidden,
    PreconditionRequired,
    Rejected,
    Unauthenticated,
    Unreadable,
)
from chalicelib.domain.oversight.canary import ROUTES, is_canary
from chalicelib.domain.people.views import DEFAULT_REASON, LONGEST_REASON, SHORTEST_EMERGENCY
from chalicelib.usecases.answers import Idempotency
from chalicelib.wiring import wiring

from .problems import BodyTooLarge, UnsupportedMediaType

MAX_BODY_BYTES: Final = 64 * 1024
MAX_TAGS_LENGTH: Final = 1024

_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_ENTITY_TAG = re.compile(r'"([1-9][0-9]{0,8})"', re.ASCII)
_WEIGHT = re.compile(r"[01](?:\.[0-9]{0,3})?", re.ASCII)
_TRACE_ROOT = re.compile(r"(?:^|;)\s*Root=([0-9a-fA-F-]{10,64})", re.ASCII)


class Incoming:
    """A request on its way in. Reading it raises the domain errors that `problems` maps."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.trace_id = trace_id_of(request)

    def json(self) -> Any:
        """The body as parsed JSON (RFC 8259, and I-JSON: no duplicate names, no lone surrogates).

        Raises:
            BodyTooLarge: over 64 KiB.
            UnsupportedMediaType: a Content-Type other than application/json in UTF-8.
            Unreadable: NOT_JSON for anything that is not JSON, NaN and Infinity included.
        """
        return read_json(self._raw_body())

    def json_object(self) -> dict[str, Any]:
        """The body, which must be one JSON object. Raises what `json` raises."""
        body = self.json()
        if not isinstance(body, dict):
            raise Unreadable("NOT_JSON_OBJECT", "Nội dung gửi lên phải là một đối tượng JSON.")
        return body

    def optional_json_object(self) -> dict[str, Any]:
        """Like `json_object`, but no body at all counts as an empty object."""
        return self.json_object() if self._request.raw_body else {}

    def _raw_body(self) -> bytes:
        raw = self._request.raw_body
        raw = raw.encode() if isinstance(raw, str) else raw
        if len(raw) > MAX_BODY_BYTES:
            raise BodyTooLarge("BODY_TOO_LARGE", "Nội dung gửi lên vượt quá 64 KiB.")
        # API Gateway passes a body without a Content-Type on as JSON; so do we.
        if not is_json_type(self._request.headers.get("content-type") or "application/json"):
            raise UnsupportedMediaType(
                "UNSUPPORTED_MEDIA_TYPE", "Nội dung phải có kiểu application/json, mã hóa UTF-8."
            )
        return raw

    def idempotency(self, body: Mapping[str, Any]) -> Idempotency:
        """Like `optional_idempotency`; raises `PreconditionRequired` (IDEMPOTENCY_KEY_REQUIRED) without the header."""
        found = self.optional_idempotency(body)
        if found is None:
            raise PreconditionRequired("IDEMPOTENCY_KEY_REQUIRED", "Yêu cầu này phải có tiêu đề Idempotency-Key.")
        return found

    def optional_idempotency(self, body: Mapping[str, Any]) -> Idempotency | None:
        """The Idempotency-Key with the fingerprint of method, path and body; None without the header.

        The fingerprint is taken over the canonical JSON: spaces and the order of names do not count.

        Raises:
            Rejected: IDEMPOTENCY_KEY_INVALID, not 1-255 visible ASCII characters.
        """
        key = self._request.headers.get("idempotency-key")
        if key is None:
            return None
        if _IDEMPOTENCY_KEY.fullmatch(key) is None:
            message = "Idempotency-Key phải gồm 1 đến 255 ký tự ASCII nhìn thấy được, không có dấu cách."
            raise Rejected([Fault("Idempotency-Key", "IDEMPOTENCY_KEY_INVALID", message)])
        path = self._request.path
        for name, value in (self._request.uri_params or {}).items():
            path = path.replace("{" + name + "}", unquote(value))
        content = f"{self._request.method} {path}\n".encode() + canonical(body)
        return Idempotency(key=key, fingerprint=hashlib.sha256(content).hexdigest())

    def if_match(self) -> int:
        """The version in `If-Match: "4"`.

        Raises:
            PreconditionRequired: IF_MATCH_REQUIRED, no such header.
            Rejected: IF_MATCH_INVALID, not one strong entity tag holding a version.
        """
        tag = self._request.headers.get("if-match")
        if tag is None:
            raise PreconditionRequired("IF_MATCH_REQUIRED", 'Yêu cầu này phải có tiêu đề If-Match, ví dụ "4".')
        found = _ENTITY_TAG.fullmatch(tag.strip())
        if found is None:
            message = 'If-Match phải là một số phiên bản đặt trong dấu ngoặc kép, ví dụ "4".'
            raise Rejected([Fault("If-Match", "IF_MATCH_INVALID", message)])
        return int(found[1])

    def optional_if_match(self) -> int | None:
        """Like `if_match`, but None without the header."""
        return None if self._request.headers.get("if-match") is None else self.if_match()

    def if_none_match(self) -> frozenset[int]:
        """The versions in `If-None-Match: "4"`; empty without it, and for tags that are none of ours.

        A weak tag compares like a strong one (RFC 9110, 13.1.2); `*` is no version that anybody has seen.

        Raises:
            Rejected: IF_NONE_MATCH_INVALID, longer than any list of versions that somebody may have seen.
        """
        tags = self._request.headers.get("if-none-match") or ""
        if len(tags) > MAX_TAGS_LENGTH:
            message = "If-None-Match dài quá mức cho phép (1024 ký tự)."
            raise Rejected([Fault("If-None-Match", "IF_NONE_MATCH_INVALID", message)])
        found = (_ENTITY_TAG.fullmatch(tag.strip().removeprefix("W/")) for tag in tags.split(","))
        return frozenset(int(each[1]) for each in found if each is not None)

    def view_reason(self) -> str:
        """Why an officer looks: X-View-Reason (percent-encoded UTF-8) or `view_reason`, else the usual reason.

        Raises:
            Rejected: VIEW_REASON_INVALID, no text of 1-200 printable characters.
        """
        header = self._request.headers.get("x-view-reason")
        given = [header] if header is not None else self.query().get("view_reason", [])
        if not given:
            return DEFAULT_REASON
        try:
            reason = normalize("NFC", unquote(given[0], errors="strict") if header is not None else given[0]).strip()
        except UnicodeDecodeError:
            reason = ""
        if len(given) > 1 or not 1 <= len(reason) <= LONGEST_REASON or not reason.isprintable():
            message = "Mục đích xem hồ sơ phải là 1 đến 200 ký tự in được (UTF-8, mã hóa phần trăm trong tiêu đề)."
            raise Rejected([Fault("X-View-Reason", "VIEW_REASON_INVALID", message)])
        return reason

    def emergency(self) -> bool:
        """Whether an officer breaks the glass: `X-Break-Glass: 1`, with a reason of its own in X-View-Reason.

        Raises:
            Rejected: BREAK_GLASS_INVALID, another value, or a reason of fewer than 20 characters.
        """
        given = self._request.headers.get("x-break-glass")
        if given is None:
            return False
        if given.strip() != "1" or len(self.view_reason()) < SHORTEST_EMERGENCY:
            message = "Xem khẩn cấp hồ sơ ngoài tỉnh cần X-Break-Glass: 1 và mục đích xem từ 20 ký tự trở lên."
            raise Rejected([Fault("X-Break-Glass", "BREAK_GLASS_INVALID", message)])
        return True

    def prefers_html(self) -> bool:
        """Whether the caller would rather read a page than JSON, as browsers do (RFC 9110, 12.5.1)."""
        wanted = {"text/html": 0.0, "application/json": 0.0}
        for listed in (self._request.headers.get("accept") or "").lower().split(","):
            kind, *parameters = (part.strip() for part in listed.split(";"))
            if kind in wanted:
                weights = [part[2:] for part in parameters if part.startswith("q=")]
                wanted[kind] = float(weights[0]) if weights and _WEIGHT.fullmatch(weights[0]) else 1.0
        return wanted["text/html"] > wanted["application/json"]

    def query(self) -> Mapping[str, list[str]]:
        """The query string, every value of every name; blank values count as absent, blank names as names."""
        listed: Mapping[str, list[str]] = self._request.to_original_event()["multiValueQueryStringParameters"] or {}
        return {name: [value for value in values if value != ""] for name, values in listed.items()}

    def caller(self) -> Caller:
        """Who calls, as the token authoriser proved it.

        Raises:
            Unauthenticated: no authoriser stood before this route; CERTIFICATE_REQUIRED for a portal that came past
                the address with mutual TLS, where there is one.
        """
        proved = self._request.context.get("authorizer") or {}
        try:
            role = Role(proved["role"])
            sub = str(proved["sub"])
        except (KeyError, ValueError):
            raise Unauthenticated("UNAUTHORIZED", "Thiếu mã truy cập hoặc mã không hợp lệ.") from None
        caller = Caller(
            sub=sub,
            role=role,
            client_id=proved.get("client_id") or None,
            provinces=_with_handed_over((proved.get("provinces") or "").split()),
            also_sees=frozenset((proved.get("also_sees") or "").split()),
        )
        if is_canary(caller):
            # No certificate of the portal's is asked of it: its token is made by a key of ours, and opens two doors.
            if (self._request.method, self._request.path) not in ROUTES:
                raise Forbidden("ROLE_NOT_ALLOWED", "Vai trò của bạn không được thực hiện thao tác này.")
        elif role is Role.PORTAL and wiring().settings.portal_certificate and not self._shows_certificate():
            raise Unauthenticated("CERTIFICATE_REQUIRED", "Phải gọi qua địa chỉ có xác thực chứng thư hai chiều.")
        return caller

    def _shows_certificate(self) -> bool:
        """API Gateway puts the certificate here that mutual TLS has proved, and nothing without mutual TLS."""
        identity = self._request.context.get("identity") or {}
        return bool((identity.get("clientCert") or {}).get("serialNumber"))


def _with_handed_over(provinces: list[str]) -> frozenset[str]:
    """An officer's provinces, with those that have merged into them: a dossier keeps its old code (domain rule 8)."""
    if not provinces:
        return frozenset()
    w = wiring()
    known, today = w.law.provinces, w.clock.now().date()
    return frozenset().union(*(known.handed_to(code, today) for code in provinces))


def is_json_type(content_type: str) -> bool:
    """True for `application/json`, with UTF-8 as the only charset that may be named."""
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [part.partition("=")[2].strip('" ') for part in parameters if part.startswith("charset")]
    return media_type == "application/json" and all(charset in {"utf-8", "utf8"} for charset in charsets)


def read_json(raw: bytes) -> Any:
    """Parse JSON strictly.

    Raises:
        Unreadable: NOT_JSON. Python's own reader takes NaN, duplicate names and lone surrogates;
            none of them survives a second system, so none is taken here.
    """
    try:
        text = raw.decode("utf-8")
        value = _READER.decode(text)
    except (ValueError, RecursionError):
        raise _not_json() from None
    if "\\u" in text:
        canonical(value)
    return value


def canonical(value: Any) -> bytes:
    """One form for equal JSON values: names sorted, no spaces, UTF-8.

    Raises:
        Unreadable: NOT_JSON, nested too deep or holding half of a surrogate pair.
    """
    try:
        return _CANONICAL.encode(value).encode("utf-8")
    except (ValueError, RecursionError):
        raise _not_json() from None


def _not_json() -> Unreadable:
    return Unreadable("NOT_JSON", "Nội dung gửi lên không phải là JSON hợp lệ (UTF-8).")


def _refuse_constant(name: str) -> Any:
    raise ValueError("not a JSON number")


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name appears twice")
    return made


_READER: Final = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_unique_names)
_CANONICAL: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def trace_id_of(request: Request | None) -> str:
    """What finds this request in the logs: API Gateway's request id, else the X-Ray root, else a new id."""
    if request is None:
        return str(uuid.uuid4())
    gateway = request.context.get("requestId")
    if gateway:
        return str(gateway)
    root = _TRACE_ROOT.search(request.headers.get("x-amzn-trace-id") or "")
    return root[1] if root else str(uuid.uuid4())
