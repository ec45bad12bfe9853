"""Where a dossier rests, on the wire: its delivery and its reopening."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import Wire


class Delivery(Wire):
    """Trả kết quả bản giấy: nơi trả và, khi gửi bưu chính, số vận đơn."""

    channel: Literal["COUNTER", "POST"] = Field(description="COUNTER: tại bộ phận một cửa; POST: qua bưu chính.")
    tracking_no: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,40}$")] | None = None

    def told(self) -> str:
        """What the citizen reads of it."""
        if self.channel == "COUNTER":
            return "Đã trả tờ bìa tại bộ phận tiếp nhận và trả kết quả."
        number = "" if self.tracking_no is None else f", số vận đơn {self.tracking_no}"
        return f"Đã gửi tờ bìa qua bưu chính{number}."
