"""The function that draws documents, called from where its library is not: it answers with the file that it stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..domain.cover import StoredFile
from ..domain.errors import Conflict, NotConfigured, Unavailable
from ..domain.slip import Slip

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
        from botocore.exceptions import BotoCoreError

        told = {"schema": SCHEMA, "dossier_code": slip.dossier_code, "slip": slip.kind, "number": slip.number}
        try:
            answer = self.client.invoke(FunctionName=self.function, Payload=json.dumps(told).encode())
            content: Mapping[str, Any] = json.loads(answer["Payload"].read())
        except BotoCoreError as error:
            raise _not_ready() from error
        if "FunctionError" in answer:
            raise _refusal(str(content.get("errorType")))
        return StoredFile(**content)


def _refusal(error: str) -> Conflict | NotConfigured | Unavailable:
    match error:
        case "MissingGlyphError":
            return Conflict("SLIP_NOT_PRINTABLE", "Phiếu có ký tự mà phông chữ của biểu mẫu không in được.")
        case "NotConfigured":
            return NotConfigured("SLIP_TEMPLATE_NOT_CONFIGURED", "Chưa có mẫu phiếu cho ngày ban hành này.")
        case _:
            return _not_ready()


def _not_ready() -> Unavailable:
    return Unavailable("SLIP_NOT_READY", "Phiếu chưa được tạo xong, vui lòng thử lại sau ít giây.")
