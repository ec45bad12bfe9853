"""How single values of an answer are written; the patterns are for the published schema."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Amount = Annotated[int, Field(ge=0, description="Đồng (VND).")]
MonthText = Annotated[str, Field(json_schema_extra={"pattern": r"^\d{4}-(0[1-9]|1[0-2])$"})]
DayText = Annotated[str, Field(json_schema_extra={"format": "date"})]
InstantText = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339, always +07:00."""
