"""Slips of the one-stop shop, on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.domain.registration.slip import SlipKind

from .base import Wire
from .scalars import InstantText


class SlipLink(Wire):
    """Đường dẫn tải phiếu PDF, có hiệu lực nhiều nhất 5 phút."""

    kind: SlipKind
    number: Annotated[int, Field(ge=1)] = Field(description="Lần ban hành loại phiếu này trong hồ sơ.")
    issued_at: InstantText
    url: str
    sha256: Annotated[str, Field(json_schema_extra={"pattern": "^[0-9a-f]{64}$"})]
    expires_at: InstantText
