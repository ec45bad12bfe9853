"""Personal ids and telephone numbers are sealed wherever they are stored, and open in their own place alone."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.registration.dossier import State
from chalicelib.domain.registration.supplement import Corrections
from chalicelib.storage import keys
from chalicelib.storage.codec import decode_item
from chalicelib.storage.field_keys import AWAY, BROKEN, WITHDRAWN
from chalicelib.storage.items.dossiers import dossier_from, open_dossier
from chalicelib.storage.sealed import SealBroken, Sealed, Unsealed, as_stored, opened, to_store
from chalicelib.usecases.course.change_course import request_supplement, supply
from chalicelib.usecases.course.decide import Request
from chalicelib.usecases.covers.draw_cover import draw_cover
from chalicelib.usecases.ledger.quarantine import kept_message
from infra import reencrypt as command
from tests.support.cloud import Crash
from tests.support.house import HOA, OFFICER_79, PORTAL, House, person, voucher
from tests.support.kms import Keys
from tests.support.seals import OnePartition, field_keys

CODE = "000.00.79.G24-230206-0001"
OWNER = keys.dossier_partition(CODE)
ID, PHONE = "079185012345", "0912345678"

TEXTS = st.text(max_size=200)
OWNERS = st.text(min_size=1, max_size=60)
FIELDS = st.sampled_from(["personal_id", "phone", "document", "data"])
SEALS = field_keys()


# One value


@given(OWNERS, FIELDS, TEXTS)
def test_what_is_sealed_opens_again_and_alike_each_time(owner: str, field: str, value: str) -> None:
    sealed = SEALS.seal(owner, field, value)
    assert SEALS.seal(owner, field, value) == sealed, "a write that is tried again gives the same bytes"
    assert SEALS.open(owner, field, sealed) == value
    assert sealed.startswith("~1.")
    assert sealed.isascii()


@given(OWNERS, OWNERS, FIELDS, FIELDS, TEXTS)
def test_a_moved_value_does_not_open(owner: str, other: str, field: str, another: str, value: str) -> None:
    if (owner, field) == (other, another):
        return
    with pytest.raises(SealBroken):
        SEALS.open(other, another, SEALS.seal(owner, field, value))


@given(st.data())
def test_a_forged_value_does_not_open_and_is_not_repeated(data: st.DataObject) -> None:
    sealed = SEALS.seal(OWNER, "personal_id", ID)
    place = data.draw(st.integers(3, len(sealed) - 2))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~ "))
    forged = sealed[:place] + letter + sealed[place + 1 :]
    if forged == sealed:
        return
    with pytest.raises(SealBroken) as raised:
        SEALS.open(OWNER, "personal_id", forged)
    assert (raised.value.owner, raised.value.field) == (OWNER, "personal_id")
    assert forged not in str(raised.value)


@pytest.mark.parametrize("text", ("~", "~1", "~1.", "~x.AAAA", "~1.A", "~1.ÄÖ", "~7.AAAA", "~-1.AAAA", "", ID))
def test_what_is_no_sealed_value_is_told_as_broken(text: str) -> None:
    told: list[tuple[str, dict[str, str]]] = []
    seals = field_keys(told=told)
    seals.seal(OWNER, "phone", PHONE)
    with pytest.raises(SealBroken):
        seals.open(OWNER, "phone", text)
    assert told == [(BROKEN, {"item": OWNER, "field": "phone"})]


def test_an_unopened_value_is_neither_compared_nor_shown() -> None:
    sealed = as_stored(SEALS.seal(OWNER, "personal_id", ID))
    assert isinstance(sealed, Sealed)
    assert sealed == as_stored(SEALS.seal(OWNER, "personal_id", ID))
    for misuse in (lambda: sealed == ID, lambda: sealed != ID, lambda: str(sealed), lambda: f"{sealed}"):
        with pytest.raises(TypeError):
            misuse()


def test_only_what_was_read_is_written_without_a_key() -> None:
    sealed, plain = as_stored(SEALS.seal(OWNER, "phone", PHONE)), as_stored(PHONE)
    assert isinstance(plain, Unsealed)
    assert to_store(OWNER, "phone", sealed, None) == sealed.stored
    assert to_store(OWNER, "phone", plain, None) == PHONE, "written by the version before"
    assert to_store(OWNER, "phone", plain, SEALS) == sealed.stored
    with pytest.raises(TypeError):
        to_store(OWNER, "phone", PHONE, None)
    assert opened(OWNER, "phone", sealed, SEALS) == opened(OWNER, "phone", plain, SEALS) == PHONE


# The data keys


def test_the_first_use_makes_one_data_key_however_many_begin_at_once() -> None:
    kms, table = Keys(), OnePartition()
    one, other = (field_keys(kms, table=table) for _ in range(2))

    def quicker() -> None:
        other.seal(OWNER, "phone", PHONE)

    table.before_write = quicker
    sealed = one.seal(OWNER, "phone", PHONE)
    assert list(table.items) == ["KEY#000001"]
    assert other.open(OWNER, "phone", sealed) == PHONE
    assert PHONE not in json.dumps(table.items)


def test_a_renewed_data_key_seals_and_the_old_one_opens() -> None:
    kms, table = Keys(), OnePartition()
    seals, elsewhere = (field_keys(kms, table=table) for _ in range(2))
    old = seals.seal(OWNER, "phone", PHONE)
    assert elsewhere.open(OWNER, "phone", old) == PHONE
    assert seals.rotate() == 2
    new = seals.seal(OWNER, "phone", PHONE)
    assert (old[:3], new[:3]) == ("~1.", "~2.")
    assert (seals.is_current(old), seals.is_current(new)) == (False, True)
    for process in (seals, elsewhere, field_keys(kms, table=table)):
        assert process.open(OWNER, "phone", old) == process.open(OWNER, "phone", new) == PHONE
    assert elsewhere.seal(OWNER, "phone", PHONE) == new, "once it has seen the new key"


def test_a_restored_table_is_wrapped_anew_for_another_kms_key() -> None:
    kms, table = Keys(), OnePartition()
    field_keys(kms, table=table, kms_key="former").rotate()
    former = field_keys(kms, table=table, kms_key="former")
    former.rotate()
    sealed = former.seal(OWNER, "phone", PHONE)
    restored = field_keys(kms, table=table, kms_key="present")
    with pytest.raises(Unavailable, match=WITHDRAWN):
        restored.open(OWNER, "phone", sealed)
    assert (restored.rewrap(write=False), restored.rewrap(write=True), restored.rewrap(write=True)) == (2, 2, 0)
    assert restored.open(OWNER, "phone", sealed) == PHONE


@pytest.fixture(name="now")
def _monotonic(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, in a list of one."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_withdrawn_key_takes_effect_when_the_keys_are_read_again(now: list[float]) -> None:
    kms, told = Keys(), list[tuple[str, dict[str, str]]]()
    seals = field_keys(kms, told=told)
    sealed = seals.seal(OWNER, "phone", PHONE)
    kms.refusal = "DisabledException"
    now[0] += 299
    assert seals.open(OWNER, "phone", sealed) == PHONE
    now[0] += 2
    with pytest.raises(Unavailable, match=WITHDRAWN):
        seals.open(OWNER, "phone", sealed)
    assert told == [(WITHDRAWN, {"error": "DisabledException"})]
    kms.refusal = None
    assert seals.open(OWNER, "phone", sealed) == PHONE


def test_while_kms_is_away_the_keys_are_believed_once_as_long(now: list[float]) -> None:
    kms, told = Keys(), list[tuple[str, dict[str, str]]]()
    seals = field_keys(kms, told=told)
    sealed = seals.seal(OWNER, "phone", PHONE)
    kms.refusal = "KMSInternalException"
    now[0] += 301
    for _ in range(3):
        assert seals.open(OWNER, "phone", sealed) == PHONE
    assert len(told) == 1, "KMS is not asked for each field while it is away"
    now[0] += 300
    with pytest.raises(Unavailable, match=AWAY):
        seals.open(OWNER, "phone", sealed)


def test_without_sealing_no_key_is_asked_for() -> None:
    kms = Keys(refusal="DisabledException")
    seals = field_keys(kms, seals=False)
    assert seals.seal(OWNER, "phone", PHONE) == PHONE


# The table


def played(house: House, *, drawn: bool = True) -> None:
    """Every way by which a number comes into the table: paid, parked, quarantined twice over, corrected, issued."""
    code = house.paid()
    house.relay()
    house.issue(code)
    house.relay()
    if drawn:
        draw_cover(f"{code}-C1", code, house.w)
    early = person(77)
    assert house.send(voucher(5, None, early), voucher(6, "000.00.79.G24-230206-0009", person(78))) == []
    assert house.send(f'{{"personal_id": "{ID}", "phone": "{PHONE}", "broken": ') == []
    assert house.send({**voucher(1, code), "amount_received": 1}, {**voucher(7, code), "surprise": PHONE}) == []
    second = house.opened(early, key="second")
    house.relay()
    assert house.dossier(second).state is State.IN_PROCESS, "the parked voucher was read again"
    ask(house, second)


def ask(house: House, code: str, *, phone: str = "0987654321") -> None:
    """A supplement of the telephone number is asked for and given."""
    shown = lambda dossier, now: json.dumps({"code": dossier.code})  # noqa: E731
    request = Request(code, OFFICER_79)
    request_supplement(request, reason="Số điện thoại", asked=["phone"], present=shown, w=house.w)
    supply(
        Request(code, PORTAL),
        Corrections(replace(HOA, phone=phone), frozenset({"phone"})),
        wire_faults=(),
        unreadable=frozenset(),
        present=shown,
        w=house.w,
    )


SECRETS = (ID, "079185000077", "079185000078", PHONE[1:], "987654321")


def in_plain(house: House) -> list[tuple[str, str]]:
    """Where in the table (items, keys, and with them indexes and images of the stream) a number stands in plain."""
    rows = house.cloud.rows()
    return [key for key, row in rows.items() if any(secret in json.dumps(decode_item(row)) for secret in SECRETS)]


def hashed(house: House) -> list[tuple[str, str]]:
    """Where a plain SHA-256 of a voucher stands, by which its personal id could be found by trying."""
    rows = house.cloud.rows().items()
    return [key for key, row in rows if FINGERPRINT.search(json.dumps({**decode_item(row), "PK": "", "GSI1SK": ""}))]


FINGERPRINT = re.compile(r"fingerprints?\W+(\d+\W+)?[0-9a-f]{64}\b")


def test_no_item_of_a_played_day_holds_a_number_in_plain(house: House) -> None:
    played(house)
    assert in_plain(house) == []
    assert {key[0].partition("#")[0] for key in hashed(house)} == {"IDEM"}
    kinds = {key[0].partition("#")[0] for key in house.cloud.rows()}
    assert kinds >= {"DOSSIER", "VOUCHER", "PERSON", "QUARANTINE", "IDEM", "FIELDKEYS"}


def test_the_search_would_find_them(house: House) -> None:
    house.w.fields.seals = False
    played(house)
    found = {(pk.partition("#")[0], sk.partition("#")[0]) for pk, sk in in_plain(house)}
    assert {(pk.partition("#")[0], sk.partition("#")[0]) for pk, sk in hashed(house)} >= {
        ("VOUCHER", "HEAD"),
        ("VOUCHER", "V"),
    }
    assert found >= {
        ("DOSSIER", "META"),
        ("DOSSIER", "DECLARATION"),
        ("DOSSIER", "COVER"),
        ("VOUCHER", "V"),
        ("QUARANTINE", "MESSAGE"),
    }


def test_old_plain_items_are_read_beside_sealed_ones(house: House) -> None:
    """The version before has written dossier and parked voucher; this one pays, corrects and issues."""
    house.w.fields.seals = False
    code = house.opened()
    house.send(voucher(5, None, person(77)))
    house.w.fields.seals = True
    assert house.send(voucher(1, code)) == []
    assert house.dossier(code).state is State.IN_PROCESS
    second = house.opened(person(77), key="second")
    house.relay()
    assert house.dossier(second).state is State.IN_PROCESS
    ask(house, code)
    found = open_dossier(house.dossier(code), house.w.fields).declaration
    assert (found.personal_id, found.phone) == (ID, "0987654321")
    house.issue(code)
    draw_cover(f"{code}-C1", code, house.w)


def test_sealing_switched_off_still_reads_what_was_sealed(house: House) -> None:
    code = house.opened()
    house.w.fields.seals = False
    assert house.send(voucher(1, code)) == []
    ask(house, code)
    stored = house.w.table.get(keys.dossier(code))
    assert stored is not None
    assert PHONE not in str(stored["declaration"])
    assert "0987654321" in str(stored["declaration"])
    assert open_dossier(dossier_from(stored), house.w.fields).declaration.personal_id == ID


def test_a_number_taken_over_from_another_dossier_does_not_count(house: House) -> None:
    """Whoever can write to the table alone can't pass one person's number off as another's."""
    first, second = house.opened(), house.opened(person(1), key="second")
    rows = [json.loads(str((house.w.table.get(keys.dossier(code)) or {})["declaration"])) for code in (first, second)]
    stored = house.w.table.get(keys.dossier(second))
    assert stored is not None
    moved = {**rows[1], "personal_id": rows[0]["personal_id"]}
    house.w.table.put(keys.dossier(second), {**stored, "declaration": json.dumps(moved)})
    # The money of whoever has the number does not fit, that of the dossier's own person does: no number is opened.
    house.send(voucher(1, second))
    assert house.dossier(second).state is State.AWAITING_PAYMENT
    assert house.send(voucher(2, first), voucher(3, second, person(1))) == []
    assert house.dossier(first).state is house.dossier(second).state is State.IN_PROCESS
    # Wherever it would be shown or printed it does not open.
    with pytest.raises(SealBroken):
        open_dossier(house.dossier(second), house.w.fields)
    for code in (first, second):
        house.issue(code)
    draw_cover(f"{first}-C1", first, house.w)
    with pytest.raises(SealBroken):
        draw_cover(f"{second}-C1", second, house.w)


