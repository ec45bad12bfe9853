"""The registers of the sandbox: facts that a tester loads, one item per person beside the person's record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from ..domain.months import Month, MonthSpan
from ..domain.people.evidence import Book, Evidence, PersonOnFile, PoorListing
from ..domain.registration.declaration import BirthDate, Gender
from ..storage import keys
from ..storage.codec import Value
from ..storage.items.fields import birth_date
from ..storage.keys import Key
from ..storage.table import Stored, Table

Fact: TypeAlias = PersonOnFile | PoorListing | MonthSpan | Book
"""A MonthSpan is a time of compulsory insurance."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One fact about one person."""

    personal_id: str
    fact: Fact


class SandboxRegisters:
    def keys(self, person: str) -> Sequence[Key]:
        return (keys.sandbox_registers(person),)

    def evidence(self, person: str, personal_id: str, read: Mapping[Key, Stored]) -> Evidence:
        return _evidence(read.get(keys.sandbox_registers(person), {}))


def load(table: Table, facts: Iterable[tuple[str, Fact]]) -> None:
    """Add facts, each with the keyed hash of its person. A later population entry or book replaces the former. AP13."""
    for person, fact in facts:
        key = keys.sandbox_registers(person)
        stored = table.get(key) or {}
        item = {name: value for name, value in stored.items() if name not in {"PK", "SK"}}
        match fact:
            case PersonOnFile():
                item["population"] = _person_item(fact)
            case Book():
                item["book"] = {"si_number": fact.si_number, "paid_through": str(fact.paid_through or "")}
            case PoorListing():
                entry = f"{fact.category}/{fact.valid_from}/{fact.valid_to or ''}"
                item["poor"] = _with(item.get("poor"), entry)
            case MonthSpan():
                item["compulsory"] = _with(item.get("compulsory"), f"{fact.first}/{fact.last}")
        table.put(key, item)


def _with(entries: Value, entry: str) -> list[Value]:
    before = entries if isinstance(entries, list) else []
    return before if entry in before else [*before, entry]


def _person_item(person: PersonOnFile) -> dict[str, Value]:
    return {
        "full_name": person.full_name,
        "birth_date": str(person.birth_date),
        "gender": person.gender,
        "province_code": person.province_code,
        "commune_code": person.commune_code,
    }


def _evidence(item: Mapping[str, Value]) -> Evidence:
    population, book = item.get("population"), item.get("book")
    return Evidence(
        person=_person(population) if isinstance(population, dict) else None,
        poor=tuple(_listing(text) for text in _texts(item.get("poor"))),
        compulsory=tuple(_span(text) for text in _texts(item.get("compulsory"))),
        book=_book(book) if isinstance(book, dict) else None,
    )


def _texts(entries: Value) -> tuple[str, ...]:
    return tuple(str(entry) for entry in entries) if isinstance(entries, list) else ()


def _person(item: Mapping[str, Value]) -> PersonOnFile:
    born: BirthDate = birth_date(str(item["birth_date"]))
    return PersonOnFile(
        full_name=str(item["full_name"]),
        birth_date=born,
        gender=Gender(str(item["gender"])),
        province_code=str(item["province_code"]),
        commune_code=str(item["commune_code"]),
    )


def _listing(text: str) -> PoorListing:
    category, valid_from, valid_to = text.split("/")
    return PoorListing(category, date.fromisoformat(valid_from), date.fromisoformat(valid_to) if valid_to else None)


def _span(text: str) -> MonthSpan:
    first, last = text.split("/")
    return MonthSpan(Month.parse(first), Month.parse(last))


def _book(item: Mapping[str, Value]) -> Book:
    through = str(item["paid_through"])
    return Book(si_number=str(item["si_number"]), paid_through=Month.parse(through) if through else None)
