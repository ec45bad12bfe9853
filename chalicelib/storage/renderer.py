"""The function that draws documents, called from where its library is not: it answers with the file that it stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..domain.covers.cover import Cover, StoredFile
from ..domain.errors import Conflict, NotConfigured, Unavailable
from ..domain.registration.slip import Slip

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Renderer:
    client: Any
    function: str

    def draw_slip(self, slip: Slip) -> StoredFile:
        """Have a slip drawn and stored, or found where an earlier call left it.

        Raises:
            Conflict: SLIP_NOT_PRINTABLE, the fonts lack a character of it.
            NotConfigured: SLIP_TEMPLATE_NOT_CONFIGURED, no template for its day.
            Unavailable: SLIP_NOT_READY, it could not be drawn now; a later call draws it.
        """
        told = {"schema": SCHEMA, "dossier_code": slip.dossier_code, "slip": slip.kind, "number": slip.number}
        return self._drawn(told, "SLIP", "Phiếu")

    def draw_preview(self, cover: Cover) -> StoredFile:
        """Have the draft of a cover drawn and stored.

        Raises:
            Conflict: COVER_NOT_PRINTABLE, the fonts lack a character of it.
            NotConfigured: COVER_TEMPLATE_NOT_CONFIGURED, no template for today.
            Unavailable: COVER_NOT_READY, it could not be drawn now; a later call draws it.
        """
        told = {"schema": SCHEMA, "dossier_code": cover.dossier_code, "cover_id": cover.cover_id, "preview": True}
        return self._drawn(told, "COVER", "Tờ bìa")

    def _drawn(self, told: Mapping[str, object], kind: str, name: str) -> StoredFile:
        from botocore.exceptions import BotoCoreError

        not_ready = Unavailable(f"{kind}_NOT_READY", f"{name} chưa được tạo xong, vui lòng thử lại sau ít giây.")
        try:
            answer = self.client.invoke(FunctionName=self.function, Payload=json.dumps(told).encode())
            content: Mapping[str, Any] = json.loads(answer["Payload"].read())
        except BotoCoreError as error:
            raise not_ready from error
        if "FunctionError" not in answer:
            return StoredFile(**content)
        match content.get("errorType"):
            case "MissingGlyphError":
                message = f"{name} có ký tự mà phông chữ của biểu mẫu không in được."
                raise Conflict(f"{kind}_NOT_PRINTABLE", message)
            case "NotConfigured":
                message = f"Chưa có mẫu {name.lower()} cho ngày ban hành này."
                raise NotConfigured(f"{kind}_TEMPLATE_NOT_CONFIGURED", message)
            case _:
                raise not_ready
