"""Problem codes that several routes answer for the same reason, as pairs of status and code."""

from __future__ import annotations

from typing import Final

CHOICE: Final = (
    (422, "INCOME_BELOW_MIN"),
    (422, "INCOME_ABOVE_MAX"),
    (422, "INCOME_NOT_ON_STEP"),
    (422, "METHOD_UNKNOWN"),
    (422, "METHOD_NOT_ENABLED"),
    (422, "MONTHS_NOT_ALLOWED"),
    (422, "MISSING_TOO_LONG"),
    (422, "MISSING_BEYOND_NEED"),
    (422, "REGISTERED_METHOD_INVALID"),
    (422, "NOT_LATE"),
    (422, "RETIREMENT_AGE_NOT_REACHED"),
    (422, "FROM_MONTH_TOO_FAR"),
    (422, "SUPPORT_CATEGORY_UNKNOWN"),
    (422, "SUPPORTED_MONTHS_INVALID"),
    (422, "PROVINCE_NOT_VALID"),
    (422, "LOCAL_SUPPORT_NOT_UNIFORM"),
    (422, "RATE_NOT_CONFIGURED"),
)
"""What may be wrong with an income, a method and months."""

PERSON: Final = (
    (422, "PERSONAL_ID_FORMAT"),
    (422, "PERSONAL_ID_PROVINCE"),
    (422, "PERSONAL_ID_GENDER"),
    (422, "PERSONAL_ID_BIRTH_YEAR"),
    (422, "NAME_LENGTH"),
    (422, "NAME_INVALID"),
    (422, "BIRTH_DATE_INVALID"),
    (422, "NATIONALITY_NOT_VN"),
    (422, "SI_NUMBER_FORMAT"),
    (422, "SI_NUMBER_PREFIX"),
    (422, "SI_NUMBER_MISMATCH"),
)
"""What may be wrong with who somebody is."""

CONTACT: Final = (
    (422, "PHONE_INVALID"),
    (422, "EMAIL_INVALID"),
    (422, "PROVINCE_NOT_VALID"),
    (422, "COMMUNE_CODE_INVALID"),
    (422, "DISTRICT_REQUIRED"),
    (422, "DISTRICT_CODE_INVALID"),
    (422, "DISTRICT_ABOLISHED"),
)
"""What may be wrong with how to reach somebody."""

KEY: Final = ((409, "IDEMPOTENCY_KEY_REUSED"), (422, "IDEMPOTENCY_KEY_INVALID"))
"""What may be wrong with an Idempotency-Key."""

DECISION: Final = (
    (409, "INVALID_TRANSITION"),
    (409, "IDEMPOTENCY_KEY_REUSED"),
    (412, "VERSION_CONFLICT"),
    (422, "IF_MATCH_INVALID"),
    (422, "IDEMPOTENCY_KEY_INVALID"),
)
"""Why a decision about something that was seen may be refused, with a key or without."""
