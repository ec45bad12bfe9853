"""Addresses in Việt Nam: three levels until 2025-06-30, two after; codes are those of the declaration's day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from ..configuration.law import Law
from ..form import Form

_COMMUNE = re.compile(r"[0-9]{5}")
_DISTRICT = re.compile(r"[0-9]{3}")
_HOUSE_STREET_LENGTH = 200
_LEVELS_WITH_DISTRICT = 3


@dataclass(frozen=True, slots=True)
class Address:
    house_street: str | None
    commune_code: str
    district_code: str | None
    """Until 2025-06-30; the district level ended that day."""
    province_code: str


@dataclass(frozen=True, slots=True)
class AddressDraft:
    """An address as sent; a member is None where nothing readable was sent."""

    house_street: str | None = None
    commune_code: str | None = None
    district_code: str | None = None
    province_code: str | None = None


def check_address(form: Form, field: str, draft: AddressDraft, day: date, law: Law) -> Address | None:
    """The address by the rules of a day, None if a member is missing or wrong.

    Codes: REQUIRED, PROVINCE_NOT_VALID, COMMUNE_CODE_INVALID, DISTRICT_REQUIRED, DISTRICT_CODE_INVALID,
    DISTRICT_ABOLISHED, TEXT_INVALID. Communes are checked for their form only: their list is not part of the law
    tables. Raises `NotConfigured` for a day without address levels.
    """
    province = form.required(f"{field}.province_code", draft.province_code)
    if province is not None and law.provinces.get(province, day) is None:
        message = "Mã tỉnh, thành phố không có hiệu lực vào ngày kê khai."
        form.fault(f"{field}.province_code", "PROVINCE_NOT_VALID", message)
        province = None
    commune = form.required(f"{field}.commune_code", draft.commune_code)
    if commune is not None and not _COMMUNE.fullmatch(commune):
        form.fault(f"{field}.commune_code", "COMMUNE_CODE_INVALID", "Mã xã, phường gồm 5 chữ số.")
        commune = None
    district_sound = _check_district(form, f"{field}.district_code", draft.district_code, day, law)
    house_street = form.text(f"{field}.house_street", draft.house_street, _HOUSE_STREET_LENGTH)
    if province is None or commune is None or not district_sound:
        return None
    return Address(house_street, commune, draft.district_code, province)


def _check_district(form: Form, field: str, district: str | None, day: date, law: Law) -> bool:
    """Nghị quyết 202/2025/QH15 and the law on local government: no districts from 2025-07-01."""
    if law.address_levels.on(day).value == _LEVELS_WITH_DISTRICT:
        if district is None:
            if not form.unread(field):
                form.fault(field, "DISTRICT_REQUIRED", "Địa chỉ đến hết ngày 30/06/2025 phải có quận, huyện.")
            return False
        if not _DISTRICT.fullmatch(district):
            form.fault(field, "DISTRICT_CODE_INVALID", "Mã quận, huyện gồm 3 chữ số.")
            return False
    elif district is not None:
        form.fault(field, "DISTRICT_ABOLISHED", "Từ ngày 01/07/2025 địa chỉ không còn quận, huyện.")
        return False
    return True
