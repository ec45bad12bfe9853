"""Who has looked at a dossier, on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.domain.people.views import Seen

from .base import Wire
from .scalars import InstantText


class ViewItem(Wire):
    """Một lần xem hồ sơ. Không nêu tên hay mã cán bộ."""

    number: Annotated[int, Field(ge=1)] = Field(description="Số thứ tự trong nhật ký xem của hồ sơ, không khuyết.")
    at: InstantText
    agency: str = Field(description="Cơ quan của người xem.")
    role: str = Field(description="Vai trò của người xem: officer, signer, publisher hoặc ops.")
    what: Seen
    reason: str = Field(description="Mục đích xem do người xem nêu.")
    allowed: bool = Field(description="false: bị từ chối, người xem không thấy gì của hồ sơ.")
    emergency: bool = Field(description="true: cán bộ ngoài tỉnh xem khẩn cấp, đã nêu mục đích và đã báo động.")


class ViewPage(Wire):
    """Nhật ký xem, mới nhất trước."""

    items: tuple[ViewItem, ...]
    next_cursor: str | None
