"""The verification of a cover and the public keys behind it, on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.domain.covers.cover import CoverStatus

from .base import Wire
from .scalars import DayText

_Base64Url = Annotated[str, Field(json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"})]


class CoverVerification(Wire):
    """Kết quả xác thực tờ bìa sổ BHXH theo mã QR."""

    status: CoverStatus = Field(description="VALID: còn hiệu lực; REVOKED: đã thu hồi; REPLACED: đã thay bằng bản mới.")
    issued_on: DayText
    issuer: str
    full_name_masked: str = Field(description="Chữ cái đầu của mỗi từ trong họ tên.")
    si_number_masked: str = Field(description="Hai số đầu và ba số cuối của mã số BHXH.")


class PublicKey(Wire):
    """Khóa công khai (RFC 7517) ký mã QR; `kid` viết theo hệ thập lục phân."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    alg: Literal["ES256"]
    use: Literal["sig"]
    kid: Annotated[str, Field(json_schema_extra={"pattern": "^[0-9a-f]{8}$"})]
    x: _Base64Url
    y: _Base64Url


class PublicKeys(Wire):
    """Các khóa công khai, kể cả khóa cũ: ai cũng kiểm được chữ ký của mã QR mà không cần mạng."""

    keys: tuple[PublicKey, ...]
    cose_key_set: _Base64Url = Field(description="Cũng các khóa đó, dạng COSE_KeySet (RFC 9052), mã hóa base64url.")