# Without KMS


@pytest.mark.parametrize(("refusal", "code"), (("KMSInternalException", AWAY), ("DisabledException", WITHDRAWN)))
def test_without_kms_nothing_is_half_written_and_all_comes_again(house: House, refusal: str, code: str) -> None:
    opened_code = house.opened()
    before = house.cloud.rows()
    house.restart()
    house.cloud.keys.refusal = refusal
    with pytest.raises(Unavailable, match=code):
        house.declare(person(1), key="other")
    assert house.send(voucher(1, opened_code), "{no voucher") == ["0", "1"]
    assert house.cloud.rows() == before
    assert house.view(opened_code).dossier.code == opened_code, "what needs no number is shown all the same"
    house.cloud.keys.refusal = None
    assert house.send(voucher(1, opened_code), "{no voucher") == []
    assert house.dossier(opened_code).state is State.IN_PROCESS
    house.declare(person(1), key="other")


def test_a_message_of_the_largest_size_is_kept_whole(house: House) -> None:
    text = "Ạ" * 80_000
    assert house.send(text) == []
    ((_, row),) = [(key, row) for key, row in house.cloud.rows().items() if key[0].startswith("QUARANTINE")]
    stored = house.w.table.get((row["PK"]["S"], row["SK"]["S"]))
    assert stored is not None
    assert kept_message(stored, house.w) == text
    assert len(json.dumps(stored)) < 400_000


