"""The calculator on its own: `python -m chalicelib.law.quote`."""

from __future__ import annotations

import json
import runpy
import sys
from typing import Any

import pytest

from chalicelib.law.quote import main

Capture = pytest.CaptureFixture[str]
IN_2026 = ["--income", "1500000", "--paid-on", "2026-08-03"]


def told(capsys: Capture, *arguments: str) -> str:
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def refused(capsys: Capture, *arguments: str) -> list[str]:
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def answer(capsys: Capture, *arguments: str) -> Any:
    return json.loads(told(capsys, *arguments, "--json"))


def test_one_choice_with_its_derivation_and_its_sources(capsys: Capture) -> None:
    lines = told(
        capsys, "--income", "1.500.000", "--paid-on", "2023-02-06", "--method", "M3", "--province", "01"
    ).splitlines()

    assert lines[0] == ("Phương thức M3 (03 tháng một lần), đóng ngày 06/02/2023, đối tượng OTHER, tỉnh 01")
    assert lines[2:8] == [
        "Cách tính",
        "  22% x 1.500.000 = 330.000 đ/tháng",
        "  3 tháng x 330.000 = 990.000 đ",
        "  Nhà nước hỗ trợ 10% x 22% x 1.500.000 trong 3 tháng: 99.000 đ",
        "  Địa phương hỗ trợ thêm trong 3 tháng: 99.000 đ",
        "  Người tham gia đóng: 792.000 đ, hạn đóng 30/04/2023",
    ]
    assert "  Tổng số tiền 990.000 đ = người tham gia 792.000 + Nhà nước 99.000 + địa phương 99.000" in lines
    line = lines.index("  mức lương cơ sở: 1.490.000 đ/tháng (từ 01/07/2019 đến 30/06/2023)")
    assert lines[line + 1] == "    NĐ 38/2019/NĐ-CP [base_salary]"
    assert "  tỷ lệ đóng: 22% (từ 01/01/2016)" in lines


def test_all_methods_for_an_income(capsys: Capture) -> None:
    lines = told(capsys, *IN_2026).splitlines()

    assert lines[0].startswith("Thu nhập 1.500.000 đ/tháng, đóng ngày 03/08/2026")
    rows = [line.split() for line in lines[3:11]]
    assert [row[0] for row in rows] == ["M1", "M3", "M6", "M12", "AHEAD", "AHEAD", "AHEAD", "AHEAD"]
    assert rows[7] == ["AHEAD", "60", "18.098.148", "3.960.000", "0", "14.138.148", "03/08/2026"]
    assert len({len(line) for line in lines[2:11]}) == 1


def test_a_method_that_is_refused_keeps_its_line_in_the_table(capsys: Capture) -> None:
    out = told(capsys, "--income", "1500000", "--paid-on", "2023-03-01")

    assert "AHEAD           24  RATE_NOT_CONFIGURED\n" in out
    assert "RATE_NOT_CONFIGURED: Chưa có lãi suất đầu tư quỹ bình quân tháng" in out


def test_golden_case_g1(capsys: Capture) -> None:
    made = answer(
        capsys,
        *("--income", "9800000", "--method", "MISSING", "--months", "116", "--used", "15"),
        *("--paid-on", "2020-04-15", "--born", "1960-01", "--gender", "NAM", "--contributed", "120"),
    )

    assert (made["amount_gross"], made["amount_state"], made["amount_participant"]) == (
        335_926_546,
        2_110_151,
        333_816_395,
    )
    sources = {source["table"]: source for source in made["sources"]}
    assert sources["fund_monthly_rate"]["value"] == "0,4833%/tháng"
    assert sources["fund_monthly_rate"]["effective_to"] == "2020-12-31"
    assert made["from_month"] == "2020-04"


def test_a_late_period_of_the_registered_method(capsys: Capture) -> None:
    late = ("--method", "LATE", "--from", "2026-04")

    assert answer(capsys, *IN_2026, *late, "--registered", "M3")["amount_gross"] == 996_148
    assert answer(capsys, *IN_2026, *late)["months"] == 1


def test_a_refund_of_the_choice(capsys: Capture) -> None:
    choice = ("--income", "3000000", "--paid-on", "2026-08-03", "--method", "AHEAD", "--months", "36")
    event = ("--refund", "COMPULSORY", "--event", "2027-12")

    assert "  Hoàn trả người tham gia: 10.880.152 đ" in told(capsys, *choice, *event)
    back = answer(capsys, *choice, *event)["refund"]
    assert (back["amount_participant"], back["months"], back["first_month"]) == (10_880_152, 20, "2027-12")
    assert refused(capsys, *choice, "--refund", "DEATH") == [
        "REQUIRED (event_month): Cần --event: tháng xảy ra sự kiện."
    ]


