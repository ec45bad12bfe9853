"""Configuration without a deploy: drafted, previewed, published by a second person, seen by every function."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from chalicelib import lawbook
from chalicelib.domain.events import GENESIS
from chalicelib.domain.months import VIETNAM
from chalicelib.storage import keys
from chalicelib.storage.items.audit import audit_from
from chalicelib.usecases.configuration import publish_rules
from chalicelib.wiring import Wiring
from tests.integration.http.conftest import StandingClock
from tests.integration.http.harness import DECLARATION, OFFICER_79, OPS, PORTAL, QUOTE, Answer, Api

ONE = {"sub": "publisher-a", "role": "publisher", "provinces": "79"}
TWO = {"sub": "publisher-b", "role": "publisher", "provinces": "79"}

RATE = {"from": "2027-01-01", "to": "2027-12-31", "value": "0.3200", "source": "Thông báo lãi suất 2026"}
AHEAD = {
    **QUOTE,
    "income": 3_000_000,
    "method": "AHEAD",
    "months": 60,
    "from_month": "2027-02",
    "paid_on": "2027-02-01",
}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch, clock: StandingClock) -> None:
    monkeypatch.setattr(publish_rules, "CACHE_SECONDS", 0)
    monkeypatch.setattr(lawbook, "CACHE_SECONDS", 0)
    clock.moment = datetime(2026, 8, 3, 9, 0, tzinfo=VIETNAM)


def draft(api: Api, table: str, *rows: Any, caller: Any = ONE, query: str = "", **more: Any) -> Answer:
    body = {"rows": list(rows), "reason": "Thông báo mới", **more}
    return api.call("PUT", f"/v1/officer/rules/{table}{query}", body, caller=caller)


def publish(api: Api, table: str, version: int, caller: Any = TWO, key: str | None = None) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return api.call("POST", f"/v1/officer/rules/{table}/{version}/publication", caller=caller, headers=headers)


def published(api: Api, table: str, *rows: Any, **more: Any) -> Answer:
    answer = draft(api, table, *rows, **more)
    assert answer.status == 200, answer.text
    return publish(api, table, answer.json["change"]["version"])


def test_next_years_rate_opens_a_method_without_a_deploy(api: Api) -> None:
    before = api.call("POST", "/v1/quotes", AHEAD)
    assert before.json["code"] == "RATE_NOT_CONFIGURED"
    assert published(api, "fund_monthly_rate", RATE).status == 200
    after = api.call("POST", "/v1/quotes", AHEAD)
    assert (after.status, after.json["rate_r"], after.json["amount_gross"]) == (200, "0.3200", 36_093_401)


def test_a_draft_changes_nothing_until_a_second_person_publishes_it(api: Api) -> None:
    answer = draft(api, "fund_monthly_rate", RATE)
    assert answer.json["change"]["state"] == "DRAFT"
    assert api.call("POST", "/v1/quotes", AHEAD).status == 422
    refused = publish(api, "fund_monthly_rate", 1, ONE)
    assert (refused.status, refused.json["code"]) == (403, "SECOND_PERSON_REQUIRED")
    done = publish(api, "fund_monthly_rate", 1, TWO)
    assert (done.json["drafted_by"], done.json["published_by"]) == ("publisher-a", "publisher-b")


def test_publishing_twice_is_a_replay_or_a_conflict(api: Api) -> None:
    draft(api, "fund_monthly_rate", RATE)
    first = publish(api, "fund_monthly_rate", 1, key="once")
    again = publish(api, "fund_monthly_rate", 1, key="once")
    assert (again.status, again.text, again.headers["Idempotent-Replayed"]) == (200, first.text, "true")
    assert publish(api, "fund_monthly_rate", 1).json["code"] == "INVALID_TRANSITION"


def test_a_dry_run_shows_the_amounts_and_stores_nothing(api: Api, w: Wiring) -> None:
    row = {"from": "2027-01-01", "to": None, "value": 23, "source": "Luật mới"}
    answer = draft(api, "contribution_rate", row, query="?dry_run=true")
    assert answer.json["change"] is None
    found = [
        each
        for each in answer.json["preview"]["amounts"]
        if (each["income"], each["method"], each["support_category"], each["province_code"])
        == (3_000_000, "M1", "OTHER", "79")
    ]
    # 22% and 23% of 3,000,000, less 20% of the same rate of 2,200,000.
    assert [(each["before"], each["after"]) for each in found] == [(563_200, 588_800)]
    assert w.table.get(keys.RULES_HEAD) is None


def test_a_holiday_notice_shows_its_days_and_moves_the_next_promise(api: Api, clock: StandingClock) -> None:
    clock.moment = datetime(2026, 11, 30, 9, 0, tzinfo=VIETNAM)
    year = {
        "year": 2027,
        "source": "Thông báo nghỉ lễ 2027",
        "days_off": [{"from": "2027-01-01", "to": "2027-01-01", "why": "Tết Dương lịch"}],
        "working_saturdays": [{"date": "2027-01-09", "why": "làm bù"}],
    }
    answer = published(api, "holiday_calendar", year)
    assert answer.status == 200
    shown = api.call("GET", "/v1/officer/rules/holiday_calendar", caller=OFFICER_79)
    assert shown.json["rows"][-1]["year"] == 2027


def test_every_fault_of_the_rows_is_told_at_once(api: Api) -> None:
    answer = draft(
        api, "income_step", {"from": "2027-01-01", "value": 1, "source": "x", "category": "POOR"}, {"source": "y"}
    )
    assert (answer.status, set(answer.codes)) == (
        422,
        {
            ("rows[0].category", "UNKNOWN_FIELD"),
            ("rows[0].to", "REQUIRED"),
            ("rows[1].to", "REQUIRED"),
            ("rows[1].from", "REQUIRED"),
            ("rows[1].value", "REQUIRED"),
        },
    )


@pytest.mark.parametrize(
    ("table", "row", "code"),
    (
        ("income_step", {"from": "2026-08-03", "to": None, "value": 60_000}, "EFFECTIVE_NOT_IN_FUTURE"),
        ("income_step", {"from": "2027-01-01", "to": "2026-12-31", "value": 60_000}, "RULE_INVALID"),
        ("income_step", {"from": "2027-01-01", "to": None, "value": "60000"}, "RULE_INVALID"),
        ("rural_poverty_line", {"from": "2027-01-01", "to": None, "value": 2_300_000}, "RULE_EXISTS"),
        ("rural_poverty_line", {"from": "2026-12-01", "to": None, "value": 2_300_000}, "RULE_OVERLAP"),
        ("ahead_support_mode", {"from": "2027-01-01", "to": None, "value": "SOMETIMES"}, "RULE_INVALID"),
        ("fund_monthly_rate", {"from": "2027-01-01", "to": "2027-12-31", "value": "0.32"}, "RULE_INVALID"),
    ),
)
def test_rows_that_make_no_whole_table_are_refused(api: Api, table: str, row: dict[str, Any], code: str) -> None:
    answer = draft(api, table, {**row, "source": "Văn bản"})
    assert (answer.status, answer.json["code"]) == (422, code)


def test_a_gap_is_refused(api: Api) -> None:
    rows = (
        {"from": "2027-01-01", "to": "2027-06-30", "value": 60_000, "source": "a"},
        {"from": "2027-08-01", "to": None, "value": 70_000, "source": "b"},
    )
    assert draft(api, "income_step", *rows).json["code"] == "RULE_GAP"


def test_a_correction_may_reach_into_the_past(api: Api) -> None:
    row = {"from": "2026-01-01", "to": "2026-12-31", "value": "0.3300", "source": "Đính chính"}
    assert draft(api, "fund_monthly_rate", row).json["code"] == "EFFECTIVE_NOT_IN_FUTURE"
    assert published(api, "fund_monthly_rate", row, correction=True).status == 200
    quote = api.call("POST", "/v1/quotes", {**AHEAD, "from_month": "2026-08", "paid_on": "2026-08-03"})
    assert quote.json["rate_r"] == "0.3300"


def test_a_running_dossier_keeps_its_amount(api: Api, clock: StandingClock) -> None:
    body = {
        **DECLARATION,
        "from_month": "2026-08",
        "permanent_address": {**DECLARATION["permanent_address"], "district_code": None},
    }
    opened = api.declare(body)
    assert opened.status == 201, opened.text
    row = {"from": "2026-08-01", "to": None, "value": 24, "source": "Đính chính"}
    assert published(api, "contribution_rate", row, correction=True).status == 200
    code = opened.json["dossier_code"]
    assert api.call("GET", f"/v1/dossiers/{code}", caller=PORTAL).json["quote"] == opened.json["quote"]
    fresh = api.call("POST", "/v1/quotes", {**QUOTE, "from_month": "2026-08", "paid_on": "2026-08-03"})
    assert fresh.json["monthly_contribution"] == 360_000


def test_only_publishers_draft_and_only_for_their_province(api: Api) -> None:
    assert draft(api, "income_step", RATE, caller=OFFICER_79).json["code"] == "ROLE_NOT_ALLOWED"
    assert api.call("GET", "/v1/officer/rules/income_step", caller=PORTAL).status == 403
    assert api.call("GET", "/v1/officer/rules/income_step", caller=OPS).status == 200
    support = {
        "province": "01",
        "category": "OTHER",
        "kind": "FIXED",
        "uniform_per_group": True,
        "from": "2027-01-01",
        "to": None,
        "value": 50_000,
        "source": "Nghị quyết HĐND",
    }
    assert draft(api, "local_support", support).json["code"] == "PROVINCE_NOT_ALLOWED"
    assert published(api, "local_support", {**support, "province": "79"}).status == 200
    quote = {**QUOTE, "from_month": "2027-02", "paid_on": "2027-02-01", "income": 2_200_000}
    assert api.call("POST", "/v1/quotes", quote).json["amount_local"] == 150_000


def test_unknown_tables_and_drafts_are_not_found(api: Api) -> None:
    assert draft(api, "lottery", RATE).json["code"] == "RULE_TABLE_UNKNOWN"
    draft(api, "fund_monthly_rate", RATE)
    assert publish(api, "income_step", 1).json["code"] == "RULE_DRAFT_NOT_FOUND"
    assert publish(api, "fund_monthly_rate", 7).json["code"] == "RULE_DRAFT_NOT_FOUND"


def test_a_draft_whose_day_has_come_is_not_published_any_more(api: Api, clock: StandingClock) -> None:
    draft(api, "fund_monthly_rate", RATE)
    clock.moment = datetime(2027, 1, 1, 9, 0, tzinfo=VIETNAM)
    assert publish(api, "fund_monthly_rate", 1).json["code"] == "EFFECTIVE_NOT_IN_FUTURE"


def test_the_trail_of_the_rules_is_one_chain(api: Api, w: Wiring) -> None:
    published(api, "fund_monthly_rate", RATE)
    draft(api, "income_step", {"from": "2027-01-01", "to": None, "value": 60_000, "source": "x"})
    lines = [audit_from(item) for item in w.table.query(keys.RULES_PARTITION, keys.AUDIT)]
    assert [line.event.value for line in lines] == ["RULES_DRAFTED", "RULES_PUBLISHED", "RULES_DRAFTED"]
    assert [line.previous_hash for line in lines] == [GENESIS, lines[0].hash, lines[1].hash]
    assert all(line.hash == line.digest() for line in lines)
