"""Templates of the one-stop shop's slips by date: form numbers, wording and the naming of agencies are data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from chalicelib.domain.configuration.law import Table
from chalicelib.domain.configuration.provinces import Province
from chalicelib.domain.errors import NotConfigured
from chalicelib.domain.registration.slip import SlipKind

from .dated import dated
from .templates import bare_name
from .typesetting import DocumentError, assets_folder

LAYOUT = "slip-2018-11-23.typ"
"""Every version so far has this layout, with its own words."""


@dataclass(frozen=True, slots=True)
class SlipTemplate:
    """One dated set of slips. `version` is stored with each slip: a printed form never changes."""

    version: str
    layout: Path
    words: Mapping[str, Any]
    """The wording, as `slip-<version>.json` has it; the layout reads the same file."""

    def kind(self, kind: SlipKind) -> Mapping[str, Any]:
        """The words of one kind of slip."""
        words: Mapping[str, Any] = self.words["kinds"][kind]
        return words

    def word(self, table: str, code: str, **values: str) -> str:
        """A word of one of the tables of words, with its places filled in. Raises `NotConfigured`."""
        words: Mapping[str, str] = self.words[table]
        try:
            return words[code].format(**values)
        except KeyError:
            raise NotConfigured(
                "SLIP_TEMPLATE_NOT_CONFIGURED", f"Mẫu phiếu {self.version} chưa có cách ghi cho “{code}”."
            ) from None

    def agency_of(self, province: Province) -> str:
        """Such as `Bảo hiểm xã hội thành phố Hồ Chí Minh`. Raises `NotConfigured` for an unknown kind."""
        return self.word("agency", province.unit_type, name=bare_name(province))

    def place_of(self, province: Province) -> str:
        """Such as `Thành phố Hồ Chí Minh` or `Hà Giang`. Raises `NotConfigured` for an unknown kind."""
        return self.word("place", province.unit_type, name=bare_name(province))


def slip_template_for(day: date) -> SlipTemplate:
    """The template of slips issued on a day (in Việt Nam). Raises `NotConfigured` before the first one."""
    return _templates(assets_folder()).on(day).value


def slip_template_named(version: str) -> SlipTemplate:
    """The template recorded with a slip. Raises DocumentError for one that is not shipped."""
    for row in _templates(assets_folder()).rows:
        if row.value.version == version:
            return row.value
    raise DocumentError(f"no slip template {version}")


@lru_cache(maxsize=2)
def _templates(assets: Path) -> Table[SlipTemplate]:
    return dated("slip", assets, lambda words, path: SlipTemplate(words["version"], path.with_name(LAYOUT), words))