# make reencrypt, make rotate-field-key


def seal_all(house: House, *, write: bool = True) -> tuple[int, list[str]]:
    told: list[str] = []
    return command.seal_all(house.w, write=write, say=told.append), told


def in_order(house: House) -> dict[tuple[str, str], str]:
    """The table, unpacked, without what seals it."""
    rows = house.cloud.rows().items()
    return {key: json.dumps(decode_item(row), sort_keys=True) for key, row in rows if key[0] != keys.FIELD_KEYS}


def test_what_the_version_before_has_written_is_sealed_and_nothing_else_moves(house: House) -> None:
    house.cloud.keys.repeats_itself = True
    played(house)
    sealed = in_order(house)
    house.begin_again()
    house.w.fields.seals = False
    played(house)
    before = house.cloud.rows()
    house.w.fields.seals = True
    assert seal_all(house, write=False)[0] == 1
    assert house.cloud.rows() == before, "dry by default, not even a data key"
    status, told = seal_all(house)
    assert (status, in_plain(house)) == (0, [])
    assert in_order(house) == sealed, "as if it had been sealed from the beginning"
    written = int(told[-1].partition(" ")[0])
    assert written > 10
    again = seal_all(house)
    assert (again[0], again[1][-1]) == (0, "0 items written")
    assert seal_all(house, write=False) == (0, [*again[1][:-1], "Nothing is left to do."])


