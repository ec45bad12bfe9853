"""Log lines that are metrics: the envelope CloudWatch reads, from an allow-list, with the gauges of the night."""

from __future__ import annotations

import json
import logging

import pytest

from chalicelib.log import JsonFormatter, facts
from chalicelib.metrics import NAMESPACE, UNITS, measured
from chalicelib.usecases.oversight.take_stock import Stock, take_stock
from tests.support.house import House, voucher


def line_of(**more: object) -> dict[str, object]:
    record = logging.LogRecord("chalicelib.x", logging.INFO, "x.py", 1, "done", None, None)
    record.__dict__.update(more)
    told: dict[str, object] = json.loads(JsonFormatter().format(record))
    return told


def test_a_measured_line_is_an_emf_document_and_stays_a_log_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "production")
    line = line_of(**facts(voucher_id="KT79"), **measured(by={"Outcome": "HOLD"}, Vouchers=1, AmountHeld=297_000))
    assert (line["message"], line["voucher_id"]) == ("done", "KT79")
    envelope = line["_aws"]
    assert isinstance(envelope, dict)
    assert isinstance(envelope["Timestamp"], int)
    (directive,) = envelope["CloudWatchMetrics"]
    assert directive["Namespace"] == NAMESPACE
    # Every dimension and metric that the envelope names is a member of the line (EMF specification).
    for name in (*directive["Dimensions"][0], *(each["Name"] for each in directive["Metrics"])):
        assert name in line
    assert (line["Stage"], line["Outcome"], line["Vouchers"], line["AmountHeld"]) == ("production", "HOLD", 1, 297_000)


def test_a_line_without_figures_has_no_envelope() -> None:
    assert "_aws" not in line_of(**facts(count=1))


@pytest.mark.parametrize(("by", "values"), (({"Person": "079185012345"}, {"Vouchers": 1}), ({}, {"FullName": 1})))
def test_nothing_becomes_a_metric_that_is_not_on_the_list(by: dict[str, str], values: dict[str, int]) -> None:
    with pytest.raises(KeyError):
        measured(by=by, **values)


def test_the_stock_is_what_is_open_late_and_held(house: House) -> None:
    code = house.opened()
    assert take_stock(house.w) == Stock(open_dossiers=1)
    house.send(voucher(1, code, amount_received=1_000))
    house.send(voucher(2, "000.00.79.G24-230206-0042", personal_id="079185012399"))
    stock = take_stock(house.w)
    assert (stock.open_dossiers, stock.held_vouchers) == (1, 2)
    assert stock.money_held == 1_000 + 297_000


def test_a_paid_dossier_comes_to_be_due_and_then_late(house: House) -> None:
    code = house.opened()
    house.send(voucher(1, code))
    assert take_stock(house.w) == Stock(open_dossiers=1)
    due_at = house.dossier(code).due_at
    assert due_at is not None
    house.clock.moment = due_at
    assert take_stock(house.w) == Stock(open_dossiers=1, due_soon_dossiers=1)
    house.clock.moment = due_at.replace(hour=due_at.hour + 1)
    assert take_stock(house.w) == Stock(open_dossiers=1, overdue_dossiers=1)


def test_every_gauge_is_a_metric() -> None:
    gauges = {"".join(part.title() for part in name.split("_")) for name in Stock.__dataclass_fields__}
    assert gauges <= set(UNITS)


def test_a_batch_of_vouchers_is_counted_once_for_each_outcome(house: House, caplog: pytest.LogCaptureFixture) -> None:
    code = house.opened()
    early = [voucher(number, f"000.00.79.G24-230206-004{number}", personal_id="079185012399") for number in (2, 3)]
    house.send(voucher(1, code), *early)
    told = [vars(each)["metrics"] for each in caplog.records if each.getMessage() == "vouchers counted"]
    assert sorted((each["Outcome"], each["Vouchers"], each.get("AmountHeld")) for each in told) == [
        ("APPLY", 1, None),
        ("PARK", 2, 2 * 297_000),
    ]
