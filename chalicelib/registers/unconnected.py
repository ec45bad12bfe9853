"""The registers of a stage that has none connected: a declaration is refused, never taken unchecked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..domain.errors import Unavailable
from ..domain.people.evidence import Evidence
from ..storage.keys import Key
from ..storage.table import Stored


class UnconnectedRegisters:
    def keys(self, person: str) -> Sequence[Key]:
        return ()

    def evidence(self, person: str, personal_id: str, read: Mapping[Key, Stored]) -> Evidence:
        raise Unavailable(
            "REGISTER_UNAVAILABLE",
            "Chưa kết nối được cơ sở dữ liệu dân cư và danh sách đối chiếu, vui lòng thử lại sau.",
        )
