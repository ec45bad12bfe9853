"""The sandbox's own routes: the business clock and the outside registers (contract 6). Not there in production."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from chalice.app import Blueprint

from chalicelib.domain.errors import Fault, Rejected
from chalicelib.domain.months import MonthSpan
from chalicelib.domain.people.evidence import Book, PersonOnFile, PoorListing
from chalicelib.domain.people.identity import Gender
from chalicelib.usecases.sandbox import Loaded, load_registers, set_clock
from chalicelib.wiring import wiring

from .incoming import Incoming
from .operations import Reply, operation
from .wire.base import MESSAGES, Wire, join, parse, read
from .wire.sandbox import BookEntry, ClockSetting, CompulsoryEntry, PoorHouseholdEntry, PopulationEntry

bp = Blueprint(__name__)

DONE: Final = Reply(204)
CLOCK_CODES: Final = ((409, "CLOCK_BUSY"),)

W = TypeVar("W", bound=Wire)


@operation(bp, "PUT", "/sandbox/clock", signed_in=False, status=204, body=ClockSetting, codes=CLOCK_CODES)
def put_clock(request: Incoming) -> Reply:
    """Đặt giờ nghiệp vụ, tới hoặc lui; các thời hạn đến hạn theo giờ mới sẽ được xử lý."""
    set_clock(parse(ClockSetting, request.json_object()).now, wiring())
    return DONE


@operation(bp, "DELETE", "/sandbox/clock", signed_in=False, status=204, codes=CLOCK_CODES)
def delete_clock(request: Incoming) -> Reply:
    """Trở lại giờ thật."""
    set_clock(None, wiring())
    return DONE


@operation(bp, "POST", "/sandbox/population", signed_in=False, status=204, body=PopulationEntry, many=True)
def load_population(request: Incoming) -> Reply:
    """Nạp người vào CSDL dân cư thử; nạp lại thì thay bản cũ."""

    def fact(entry: PopulationEntry) -> PersonOnFile:
        gender = Gender(entry.gender)
        return PersonOnFile(entry.full_name, entry.birth_date, gender, entry.province_code, entry.commune_code)

    return _load(request, PopulationEntry, lambda entry: Loaded(entry.personal_id, fact(entry)))


@operation(bp, "POST", "/sandbox/poor-households", signed_in=False, status=204, body=PoorHouseholdEntry, many=True)
def load_poor_households(request: Incoming) -> Reply:
    """Nạp danh sách hộ nghèo, hộ cận nghèo thử."""

    def fact(entry: PoorHouseholdEntry) -> PoorListing:
        return PoorListing(entry.category, entry.valid_from, entry.valid_to)

    return _load(request, PoorHouseholdEntry, lambda entry: Loaded(entry.personal_id, fact(entry)))


@operation(bp, "POST", "/sandbox/compulsory-periods", signed_in=False, status=204, body=CompulsoryEntry, many=True)
def load_compulsory_periods(request: Incoming) -> Reply:
    """Nạp quá trình đóng BHXH bắt buộc thử."""

    def fact(entry: CompulsoryEntry) -> MonthSpan:
        return MonthSpan(entry.from_month, entry.to_month)

    return _load(request, CompulsoryEntry, lambda entry: Loaded(entry.personal_id, fact(entry)))


@operation(bp, "POST", "/sandbox/books", signed_in=False, status=204, body=BookEntry, many=True)
def load_books(request: Incoming) -> Reply:
    """Nạp sổ BHXH đã có; nạp lại thì thay bản cũ."""

    def fact(entry: BookEntry) -> Book:
        return Book(entry.si_number, entry.paid_through)

    return _load(request, BookEntry, lambda entry: Loaded(entry.personal_id, fact(entry)))


def _load(request: Incoming, model: type[W], loaded: Callable[[W], Loaded]) -> Reply:
    load_registers([loaded(entry) for entry in _entries(request.json(), model)], wiring())
    return DONE


def _entries(body: Any, model: type[W]) -> Iterable[W]:
    """One object or a list of them. Raises `Rejected` with the faults of every entry."""
    entries: list[W] = []
    faults: list[Fault] = []
    for at, each in [(join(n), each) for n, each in enumerate(body)] if isinstance(body, list) else [("", body)]:
        if not isinstance(each, dict):
            faults.append(Fault(at, "INVALID_TYPE", MESSAGES["INVALID_TYPE"]))
            continue
        done = read(model, each, at=at)
        faults += done.faults
        if done.model is not None:
            entries.append(done.model)
    if faults:
        raise Rejected(faults)
    return entries
