"""Covers to draw in tests, and what two independent readers see in the PDF."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pypdf
import pypdfium2  # type: ignore[import-untyped]

from chalicelib.documents.cover import CoverView
from chalicelib.domain.configuration.provinces import Province
from chalicelib.domain.covers.cover import Cover, CoverSnapshot, CoverState
from chalicelib.domain.people.identity import BirthDate, Gender

ISSUED_AT = datetime(2026, 11, 22, 3, 5, tzinfo=UTC)

VIEW = CoverView(
    template="2023-01-01",
    agency="Bảo hiểm xã hội thành phố Đà Nẵng",
    full_name="NGUYỄN HỮU ĐẶNG DIỄM PHƯỢNG",
    birth_date="02/09/1984",
    gender="Nữ",
    nationality="Việt Nam",
    personal_id="048184012345",
    si_number="0922121676",
    ordinal=1,
    serial="000.00.48.H17-261122-000007-C1",
    place="Thành phố Đà Nẵng",
    issued_at=ISSUED_AT,
    signer_title="GIÁM ĐỐC",
    signer_name="Đỗ Hữu Thiện",
    salt="00112233445566778899aabbccddeeff",
)

ADDRESS = (
    "HTTPS://XACTHUC.VSS.GOV.VN/C/2KCETIQBEYCEIPWFFBEKAWBDUMAUUAAAHEXU7GQMPBLAEBQZJPBCAUBPHY53ETO77LAMLL6VICLOMI4CLBAD"
    "IC5T666ENTWCHGLMHCUNOP2NWHVDE5V4E6IGFBTLICPZYOOQRKXQOCDCCVL5SDMW66YNS3G4WAVR5REXNTL2X4I2PTJ2NYL2576EFY"
)
"""What a verification code holds; the shape is right, the key is nobody's."""

COVER = Cover(
    cover_id="000.00.48.H17-261122-000007-C1",
    dossier_code="000.00.48.H17-261122-000007",
    number=1,
    province_code="48",
    snapshot=CoverSnapshot(
        full_name="nguyễn thị  hòa",
        birth_date=BirthDate(1985, 5, 12),
        gender=Gender.FEMALE,
        nationality="VN",
        personal_id="048185012345",
        si_number="0922121676",
    ),
    state=CoverState.CHECKED,
    version=2,
    created_at=ISSUED_AT,
)


def view(**changes: Any) -> CoverView:
    return replace(VIEW, **changes)


def cover(**changes: Any) -> Cover:
    return replace(COVER, snapshot=replace(COVER.snapshot, **changes))


def province(name: str, unit_type: str) -> Province:
    return Province("00", name, unit_type, date(2008, 8, 1), None, (), (), None, "made up")


def text_by_pdfium(pdf: bytes) -> str:
    """The text as Chrome copies it out."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        assert len(document) == 1
        return " ".join(document[0].get_textpage().get_text_range().split())
    finally:
        document.close()


def text_by_pypdf(pdf: bytes) -> str:
    """The text by the fonts' ToUnicode tables alone, as simple readers and archives see it."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(pages[0].extract_text().split())


def name_in(text: str) -> str:
    """What stands between two labels: the name."""
    return text.partition("Họ và tên:")[2].partition("Ngày, tháng, năm sinh:")[0].strip()
