"""The identifiers of a dossier: how each is written, and what its digits must agree with."""

from __future__ import annotations

import re
from datetime import date

from ..configuration.provinces import Provinces
from ..errors import Fault
from ..people.identity import BirthDate, Gender

_PERSONAL_ID = re.compile(r"[0-9]{12}")
_SI_NUMBER = re.compile(r"[0-9]{10}")
_MOBILE = re.compile(r"0[35789][0-9]{8}")
_PHONE_PUNCTUATION = str.maketrans("", "", " .-()")
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_EMAIL_LENGTH = 254
_BIRTH_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_EARLIEST_BIRTH_YEAR = 1900
_SHORT_CODE = re.compile(r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}-([0-9]{6})-[0-9]{4}")
_LONG_CODE = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9]{2})*-([0-9]{8})-[0-9]{7}")
_SHORT_LIMIT, _LONG_LIMIT = 9_999, 9_999_999
_ARMY_AND_POLICE = frozenset({"97", "98"})
"""BHXH codes of the Ministry of Defence and the Ministry of Public Security, beside the provinces'."""


def is_personal_id(text: str) -> bool:
    """Twelve digits (NĐ 137/2015 Art. 13); there is no check digit."""
    return _PERSONAL_ID.fullmatch(text) is not None


def personal_id_faults(personal_id: str, gender: Gender | None, birth_year: int | None) -> list[Fault]:
    """What a personal identifier `PPP C YY RRRRRR` contradicts (TT 59/2021 Art. 4).

    C gives century and gender, even for men; YY the year within the century. A fact that is None is not compared.
    Codes: PERSONAL_ID_FORMAT, PERSONAL_ID_GENDER, PERSONAL_ID_BIRTH_YEAR.
    """
    if not is_personal_id(personal_id):
        return [Fault("personal_id", "PERSONAL_ID_FORMAT", "Số định danh cá nhân gồm đúng 12 chữ số.")]
    faults = []
    century, parity = divmod(int(personal_id[3]), 2)
    if gender is not None and (gender is Gender.FEMALE) != bool(parity):
        faults.append(Fault("personal_id", "PERSONAL_ID_GENDER", "Số định danh cá nhân không khớp với giới tính."))
    if birth_year is not None and 1900 + 100 * century + int(personal_id[4:6]) != birth_year:
        message = "Số định danh cá nhân không khớp với năm sinh."
        faults.append(Fault("personal_id", "PERSONAL_ID_BIRTH_YEAR", message))
    return faults


def personal_id_warnings(personal_id: str, provinces: Provinces) -> list[Fault]:
    """PERSONAL_ID_PROVINCE for an unknown place of birth registration.

    Only a warning: the list of countries is not complete, and numbers keep the codes of before the 2025 merger.
    """
    if personal_id[:3] in provinces.birth_codes:
        return []
    message = "Ba số đầu của số định danh cá nhân không thuộc danh mục tỉnh, thành phố đã biết."
    return [Fault("personal_id", "PERSONAL_ID_PROVINCE", message)]


def is_si_number(text: str) -> bool:
    """Ten digits; a string, it may begin with 0. No check digit is known."""
    return _SI_NUMBER.fullmatch(text) is not None


def si_number_faults(si_number: str) -> list[Fault]:
    """SI_NUMBER_FORMAT unless the number has ten digits."""
    if is_si_number(si_number):
        return []
    return [Fault("si_number", "SI_NUMBER_FORMAT", "Mã số BHXH gồm đúng 10 chữ số.")]


def si_number_warnings(si_number: str, provinces: Provinces) -> list[Fault]:
    """SI_NUMBER_PREFIX when the first two digits are no known province, army or police code."""
    if f"0{si_number[:2]}" in provinces.birth_codes or si_number[:2] in _ARMY_AND_POLICE:
        return []
    return [Fault("si_number", "SI_NUMBER_PREFIX", "Hai số đầu của mã số BHXH không thuộc danh mục đã biết.")]


def normalise_phone(text: str) -> str | None:
    """A Vietnamese mobile number as `0xxxxxxxxx`; None for anything else. `+84` and `84` stand for 0."""
    digits = text.translate(_PHONE_PUNCTUATION)
    if digits.startswith("+84"):
        digits = "0" + digits[3:]
    elif digits.startswith("84"):
        digits = "0" + digits[2:]
    return digits if _MOBILE.fullmatch(digits) else None


def is_email(text: str) -> bool:
    """An address of at most 254 characters with a domain name that can exist."""
    return len(text) <= _EMAIL_LENGTH and _EMAIL.fullmatch(text) is not None


def parse_birth_date(text: str, today: date) -> BirthDate | None:
    """Read `1985-05-12`, `1985-05` or `1985`; None for no such day, a day to come, or before 1900."""
    found = _BIRTH_DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day = (None if part is None else int(part) for part in found.groups())
    if year is None or year < _EARLIEST_BIRTH_YEAR:
        return None
    birth = BirthDate(year, month, day)
    try:
        possible = birth.earliest <= today
    except ValueError:
        return None
    return birth if possible else None


def dossier_code(unit_code_pattern: str, province: str, day: date, number: int) -> str:
    """The code of the `number`-th dossier of a province and day: `000.00.79.G24-230206-0001` (TT 01/2018 Art. 19).

    `unit_code_pattern` holds `{province}`. Beyond 9,999 a day the second version with seven digits takes over:
    `G24.79-20230206-0010000`. Raises ValueError outside 1..9,999,999.
    """
    unit = unit_code_pattern.format(province=province)
    if 1 <= number <= _SHORT_LIMIT:
        return f"{unit}-{day.isoformat()[2:].replace('-', '')}-{number:04d}"
    if _SHORT_LIMIT < number <= _LONG_LIMIT:
        return f"{unit.rpartition('.')[2]}.{province}-{day:%Y%m%d}-{number:07d}"
    raise ValueError("a day has 1 to 9,999,999 dossier codes")


def is_dossier_code(text: str) -> bool:
    """Whether a text has one of the two versions of a dossier code, with a day that exists."""
    found = _SHORT_CODE.fullmatch(text)
    digits = f"20{found[1]}" if found else ""
    if not found:
        found = _LONG_CODE.fullmatch(text)
        digits = found[1] if found else ""
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def masked(number: str) -> str:
    """A number as people see it who need not know it whole: `079*****2345`, of a short one nothing but stars."""
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}" if len(number) > 8 else "*" * len(number)
