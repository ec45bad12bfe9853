"""Cover templates by date: wording, fields, signer's title and the naming of agencies are data, not code."""

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

from .dated import dated
from .seals import Frame
from .typesetting import DocumentError, assets_folder

SIGNATURE_FRAME = Frame(x=91, y=217, width=94, height=24)
"""Where all templates so far draw the signature's frame."""


@dataclass(frozen=True, slots=True)
class CoverTemplate:
    """One dated form of the cover sheet. `version` is recorded with each cover: a printed form never changes."""

    version: str
    layout: Path
    signer_title: str
    """Of an agency that is not named in `signer_titles`."""
    signer_titles: Mapping[str, str]
    """By province code, where an agency's director signs under another title."""
    agency: Mapping[str, str]
    """Pattern with `{name}` of the issuing agency, by the kind of province."""
    place: Mapping[str, str]
    """Pattern with `{name}` of the place in the date line, by the kind of province."""
    gender: Mapping[str, str]
    nationality: Mapping[str, str]
    signature_frame: Frame = SIGNATURE_FRAME

    @property
    def words(self) -> Path:
        """The file with the wording."""
        return self.layout.with_suffix(".json")

    def agency_of(self, province: Province) -> str:
        """Such as `Bảo hiểm xã hội thành phố Hồ Chí Minh`. Raises `NotConfigured` for an unknown kind."""
        return self._word(self.agency, province.unit_type).format(name=bare_name(province))

    def place_of(self, province: Province) -> str:
        """Such as `Thành phố Hồ Chí Minh` or `Hà Giang`. Raises `NotConfigured` for an unknown kind."""
        return self._word(self.place, province.unit_type).format(name=bare_name(province))

    def title_of(self, province: Province) -> str:
        """Under which title the agency of a province signs."""
        return self.signer_titles.get(province.code, self.signer_title)

    def gender_word(self, code: str) -> str:
        """`Nam` or `Nữ`. Raises `NotConfigured`."""
        return self._word(self.gender, code)

    def nationality_word(self, code: str) -> str:
        """The Vietnamese name of a country, by ISO 3166 code. Raises `NotConfigured`."""
        return self._word(self.nationality, code)

    def _word(self, words: Mapping[str, str], code: str) -> str:
        try:
            return words[code]
        except KeyError:
            raise NotConfigured(
                "COVER_TEMPLATE_NOT_CONFIGURED", f"Mẫu tờ bìa {self.version} chưa có cách ghi cho “{code}”."
            ) from None


def template_for(day: date) -> CoverTemplate:
    """The template of covers issued on a day (in Việt Nam). Raises `NotConfigured` before the first one."""
    return _templates(assets_folder()).on(day).value


def template_named(version: str) -> CoverTemplate:
    """The template recorded with a cover. Raises DocumentError for one that is not shipped."""
    for row in _templates(assets_folder()).rows:
        if row.value.version == version:
            return row.value
    raise DocumentError(f"no cover template {version}")


@lru_cache(maxsize=2)
def _templates(assets: Path) -> Table[CoverTemplate]:
    return dated("cover", assets, _template)


def _template(words: Mapping[str, Any], path: Path) -> CoverTemplate:
    return CoverTemplate(
        version=words["version"],
        layout=path.with_suffix(".typ"),
        signer_title=_titles(words)["default"],
        signer_titles=_titles(words)["by_agency"],
        **{key: words[key] for key in ("agency", "place", "gender", "nationality")},
    )


def _titles(words: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first template knows one title for all."""
    titles = words["signer_title"]
    return {"default": titles, "by_agency": {}} if isinstance(titles, str) else titles


def bare_name(province: Province) -> str:
    """`Hồ Chí Minh` also where the list of provinces says `Thành phố Hồ Chí Minh`."""
    kind = f"{province.unit_type} "
    return province.name[len(kind) :] if province.name.lower().startswith(kind) else province.name
