"""What is printed on a cover, from the stored cover and the dated template (domain rule 6.1)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from chalicelib.documents.cover import cover_json, cover_view
from chalicelib.documents.templates import template_for, template_named
from chalicelib.documents.typesetting import DocumentError
from chalicelib.domain.errors import NotConfigured
from chalicelib.domain.people.identity import BirthDate, Gender
from chalicelib.law import load
from tests.documents.covers import COVER, ISSUED_AT, VIEW, cover, province

DA_NANG = province("Đà Nẵng", "thành phố")


def test_the_printed_words_of_a_cover() -> None:
    seen = cover_view(COVER, province=DA_NANG, issued_at=ISSUED_AT, signer_name="Đỗ Hữu Thiện")

    assert seen.full_name == "NGUYỄN THỊ HÒA"
    assert (seen.gender, seen.nationality) == ("Nữ", "Việt Nam")
    assert (seen.personal_id, seen.si_number) == ("048185012345", "0922121676")
    assert (seen.agency, seen.place) == ("Bảo hiểm xã hội thành phố Đà Nẵng", "Thành phố Đà Nẵng")
    assert (seen.signer_title, seen.signer_name) == ("GIÁM ĐỐC", "Đỗ Hữu Thiện")
    assert (seen.serial, seen.ordinal, seen.template) == (COVER.cover_id, 1, "2023-01-01")


@pytest.mark.parametrize(
    ("known", "printed"),
    (
        (BirthDate(1985, 5, 12), "12/05/1985"),
        (BirthDate(1985, 5), "05/1985"),
        (BirthDate(1985), "1985"),
    ),
)
def test_a_birth_date_is_printed_as_precise_as_it_is_known(known: BirthDate, printed: str) -> None:
    assert cover_view(cover(birth_date=known), province=DA_NANG, issued_at=ISSUED_AT).birth_date == printed


@pytest.mark.parametrize(("gender", "printed"), ((Gender.MALE, "Nam"), (Gender.FEMALE, "Nữ")))
def test_gender_in_words(gender: Gender, printed: str) -> None:
    assert cover_view(cover(gender=gender), province=DA_NANG, issued_at=ISSUED_AT).gender == printed


@pytest.mark.parametrize(
    ("name", "unit_type", "agency", "place"),
    (
        ("Hà Giang", "tỉnh", "Bảo hiểm xã hội tỉnh Hà Giang", "Hà Giang"),
        ("Hồ Chí Minh", "thành phố", "Bảo hiểm xã hội thành phố Hồ Chí Minh", "Thành phố Hồ Chí Minh"),
        ("Thành phố Hồ Chí Minh", "thành phố", "Bảo hiểm xã hội thành phố Hồ Chí Minh", "Thành phố Hồ Chí Minh"),
        ("Bà Rịa - Vũng Tàu", "tỉnh", "Bảo hiểm xã hội tỉnh Bà Rịa - Vũng Tàu", "Bà Rịa - Vũng Tàu"),
    ),
)
def test_the_agency_is_named_after_its_province(name: str, unit_type: str, agency: str, place: str) -> None:
    seen = cover_view(COVER, province=province(name, unit_type), issued_at=ISSUED_AT)

    assert (seen.agency, seen.place) == (agency, place)


@pytest.mark.parametrize("day", (date(2023, 2, 6), date(2026, 11, 22)))
def test_every_province_has_an_agency_and_a_place(day: date) -> None:
    template = template_for(day)
    for each in load().provinces.on(day):
        assert template.agency_of(each).startswith("Bảo hiểm xã hội ")
        assert template.place_of(each)
        assert "thành phố Thành phố" not in template.agency_of(each)


def test_a_kind_of_province_without_wording_is_refused() -> None:
    with pytest.raises(NotConfigured) as refused:
        cover_view(COVER, province=province("Phú Quốc", "đặc khu"), issued_at=ISSUED_AT)

    assert refused.value.code == "COVER_TEMPLATE_NOT_CONFIGURED"


def test_a_country_without_wording_is_refused() -> None:
    with pytest.raises(NotConfigured):
        cover_view(cover(nationality="LA"), province=DA_NANG, issued_at=ISSUED_AT)


def test_no_template_before_the_first_one() -> None:
    with pytest.raises(NotConfigured) as refused:
        template_for(date(2015, 12, 31))

    assert refused.value.code == "COVER_TEMPLATE_NOT_CONFIGURED"
    assert template_for(date(2016, 1, 1)).version == "2016-01-01"


def test_a_recorded_template_is_found_again_and_an_unknown_one_refused() -> None:
    assert template_named("2023-01-01") is template_for(date(2026, 11, 22))
    assert template_named("2016-01-01") is template_for(date(2022, 12, 31))
    with pytest.raises(DocumentError):
        template_named("1999-01-01")


def test_the_template_and_the_date_are_those_of_the_day_in_vietnam() -> None:
    # 2015-12-31 in London, but already the first day of the template in Hà Nội.
    seen = cover_view(COVER, province=DA_NANG, issued_at=datetime(2015, 12, 31, 17, 0, tzinfo=UTC))

    assert json.loads(cover_json(seen))["issued_on"] == "2016-01-01"


def test_the_data_is_canonical_json() -> None:
    data = cover_json(VIEW)

    parsed = json.loads(data)
    assert data == json.dumps(parsed, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert parsed == {
        "agency": "Bảo hiểm xã hội thành phố Đà Nẵng",
        "birth_date": "02/09/1984",
        "full_name": "NGUYỄN HỮU ĐẶNG DIỄM PHƯỢNG",
        "gender": "Nữ",
        "issued_at": "2026-11-22T10:05:00+07:00",
        "issued_on": "2026-11-22",
        "nationality": "Việt Nam",
        "ordinal": 1,
        "personal_id": "048184012345",
        "place": "Thành phố Đà Nẵng",
        "salt": "00112233445566778899aabbccddeeff",
        "schema": "bhxh-cover/1",
        "serial": "000.00.48.H17-261122-000007-C1",
        "si_number": "0922121676",
        "signer_name": "Đỗ Hữu Thiện",
        "signer_title": "GIÁM ĐỐC",
        "template": "2023-01-01",
    }
    assert b"salt" not in cover_json(replace(VIEW, salt=None))


def test_an_agency_may_have_a_signer_of_another_title() -> None:
    template = replace(template_for(date(2026, 11, 22)), signer_titles={"79": "GIÁM ĐỐC KHU VỰC"})

    assert template.title_of(DA_NANG) == "GIÁM ĐỐC"
    assert template.title_of(replace(DA_NANG, code="79")) == "GIÁM ĐỐC KHU VỰC"
