"""The nightly watch: a missing calendar, vouchers that wait too long for their dossier (A7, domain rules 5.6, 7.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chalicelib.domain.months import VIETNAM
from chalicelib.usecases.oversight.watch import CALENDAR_MISSING, PARKED_TOO_LONG, watch
from tests.support.house import House, voucher

LATER = "000.00.79.G24-230206-0042"


def test_a_voucher_before_its_dossier_is_no_alarm_for_a_day_and_one_after(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.send(voucher(1, LATER))
    house.clock.moment += timedelta(hours=23, minutes=59)
    assert watch(house.w) == ()
    house.clock.moment += timedelta(minutes=1)
    assert watch(house.w) == (PARKED_TOO_LONG,)
    told = getattr(caplog.records[-1], "facts")  # noqa: B009 -- a field of our own on the record
    assert (told["reason"], told["voucher_id"], told["dossier_code"]) == (PARKED_TOO_LONG, "KT79-2023-0000001", LATER)


def test_held_vouchers_are_no_finding_of_the_watch(house: House) -> None:
    code = house.opened()
    house.send(voucher(1, code, amount_received=1))
    house.clock.moment += timedelta(days=3)
    assert watch(house.w) == ()


@pytest.mark.parametrize(
    ("moment", "found"),
    (
        (datetime(2026, 11, 30, 9, 0, tzinfo=VIETNAM), ()),
        (datetime(2026, 12, 1, 9, 0, tzinfo=VIETNAM), (CALENDAR_MISSING,)),
        (datetime(2027, 1, 4, 9, 0, tzinfo=VIETNAM), (CALENDAR_MISSING,)),
    ),
)
def test_next_years_holidays_are_missed_from_december_on(
    house: House, moment: datetime, found: tuple[str, ...]
) -> None:
    house.clock.moment = moment
    assert watch(house.w) == found
