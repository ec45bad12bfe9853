"""What is stored is what is read: values, items, and the one transaction of a decision."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.amounts.account import Account, Case, Entry, Standing, Terms
from chalicelib.domain.covers.cover import CoverState, StoredFile, create_cover
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import AuditLine, By, Event
from chalicelib.domain.ledger.voucher import ContributionVoucher, Hand, VoucherEvent, VoucherHead, VoucherState
from chalicelib.domain.months import VIETNAM, Month, MonthSpan
from chalicelib.domain.people.participation import ParticipationPeriod, PeriodStatus, PersonRecord, merged
from chalicelib.domain.registration.declaration import Address, BirthDate, BookForm, CaseType, Declaration, Gender
from chalicelib.domain.registration.dossier import Dossier, State
from chalicelib.storage import keys
from chalicelib.storage.codec import Value, decode, decode_item, encode, encode_item, encode_named
from chalicelib.storage.items.audit import act_item, acts_of, audit_from, audit_item, trail_of
from chalicelib.storage.items.covers import cover_from, cover_item, open_cover
from chalicelib.storage.items.dossiers import dossier_from, dossier_item, open_dossier
from chalicelib.storage.items.people import period_from, period_item, person_from, person_item
from chalicelib.storage.items.vouchers import head_from, head_item, open_fingerprint, voucher_document, voucher_from
from chalicelib.storage.packing import LONGEST
from chalicelib.storage.table import Table
from chalicelib.storage.transaction import Refused, Transaction
from tests.support.cloud import boto_clients, client_error
from tests.support.house import House
from tests.support.seals import field_keys
from tests.unit.domain import made

TEXTS = st.text(min_size=1, max_size=30)
AMOUNTS = COUNTS = st.integers(0, 10**12)
MOMENTS = st.datetimes(datetime(2016, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001 -- its offset follows
    lambda moment: moment.replace(microsecond=0, tzinfo=VIETNAM)
)
DAYS = st.dates(date(2016, 1, 1), date(2090, 1, 1))
MONTHS = st.builds(Month, st.integers(1995, 2090), st.integers(1, 12))
SPANS = st.builds(MonthSpan.of_length, MONTHS, st.integers(1, 60))
BIRTHS = st.one_of(
    st.builds(BirthDate, st.integers(1900, 2023)),
    st.builds(BirthDate, st.integers(1900, 2023), st.integers(1, 12)),
    st.builds(BirthDate, st.integers(1900, 2023), st.integers(1, 12), st.integers(1, 28)),
)
ADDRESSES = st.builds(Address, TEXTS, TEXTS, st.none() | TEXTS, TEXTS)
DECLARATIONS = st.builds(
    Declaration,
    case_type=st.sampled_from(CaseType),
    personal_id=TEXTS,
    full_name=TEXTS,
    birth_date=BIRTHS,
    gender=st.sampled_from(Gender),
    nationality=st.just("VN"),
    si_number=st.none() | TEXTS,
    phone=TEXTS,
    email=st.none() | TEXTS,
    permanent_address=ADDRESSES,
    contact_address=st.none() | ADDRESSES,
    support_category=TEXTS,
    support_proof_no=st.none() | TEXTS,
    income=AMOUNTS,
    method=TEXTS,
    months=st.integers(1, 60),
    from_month=MONTHS,
    book_form=st.sampled_from(BookForm),
    ethnicity=st.none() | TEXTS,
    agency_code=st.none() | TEXTS,
    consent_version=st.none() | TEXTS,
)
TERMS = st.builds(Terms, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
IDS = st.lists(TEXTS, max_size=2).map(tuple)
ENTRIES = st.builds(
    Entry,
    TEXTS,
    MOMENTS,
    AMOUNTS,
    st.none() | TEXTS,
    terms=st.none() | TERMS,
    kept=st.none() | TERMS,
    ordered=st.booleans(),
)
ACCOUNTS = st.just(Account()) | st.builds(
    Account,
    st.lists(ENTRIES, max_size=3).map(tuple),
    IDS,
    st.none() | TERMS,
    st.integers(0, 9),
    st.lists(st.builds(Case, st.integers(1, 9), IDS, AMOUNTS), max_size=2).map(tuple),
    st.integers(0, 9),
)
DOSSIERS = st.builds(
    lambda declaration, state, version, paid, number, generation, milestones, created, account: replace(
        made.paying().dossier if paid else made.unpaid(),
        declaration=declaration,
        state=state,
        version=version,
        si_number=number,
        generation=generation,
        milestones=milestones,
        created_at=created,
        account=account,
    ),
    DECLARATIONS,
    st.sampled_from(State),
    st.integers(1, 10**6),
    st.booleans(),
    st.none() | TEXTS,
    st.integers(1, 99),
    st.frozensets(st.sampled_from(["REMINDED", "OVERDUE"])),
    MOMENTS,
    ACCOUNTS,
)
VOUCHERS = st.builds(
    ContributionVoucher,
    voucher_id=TEXTS,
    voucher_version=st.integers(1, 99),
    event=st.sampled_from(VoucherEvent),
    scheme=TEXTS,
    fingerprint=TEXTS,
    receipt_symbol=TEXTS,
    receipt_number=TEXTS,
    receipt_date=DAYS,
    dossier_code=st.none() | TEXTS,
    personal_id=st.none() | TEXTS,
    si_number=st.none() | TEXTS,
    full_name=TEXTS,
    birth_date=st.none() | BIRTHS,
    income=AMOUNTS,
    method=TEXTS,
    from_month=MONTHS,
    months=st.integers(1, 60),
    amount_participant=AMOUNTS,
    amount_state=AMOUNTS,
    amount_local=AMOUNTS,
    amount_other=AMOUNTS,
    amount_gross=AMOUNTS,
    amount_received=AMOUNTS,
    paid_at=st.datetimes(datetime(2016, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001
        lambda moment: moment.replace(tzinfo=VIETNAM)
    ),
    value_date=DAYS,
    province_code=TEXTS,
    replaces_voucher_id=st.none() | TEXTS,
)
COVERS = st.builds(
    lambda declaration, state, version, number, run, checked, issued, file: replace(
        create_cover(made.CODE, declaration, si_number="7912345678", created_at=made.PAID_AT, number=number),
        state=state,
        version=version,
        run=run,
        checked_at=checked,
        checked_by=None if checked is None else "signer-79",
        issued_at=issued,
        file=file,
    ),
    DECLARATIONS,
    st.sampled_from(CoverState),
    st.integers(1, 99),
    st.integers(1, 9),
    st.integers(1, 9),
    st.none() | MOMENTS,
    st.none() | MOMENTS,
    st.none() | st.builds(StoredFile, TEXTS, TEXTS, st.integers(1, 10**7), TEXTS),
)
PERSONS = st.builds(
    PersonRecord,
    person=st.just("a1"),
    version=st.integers(1, 99),
    si_number=st.none() | TEXTS,
    covered=st.lists(SPANS, max_size=4).map(merged),
    supported_months=st.integers(0, 120),
    open_dossiers=st.dictionaries(TEXTS, SPANS, max_size=3),
    cover_id=st.none() | TEXTS,
)
PERIODS = st.builds(
    ParticipationPeriod,
    person=st.just("a1"),
    span=SPANS,
    income=AMOUNTS,
    method=TEXTS,
    support_category=TEXTS,
    amount_gross=AMOUNTS,
    amount_participant=AMOUNTS,
    amount_state=AMOUNTS,
    amount_local=AMOUNTS,
    supported_months=st.integers(0, 120),
    dossier_code=TEXTS,
    voucher_id=TEXTS,
    recorded_at=MOMENTS,
    status=st.sampled_from(PeriodStatus),
)
LINES = st.builds(
    AuditLine,
    dossier_code=TEXTS,
    national_code=st.none() | TEXTS,
    province_code=TEXTS,
    version=st.integers(1, 10**6),
    event=st.sampled_from(Event),
    state=TEXTS,
    national_status=st.integers(0, 10),
    status_sequence=st.none() | st.integers(1, 99),
    at=MOMENTS,
    by=st.sampled_from(By),
    actor=TEXTS,
    reason=st.none() | TEXTS,
    subject=st.none() | TEXTS,
    due_at=st.none() | MOMENTS,
    previous_hash=TEXTS,
    hash=TEXTS,
)
HEADS = st.builds(
    VoucherHead,
    voucher_id=TEXTS,
    voucher_version=st.integers(1, 99),
    state=st.sampled_from(VoucherState),
    reason=st.none() | TEXTS,
    revision=st.integers(1, 99),
    fingerprints=st.dictionaries(st.integers(1, 99), TEXTS, max_size=3),
    dossier_code=st.none() | TEXTS,
    applied_version=st.none() | st.integers(1, 99),
    issued=st.integers(0, 99),
    cancelled=st.integers(0, 99),
    refunds=st.dictionaries(st.integers(1, 99), SPANS, max_size=2),
    replaced_by=st.none() | TEXTS,
    account=st.none() | TEXTS,
    hand=st.just(Hand())
    | st.builds(Hand, st.none() | TEXTS, st.booleans(), COUNTS, COUNTS, decisions=st.integers(1, 9)),
    told_by=st.integers(0, 99),
    amount_received=st.integers(0, 10**12),
    province_code=TEXTS,
    value_date=st.none() | st.dates(),
    received_at=MOMENTS,
    explanation=st.lists(TEXTS, max_size=2).map(tuple),
).flatmap(
    lambda head: st.builds(
        replace,
        st.just(head),
        money=st.none()
        | st.builds(Standing, st.just(head.state), st.just(head.reason), COUNTS, COUNTS, COUNTS, st.integers(1, 9)),
    )
)
VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**37), 10**37) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4),
    max_leaves=12,
)
QUICK = settings(max_examples=40, deadline=None)


def through(item: dict[str, Value]) -> dict[str, Any]:
    """An item as it comes back from the wire; no empty value may have been sent."""
    assert None not in item.values()
    return {"PK": "p", "SK": "s", **decode_item(encode_item(item))}


# Values


@given(VALUES)
@QUICK
def test_every_value_comes_back_as_it_went(value: Value) -> None:
    assert decode(encode(value)) == value


@pytest.mark.parametrize("value", (1.5, b"bytes", {1, 2}))
def test_what_has_no_place_in_the_table_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        encode(value)
    with pytest.raises(TypeError, match="not stored"):
        decode({"NS": ["1", "2"]})


DOCUMENT = '{"case_type":"FIRST_TIME","full_name":"Nguyễn Thị Hòa","income":1500000,"months":1,"has_book":false}'
FIRST_PACKED = "AcNTfmEtliBFkcfhTYlYux6IXIae9AE="


@given(st.text(max_size=400))
@QUICK
def test_a_document_comes_back_however_it_was_stored(text: str) -> None:
    item = {"document": text, "reason": text}
    stored = encode_item(item)
    assert decode_item(stored) == item
    assert stored["reason"] == {"S": text}, "what lists and filters read stays as it is"


def test_a_document_is_packed_to_a_third_and_the_same_each_time() -> None:
    (kind, value), *others = encode_named("declaration", DOCUMENT).items()
    assert (kind, others) == ("B", [])
    assert len(base64.b64decode(str(value))) < len(DOCUMENT.encode()) / 3
    # boto3's own reading gives the bytes, the house's and the stream the text of the wire.
    assert decode({"B": value}) == decode({"B": base64.b64decode(str(value))}) == DOCUMENT
    assert encode_named("declaration", DOCUMENT) == {"B": value}
    assert encode_named("declaration", "short") == {"S": "short"}
    assert encode_named("declaration", "ứ" * (LONGEST + 1)) == {"S": "ứ" * (LONGEST + 1)}


def test_a_document_of_the_first_dictionary_is_read_for_good() -> None:
    """Byte for byte what the first release with packed documents stored."""
    assert decode({"B": FIRST_PACKED}) == DOCUMENT


@pytest.mark.parametrize("value", ("", "AAAA", "/w==", FIRST_PACKED[:20], "no base64"))
def test_what_was_never_packed_is_no_document(value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- of several kinds: base64, number of the dictionary, content
        decode({"B": value})


def test_a_fraction_in_the_table_is_an_error_not_a_rounding() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        decode({"N": "1.5"})


# Items

SEALS = field_keys()


@given(DOSSIERS)
@QUICK
def test_a_dossier_comes_back(dossier: Dossier) -> None:
    item = dossier_item(dossier, SEALS)
    assert open_dossier(dossier_from(through(item)), SEALS) == dossier
    assert dossier_item(dossier_from(through(item)), None) == item, "carried unopened"
    listed = not dossier.state.ended or dossier.state is State.COMPLETED
    assert ("GSI2PK" in item) is listed, "only open dossiers and what is to be handed over are on a work list"


@given(COVERS)
@QUICK
def test_a_cover_comes_back(cover: Any) -> None:
    item = cover_item(cover, SEALS)
    assert open_cover(cover_from(through(item)), SEALS) == cover
    assert cover_item(cover_from(through(item)), None) == item, "carried unopened"
    assert ("GSI2PK" in item) is (cover.state in {CoverState.DATA_CREATED, CoverState.CHECKED})


@given(VOUCHERS)
@QUICK
def test_a_voucher_comes_back(voucher: ContributionVoucher) -> None:
    assert voucher_from(voucher_document(voucher, SEALS), SEALS) == voucher


@given(HEADS)
@QUICK
def test_a_voucher_head_comes_back(head: VoucherHead) -> None:
    item = head_item(head, SEALS)
    found = head_from(through(item))
    assert found is not None
    assert head_item(found, SEALS) == item, "carried unopened"
    for version in head.fingerprints:
        found = open_fingerprint(found, version, SEALS)
    assert found == head
    assert ("GSI2PK" in item) is (head.state in {VoucherState.HELD, VoucherState.PARKED})
    assert head_from(None) is None


@given(PERSONS)
@QUICK
def test_a_person_comes_back(person: PersonRecord) -> None:
    assert person_from("a1", through(person_item(person))) == person
    assert person_from("a1", None) == PersonRecord("a1")


@given(PERIODS)
@QUICK
def test_a_period_comes_back(period: ParticipationPeriod) -> None:
    assert period_from("a1", through(period_item(period))) == period


@given(st.lists(LINES, min_size=1, max_size=5), LINES)
@QUICK
def test_the_lines_of_one_act_come_back_from_one_item(told: list[AuditLine], act: AuditLine) -> None:
    """What all share is stored once, the hashes between them not at all: they follow from what the lines say."""
    lines: list[AuditLine] = []
    for number, line in enumerate(told, start=act.version):
        shared = {name: getattr(act, name) for name in ("dossier_code", "national_code", "province_code", "at", "by")}
        previous = lines[-1].hash if lines else act.previous_hash
        lines.append(replace(line, **shared, actor=act.actor, version=number, previous_hash=previous).sealed())
    assert acts_of(lines) == [tuple(lines)]
    assert trail_of([through(act_item(lines))]) == tuple(lines)
    other = replace(lines[-1], actor=f"{act.actor}, another")
    assert acts_of([*lines, other]) == [tuple(lines), (other,)]


@given(LINES)
@QUICK
def test_an_audit_line_comes_back(line: AuditLine) -> None:
    assert audit_from(through(audit_item(line))) == line


@pytest.mark.parametrize(
    ("attribute", "broken"),
    (("state", 3), ("version", "3"), ("created_at", None), ("GSI1PK", None), ("quote", "{}"), ("state", "UNHEARD_OF")),
)
def test_a_broken_item_is_an_error_never_a_guess(attribute: str, broken: Any) -> None:
    item = {**through(dossier_item(made.unpaid(), SEALS)), attribute: broken}
    with pytest.raises((TypeError, ValueError, LookupError)):
        dossier_from(item)


# The transaction


def test_a_refusal_tells_what_stands_there(house: House) -> None:
    house.w.table.put(("a", "b"), {"number": 7})
    transaction = Transaction()
    transaction.put_new("first", ("c", "d"), {"number": 1})
    transaction.put_new("second", ("a", "b"), {"number": 2})
    transaction.require_missing("third", ("a", "c"))
    with pytest.raises(Refused) as refused:
        transaction.commit(house.w.table)
    assert refused.value.found == {"second": {"PK": "a", "SK": "b", "number": 7}}
    assert house.cloud.listing() == ["a b"], "all or nothing"


def test_a_refusal_over_nothing_says_so(house: House) -> None:
    transaction = Transaction()
    transaction.put_over("it", ("a", "b"), {"version": 2}, attribute="version", expected=1)
    with pytest.raises(Refused) as refused:
        transaction.commit(house.w.table)
    assert refused.value.found == {"it": None}


def test_each_kind_of_write(house: House) -> None:
    table = house.w.table
    for name in ("old", "gone", "kept"):
        table.put((name, "x"), {"version": 1, "empty": "soon"})
    transaction = Transaction()
    transaction.put_over("old", ("old", "x"), {"version": 2}, attribute="version", expected=1)
    transaction.update("kept", ("kept", "x"), {"version": 2, "empty": None}, attribute="version", expected=1)
    transaction.delete("gone", ("gone", "x"))
    transaction.put("any", ("any", "x"), {"a": ["b"]})
    transaction.put_new("new", ("new", "x"), {})
    transaction.require("still", ("witness", "x"), attribute="version", expected=1)
    table.put(("witness", "x"), {"version": 1})
    assert len(transaction) == 6
    transaction.commit(table)
    found = table.get_many([(name, "x") for name in ("old", "kept", "gone", "any", "new")])
    assert found == {
        ("old", "x"): {"PK": "old", "SK": "x", "version": 2},
        ("kept", "x"): {"PK": "kept", "SK": "x", "version": 2},
        ("any", "x"): {"PK": "any", "SK": "x", "a": ["b"]},
        ("new", "x"): {"PK": "new", "SK": "x"},
    }


@pytest.mark.parametrize(("expires_at", "taken"), ((99, True), (100, False), (101, False)))
def test_a_key_whose_time_is_over_may_be_claimed_again(house: House, expires_at: int, taken: bool) -> None:
    house.w.table.put(("k", "k"), {"expires_at": expires_at, "by": "first"})
    transaction = Transaction()
    transaction.put_new("k", ("k", "k"), {"expires_at": 900, "by": "second"}, or_expired_at=100)
    if taken:
        transaction.commit(house.w.table)
    else:
        with pytest.raises(Refused):
            transaction.commit(house.w.table)
    stored = house.w.table.get(("k", "k"))
    assert stored is not None
    assert stored["by"] == ("second" if taken else "first")


def failing(times: int, error: Exception) -> Callable[[str, dict[str, Any]], None]:
    """A hook that lets the first writes fail."""
    left = [times]

    def hook(name: str, _: dict[str, Any]) -> None:
        if name in ("transact_write_items", "put_item") and left[0]:
            left[0] -= 1
            raise error

    return hook


def cancelled(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    return client_error("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)


PASSING = (
    cancelled("None", "TransactionConflict"),
    cancelled("ThrottlingError", "None"),
    cancelled("ProvisionedThroughputExceeded", "None"),
    client_error("ThrottlingException", "TransactWriteItems"),
    client_error("TransactionInProgressException", "TransactWriteItems"),
    client_error("InternalServerError", "TransactWriteItems"),
)


ALONE = (client_error("TransactionConflictException", "PutItem"), client_error("ThrottlingException", "PutItem"))


@pytest.mark.parametrize(("error", "count"), (*((each, 2) for each in PASSING), *((each, 1) for each in ALONE)))
def test_what_passes_is_tried_again_three_times(house: House, error: Exception, count: int) -> None:
    def claim() -> None:
        transaction = Transaction()
        for number in range(count):
            transaction.put_new("it", ("a", str(number)), {})
        transaction.commit(house.w.table)

    with house.cloud.calls.hooked(failing(4, error)), pytest.raises(Unavailable, match="STORAGE_BUSY"):
        claim()
    assert house.cloud.listing() == []
    with house.cloud.calls.hooked(failing(3, error)):
        claim()
    assert house.cloud.listing() == ["a 0", "a 1"][:count]


def put_alone(house: House, text: str) -> None:
    transaction = Transaction()
    transaction.put_new("it", ("a", "b"), {"document": text, "version": 1})
    transaction.commit(house.w.table)


def test_one_item_alone_is_one_plain_write_under_its_condition(house: House) -> None:
    put_alone(house, "ours")
    assert house.cloud.calls.made == ["put_item"]
    with pytest.raises(Refused) as refused:
        put_alone(house, "theirs")
    assert refused.value.found == {"it": {"PK": "a", "SK": "b", "document": "ours", "version": 1}}


@pytest.mark.parametrize("by", ("us", "botocore"))
def test_one_item_whose_answer_was_lost_is_written_once_and_not_refused(house: House, by: str) -> None:
    client, long = boto_clients()["table"], DOCUMENT * 2
    if by == "us":
        lost = [client_error("InternalServerError", "PutItem")]

        def hook(name: str, arguments: dict[str, Any]) -> None:
            if lost:
                client.put_item(**arguments)
                raise lost.pop()

        with house.cloud.calls.hooked(hook):
            put_alone(house, long)
    else:
        put_alone(house, long)
        told = {"RetryAttempts": 1, "HTTPStatusCode": 400, "RequestId": "r"}
        stands = encode_item({"PK": "a", "SK": "b", "document": long, "version": 1})

        def refused(name: str, arguments: dict[str, Any]) -> None:
            raise client_error("ConditionalCheckFailedException", name, Item=stands, ResponseMetadata=told)

        with house.cloud.calls.hooked(refused):
            put_alone(house, long)
            with pytest.raises(Refused):
                put_alone(house, "another")
    found = house.w.table.get(("a", "b"))
    assert found is not None
    assert found["document"] == long


def test_the_same_item_of_somebody_else_is_a_refusal(house: House) -> None:
    put_alone(house, "the same")
    with pytest.raises(Refused):
        put_alone(house, "the same")


def test_every_try_of_one_decision_carries_the_same_token(house: House) -> None:
    """Where only the answer was lost, DynamoDB then says that it is done instead of refusing the claim."""
    tokens = []

    def hook(_: str, arguments: dict[str, Any]) -> None:
        tokens.append(arguments["ClientRequestToken"])
        if len(tokens) < 3:
            raise client_error("InternalServerError", "TransactWriteItems")

    for _ in range(2):
        transaction = Transaction()
        transaction.put("it", ("a", "b"), {})
        transaction.put("other", ("a", "c"), {})
        with house.cloud.calls.hooked(hook):
            transaction.commit(house.w.table)
    assert len(tokens) == 4
    assert len(set(tokens[:3])) == 1
    assert tokens[3] != tokens[0]


@pytest.mark.parametrize(
    "error", (client_error("ValidationException", "TransactWriteItems"), cancelled("None", "ValidationError"))
)
def test_what_is_wrong_is_not_tried_again(house: House, error: Exception) -> None:
    transaction = Transaction()
    transaction.put("it", ("a", "b"), {})
    transaction.put("other", ("a", "c"), {})
    with house.cloud.calls.hooked(failing(1, error)), pytest.raises(type(error)):
        transaction.commit(house.w.table)
    assert house.cloud.calls.made == ["transact_write_items"]


def test_a_failed_condition_beside_a_conflict_is_a_decision(house: House) -> None:
    reasons = [{"Code": "ConditionalCheckFailed"}, {"Code": "TransactionConflict"}]
    error = client_error("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)
    transaction = Transaction()
    transaction.put_new("one", ("a", "b"), {})
    transaction.put_new("two", ("c", "d"), {})
    with house.cloud.calls.hooked(failing(1, error)), pytest.raises(Refused) as refused:
        transaction.commit(house.w.table)
    assert refused.value.found == {"one": None}


# Reading


def test_many_are_read_in_hundreds(house: House) -> None:
    wanted = [(f"p{number}", "s") for number in range(250)]
    for key in wanted:
        house.w.table.put(key, {})
    house.cloud.calls.forget()
    assert set(house.w.table.get_many([*wanted, *wanted, ("missing", "s")])) == set(wanted)
    assert house.cloud.calls.made == ["batch_get_item"] * 3


def test_keys_that_are_kept_back_are_asked_for_again_and_then_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.storage.table.time.sleep", lambda _: None)

    class Busy:
        def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803
            return {"Responses": {}, "UnprocessedKeys": RequestItems}

    with pytest.raises(Unavailable, match="STORAGE_BUSY"):
        Table(Busy(), "t").get_many([("a", "b")])


def test_a_partition_is_read_in_order_and_by_prefix(house: House) -> None:
    for name in ("A#2", "A#1", "B#1"):
        house.w.table.put(("p", name), {})
    assert [item["SK"] for item in house.w.table.query("p")] == ["A#1", "A#2", "B#1"]
    assert [item["SK"] for item in house.w.table.query("p", "A#", descending=True)] == ["A#2", "A#1"]


@given(st.integers(1, 10**7), st.dates(date(2023, 1, 1), date(2026, 12, 31)))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_audit_keys_sort_as_their_numbers(version: int, day: date) -> None:
    assert keys.audit("c", version)[1] < keys.audit("c", version + 1)[1]
    assert keys.day_partition(day, "79") < keys.day_partition(day + timedelta(days=1), "79")
