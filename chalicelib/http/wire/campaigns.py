"""Campaigns on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.domain.covers.campaign import CampaignState

from .base import Wire
from .scalars import InstantText

Count = Annotated[int, Field(ge=0)]


class CampaignRequest(Wire):
    """Cấp đồng loạt các tờ bìa đang chờ của một tỉnh, thành phố, nhiều nhất 10.000."""

    province_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]


class RefusedCover(Wire):
    """Một tờ bìa không cấp được, với mã lỗi như khi cấp riêng."""

    cover_id: str
    code: str


class CampaignReport(Wire):
    """Kết quả của đợt cấp cho đến lúc này."""

    campaign_id: str
    province_code: str
    state: CampaignState = Field(description="INCOMPLETE: có phần bị lỗi, tờ bìa của phần đó vẫn đang chờ.")
    started_at: InstantText
    count: Count = Field(description="Số tờ bìa trong danh sách.")
    remaining: Count = Field(description="Số tờ bìa chưa đến lượt.")
    outcomes: dict[str, Count] = Field(
        description="Số tờ bìa theo kết quả: CHECKED đã quyết định cấp, PROPOSED chờ người ký thứ hai, hoặc mã lỗi."
    )
    refused: tuple[RefusedCover, ...] = Field(description="Tờ bìa không cấp được, nhiều nhất 100.")