def test_after_a_rotation_everything_is_sealed_anew_beside_the_running_system(house: House) -> None:
    played(house, drawn=False)
    told: list[str] = []
    assert command.rotate(house.w, write=False, say=told.append) == 0
    assert house.w.fields.numbers() == [1]
    assert command.rotate(house.w, write=True, say=told.append) == 0
    assert house.w.fields.numbers() == [1, 2]
    code = house.paid(person(5), number=9)
    ran: list[bool] = []

    def meanwhile(name: str, arguments: dict[str, Any]) -> None:
        if name == "update_item" and not ran and CODE in str(arguments["Key"]):
            ran.append(True)
            ask(house, code, phone="0987654322")
            stored = house.w.table.get(keys.dossier(CODE))
            assert stored is not None
            house.w.table.put(keys.dossier(CODE), {**stored, "declaration": f" {stored['declaration']}"})

    with house.cloud.calls.hooked(meanwhile):
        assert seal_all(house)[0] == 0
    assert ran
    assert "~1." not in "".join(in_order(house).values())
    assert open_dossier(house.dossier(CODE), house.w.fields).declaration.personal_id == ID
    assert open_dossier(house.dossier(code), house.w.fields).declaration.phone == "0987654322"


def test_an_interrupted_walk_is_begun_again(house: House) -> None:
    house.w.fields.seals = False
    played(house, drawn=False)
    house.w.fields.seals = True
    seen: list[str] = []

    def dies(name: str, _: dict[str, Any]) -> None:
        seen.append(name)
        if seen.count("update_item") == 4:
            raise Crash

    with house.cloud.calls.hooked(dies), pytest.raises(Crash):
        seal_all(house)
    assert in_plain(house) != []
    house.restart()
    assert (seal_all(house)[0], in_plain(house)) == (0, [])


def test_what_does_not_open_is_named_and_left_alone(house: House) -> None:
    played(house, drawn=False)
    key = keys.cover(CODE, 1)
    stored = house.w.table.get(key)
    assert stored is not None
    house.w.table.put(key, {**stored, "personal_id": house.w.fields.seal("DOSSIER#other", "personal_id", ID)})
    house.w.fields.rotate()
    status, told = seal_all(house)
    assert (status, f"does not open: {OWNER}: personal_id" in told) == (1, True)


def test_nothing_is_sealed_where_sealing_is_switched_off(house: House) -> None:
    house.w.settings = replace(house.w.settings, seals_fields=False)
    assert seal_all(house) == (1, ["sealing is switched off (FieldEncryption): nothing was changed"])
