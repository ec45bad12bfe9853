"""The arithmetic of `make cost`: units times prices, nothing forgotten, nothing twice."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.cost.__main__ import PRICES, bill_of, memory_of, mixed
from tests.cost.count import INDEXES, Tally, tallies
from tests.cost.writing import Index, Watch, kilobytes, size, stored_bytes


def tally(**units: int) -> Tally:
    return Tally(units=Counter(units))


def test_a_line_is_units_times_price() -> None:
    bill = bill_of(tally(state_transition=4, dynamodb_write=10, kms_signature=1, kms_request=2), "us-east-1")
    assert bill["State machines"][0] == pytest.approx(100.0)
    assert bill["Table, writing"][0] == pytest.approx(6.25)
    assert bill["Keys"][0] == pytest.approx(15.0 + 2 * 3.0)
    assert bill["API Gateway"][0] == 0


def test_functions_are_billed_by_memory_and_by_what_they_wait_for() -> None:
    one = Tally(units=Counter(lambda_request=1), invocations=Counter(DossierTask=1))
    waiting = Tally(
        units=Counter(lambda_request=1), invocations=Counter(DossierTask=1), calls={"DossierTask": Counter(read=2)}
    )
    more = bill_of(waiting, "us-east-1")["Functions"][0] - bill_of(one, "us-east-1")["Functions"][0]
    seconds = 2 * PRICES["assumptions"]["milliseconds"]["read"] / 1000
    assert more == pytest.approx(seconds * memory_of("DossierTask") / 1024 * 16.6667)


def test_the_mix_is_whole_and_both_regions_have_every_price() -> None:
    mix = PRICES["assumptions"]["mix"]
    assert sum(mix.values()) == pytest.approx(1.0)
    bills = {kind: bill_of(tally(state_transition=1), "us-east-1") for kind in mix}
    assert mixed(bills)["State machines"] == pytest.approx(25.0)
    for prices in (PRICES["per_million"], PRICES["per_unit"]):
        assert prices["us-east-1"].keys() == prices["ap-southeast-1"].keys()


LISTED = Index("GSI2", "GSI2PK", "GSI2SK", frozenset({"state"}))


def item(**attributes: str) -> dict[str, dict[str, object]]:
    return {name: {"S": value} for name, value in {"PK": "P", "SK": "S", **attributes}.items()}


@pytest.mark.parametrize(
    ("before", "after", "units"),
    (
        ({}, item(state="A"), 0),
        ({}, item(GSI2PK="L", GSI2SK="1", state="A"), 1),
        (item(GSI2PK="L", GSI2SK="1", state="A"), item(state="A"), 1),
        (item(GSI2PK="L", GSI2SK="1", state="A"), item(GSI2PK="L", GSI2SK="1", state="A", other="x"), 0),
        (item(GSI2PK="L", GSI2SK="1", state="A"), item(GSI2PK="L", GSI2SK="1", state="B"), 1),
        (item(GSI2PK="L", GSI2SK="1", state="A"), item(GSI2PK="L", GSI2SK="2", state="A"), 2),
        (item(GSI2PK="L", GSI2SK="1"), item(GSI2PK="L", GSI2SK="1", state="x" * 1024), 2),
    ),
)
def test_an_index_bills_what_changes_of_its_entry(
    before: dict[str, dict[str, object]], after: dict[str, dict[str, object]], units: int
) -> None:
    assert LISTED.units(before, after) == units


def test_a_write_is_billed_by_the_larger_image_and_twofold_in_a_transaction() -> None:
    images = iter([{}, {}, item(text="x" * 1100), item(text="x")])
    watch = Watch(lambda key: next(images), [LISTED])
    key = {"PK": {"S": "DOSSIER#1"}, "SK": {"S": "META"}}
    asked = {"TransactItems": [{"Put": {"Item": item()}}, {"Update": {"Key": key}}]}
    watch.before("TransactWriteItems", asked)
    watch.after("APIHandler", "TransactWriteItems")
    assert [(each.item, each.operation, each.units) for each in watch.writes] == [
        ("P S", "Put", 4),
        ("dossier", "Update", 2),
    ]
    assert watch.writes[0].bytes == size(item(text="x" * 1100))


def test_sizes_are_those_of_the_developer_guide() -> None:
    assert size({"n": {"N": "100"}}) == 1 + 2
    assert size({"m": {"M": {"ab": {"S": "ă"}}}}) == 1 + 3 + 1 + 2 + 2
    assert size({"l": {"L": [{"BOOL": True}, {"NULL": True}]}}) == 1 + 3 + 2 + 2
    assert kilobytes({}) == 1
    assert stored_bytes([item()], [LISTED]) == size(item()) + 100


def test_the_indexes_are_those_of_the_template() -> None:
    by_keys, by_list = INDEXES
    assert (by_keys.name, by_list.name) == ("GSI1", "GSI2")
    assert not by_keys.projected
    assert {"state", "due_at"} <= by_list.projected


BUDGET: dict[str, dict[str, int]] = json.loads((Path(__file__).parents[1] / "cost" / "budget.json").read_text("utf-8"))
"""By kind of registration the most of each unit; bytes in steps of 500. Who needs more changes it, and docs/cost.md."""


def test_a_registration_asks_for_no_more_than_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """The counts of `make cost` are the same at every run, on any machine."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "counted")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")
    counted = tallies()
    assert counted.keys() == BUDGET.keys()
    asked = {
        kind: {**tally.units, "log_bytes": tally.log_bytes, "table_bytes": tally.table_bytes}
        for kind, tally in counted.items()
    }
    over = {
        (kind, name): count
        for kind, units in asked.items()
        for name, count in units.items()
        if count > BUDGET[kind].get(name, 0)
    }
    assert over == {}