@pytest.mark.parametrize(
    ("assumption", "participant"),
    (
        ("ahead_support_mode=FLAT", 6_060_801),
        ("ahead_support_mode=DISCOUNTED", 6_115_841),
        ("ahead_exponent_offset=0", 6_037_176),
        ("support_cap_months=0", 7_644_801),
    ),
)
def test_what_an_option_would_change(capsys: Capture, assumption: str, participant: int) -> None:
    made = answer(capsys, *IN_2026, "--method", "AHEAD", "--months", "24", "--assume", assumption)

    assert made["amount_participant"] == participant
    table = assumption.partition("=")[0]
    assert {source["table"]: source["source"] for source in made["sources"]}[table].startswith("giả định")


def test_two_assumptions_answer_what_the_tables_do_not(capsys: Capture) -> None:
    made = answer(
        capsys,
        *("--income", "1500000", "--paid-on", "2025-08-01", "--method", "MISSING", "--months", "12"),
        *("--born", "1950", "--gender", "NU"),
        *("--assume", "missing_support_mode=NONE", "--assume", "fund_rate=0.3100"),
    )

    assert made["amount_participant"] == 4_040_708


@pytest.mark.parametrize("assumption", ("ahead_exponent_offset=x", "minimum_age=1", "nothing"))
def test_an_assumption_that_can_not_be_made(capsys: Capture, assumption: str) -> None:
    assert refused(capsys, *IN_2026, "--assume", assumption)[0].startswith(
        f"ASSUMPTION_INVALID (assume): Không giả định được {assumption}; các bảng: "
    )


def test_the_highest_of_several_categories(capsys: Capture) -> None:
    assert answer(capsys, *IN_2026, "--method", "M1", "--category", "OTHER,POOR")["support_category"] == "POOR"
    assert refused(capsys, *IN_2026, "--category", "RICH") == ["Không có loại đối tượng 'RICH'."]


def test_every_refusal_has_its_line(capsys: Capture) -> None:
    found = refused(capsys, "--income", "1510000", "--paid-on", "2023-03-01", "--method", "AHEAD", "--months", "24")

    assert [line.split(":")[0] for line in found] == [
        "INCOME_NOT_ON_STEP (income)",
        "RATE_NOT_CONFIGURED (method)",
    ]


def test_a_day_before_the_law_is_refused(capsys: Capture) -> None:
    found = refused(capsys, "--income", "1500000", "--paid-on", "2009-01-01", "--method", "M1")

    assert found == ["SUPPORT_RATE_NOT_CONFIGURED (-): Chưa có mức hỗ trợ của Nhà nước áp dụng cho ngày 01/01/2009."]


def test_missing_years_need_a_birth_date(capsys: Capture) -> None:
    assert refused(capsys, *IN_2026, "--method", "MISSING", "--months", "12") == [
        "REQUIRED (birth_date): Cần --born và --gender để xét tuổi nghỉ hưu."
    ]


def test_the_table_as_json_keeps_the_refusals(capsys: Capture) -> None:
    made = answer(capsys, "--income", "1500000", "--paid-on", "2023-03-01")

    assert [entry["months"] for entry in made] == [1, 3, 6, 12, 24, 36, 48, 60]
    assert made[0]["amount_participant"] == 297_000
    assert made[4]["errors"][0]["code"] == "RATE_NOT_CONFIGURED"


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        (["--income", "x"], "cần một số nguyên không âm, không phải 'x'"),
        (["--income=-1"], "cần một số nguyên không âm, không phải '-1'"),
        (["--income", "1", "--paid-on", "06/02/2023"], "cần một ngày yyyy-MM-dd"),
        (["--income", "1", "--from", "2023-13"], "cần một tháng yyyy-MM"),
        (["--income", "1", "--born", "2999"], "cần một ngày sinh"),
        ([], "--income"),
    ),
)
def test_bad_usage_is_told(capsys: Capture, arguments: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)

    assert left.value.code == 2
    assert message in capsys.readouterr().err


def test_it_is_a_command(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["quote", *IN_2026])
    monkeypatch.delitem(sys.modules, "chalicelib.law.quote")

    with pytest.raises(SystemExit) as left:
        runpy.run_module("chalicelib.law.quote", run_name="__main__")

    assert left.value.code == 0
    assert "AHEAD" in capsys.readouterr().out
