"""Working days: the table of domain rule 5.6."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from holidays import country_holidays

from chalicelib.domain.errors import NotConfigured
from chalicelib.law import load

CALENDAR = load().calendar


def days(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


@pytest.mark.parametrize(
    ("first", "last"),
    (
        ("2023-01-02", "2023-01-02"),
        ("2023-01-20", "2023-01-26"),
        ("2023-04-29", "2023-05-03"),
        ("2023-09-01", "2023-09-04"),
        ("2024-01-01", "2024-01-01"),
        ("2024-02-08", "2024-02-14"),
        ("2024-04-18", "2024-04-18"),
        ("2024-04-27", "2024-05-01"),
        ("2024-08-31", "2024-09-03"),
        ("2025-01-01", "2025-01-01"),
        ("2025-01-25", "2025-02-02"),
        ("2025-04-05", "2025-04-07"),
        ("2025-04-30", "2025-05-04"),
        ("2025-08-30", "2025-09-02"),
        ("2026-01-01", "2026-01-01"),
        ("2026-02-14", "2026-02-22"),
        ("2026-04-27", "2026-04-27"),
        ("2026-04-30", "2026-05-01"),
        ("2026-08-29", "2026-09-02"),
    ),
)
def test_days_off(first: str, last: str) -> None:
    assert not any(CALENDAR.is_working_day(day) for day in days(first, last))
    before, after = date.fromisoformat(first) - timedelta(days=1), date.fromisoformat(last) + timedelta(days=1)
    for neighbour in (before, after):
        assert neighbour not in CALENDAR.days_off


@pytest.mark.parametrize("day", ("2024-05-04", "2025-04-26", "2026-08-22"))
def test_swapped_saturdays_are_worked(day: str) -> None:
    saturday = date.fromisoformat(day)

    assert saturday.weekday() == 5
    assert CALENDAR.is_working_day(saturday)
    assert not CALENDAR.is_working_day(saturday + timedelta(days=7))


@pytest.mark.parametrize(("year", "working"), ((2023, 249), (2024, 251), (2025, 250), (2026, 250)))
def test_working_days_of_a_year(year: int, working: int) -> None:
    assert sum(CALENDAR.is_working_day(day) for day in days(f"{year}-01-01", f"{year}-12-31")) == working


@pytest.mark.parametrize("day", ("2022-12-31", "2027-01-01"))
def test_a_year_without_a_table_is_refused(day: str) -> None:
    with pytest.raises(NotConfigured, match="CALENDAR_NOT_CONFIGURED"):
        CALENDAR.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("day", "count", "before"),
    (("2023-02-13", 0, "2023-02-13"), ("2023-02-13", 1, "2023-02-10"), ("2023-01-27", 2, "2023-01-18")),
)
def test_working_days_are_counted_back(day: str, count: int, before: str) -> None:
    assert CALENDAR.working_days_before(date.fromisoformat(day), count).isoformat() == before


def test_next_working_day() -> None:
    assert CALENDAR.next_working_day(date(2023, 1, 19)) == date(2023, 1, 27)


def test_hours_are_vietnamese() -> None:
    assert CALENDAR.opens(date(2023, 2, 6)).isoformat() == "2023-02-06T08:00:00+07:00"
    assert CALENDAR.closes(date(2023, 2, 6)).isoformat() == "2023-02-06T17:00:00+07:00"


@pytest.mark.parametrize(
    ("today", "missing"),
    (
        ("2026-11-30", ()),
        ("2026-12-01", (2027,)),
        ("2027-01-01", (2027,)),
        ("2027-12-31", (2027, 2028)),
        ("2023-12-15", ()),
        ("2022-12-31", (2022,)),
    ),
)
def test_from_december_on_the_next_years_table_is_missed(today: str, missing: tuple[int, ...]) -> None:
    assert CALENDAR.missing_years(date.fromisoformat(today)) == missing


NOT_CONFIRMED = {date(2026, 11, 24): "Ngày Văn hóa Việt Nam: planned by Nghị quyết 80-NQ/TW, in no law that was read"}


@pytest.mark.parametrize("year", (2023, 2024, 2025, 2026))
def test_a_published_library_agrees_on_the_public_holidays(year: int) -> None:
    """A second opinion: every holiday of the library is a day off here, whatever bridges the notices add."""
    library = country_holidays("VN", years=year)

    assert len(library) >= 10
    working = {day for day in library if CALENDAR.is_working_day(day)}
    assert working == {day for day in NOT_CONFIRMED if day.year == year}


@pytest.mark.parametrize("year", (2023, 2024, 2025, 2026))
def test_a_published_library_agrees_on_the_swapped_days(year: int) -> None:
    """Its name of a day off in exchange ends with the day that is worked for it."""
    library = country_holidays("VN", years=year, language="vi")

    swapped = {name[-11:-1] for name in library.values() if "thay cho ngày" in name}
    assert swapped == {f"{day:%d/%m/%Y}" for day in CALENDAR.working_saturdays if day.year == year}


@pytest.mark.parametrize("year", (2023, 2024, 2025, 2026))
def test_a_year_has_its_eleven_days_off_and_what_was_swapped(year: int) -> None:
    """Bộ luật Lao động 2019 Art. 112: 11 days, moved when they fall on a weekend; swapped days come beside them."""
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    in_year = [day for day in days if day.year == year]
    off = [day for day in in_year if day.weekday() < 5 and not CALENDAR.is_working_day(day)]
    worked = [day for day in in_year if day.weekday() >= 5 and CALENDAR.is_working_day(day)]

    assert len(off) - len(worked) == 11
