"""The arithmetic of `make cost`: units times prices, nothing forgotten, nothing twice."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.cost.__main__ import PRICES, bill_of, memory_of, mixed
from tests.cost.count import Tally


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
