"""Why this amount: the calculator on its own, offline, for an officer's question or an auditor's check.

    python -m chalicelib.law.quote --income 1500000                              all methods, today
    python -m chalicelib.law.quote --income 1500000 --method M3 --paid-on 2023-02-06
    python -m chalicelib.law.quote --income 9800000 --method MISSING --months 116 --used 15 \\
        --paid-on 2020-04-15 --born 1960-01 --gender NAM
    python -m chalicelib.law.quote --income 1500000 --method LATE --registered M3 --from 2026-04 --paid-on 2026-08-03
    python -m chalicelib.law.quote --income 3000000 --method AHEAD --months 36 --paid-on 2026-08-03 \\
        --refund COMPULSORY --event 2027-12
    python -m chalicelib.law.quote --income 1500000 --method AHEAD --months 24 --paid-on 2026-08-03 \\
        --assume ahead_support_mode=DISCOUNTED

It decides nothing by itself: every number comes from the domain, by the tables that ship with this version. It lies
beside them because the domain reads no files.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar

from chalicelib.domain.amounts.contribution import Quote, QuoteRequest, quote
from chalicelib.domain.amounts.counter import LATE, MISSING, Retiree, quote_late, quote_missing
from chalicelib.domain.amounts.parameters import highest_category
from chalicelib.domain.amounts.refund import Refund, RefundReason, RefundRequest, refund
from chalicelib.domain.amounts.sources import Source, sources_of
from chalicelib.domain.configuration.law import Law, Row, Table
from chalicelib.domain.errors import DomainError, Fault, Rejected
from chalicelib.domain.money import dotted
from chalicelib.domain.months import VIETNAM, Month
from chalicelib.domain.people.identity import BirthDate, Gender
from chalicelib.domain.registration.identifiers import parse_birth_date

from . import load

T = TypeVar("T")

OPTIONS: dict[str, type] = {
    "ahead_exponent_offset": int,
    "ahead_support_mode": str,
    "missing_support_mode": str,
    "missing_limit_months": int,
    "missing_lead_months": int,
    "late_month_origin": str,
    "late_support_mode": str,
    "income_step": int,
    "support_cap_months": int,
    "fund_rate": str,
}
"""Tables whose value may be assumed, to see what it would change; `fund_rate` in percent a month, four decimals."""

ASSUMED = "giả định của người hỏi, không phải quy định"
NOTE = "Tính theo các bảng quy định đi kèm phiên bản này; quy định công bố sau đó có thể khác."


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer one question on the standard output. 0 if there is an answer, 1 if the law refuses, 2 for bad usage."""
    asked = _parser().parse_args(arguments)
    try:
        law = _assumed(load(), asked.assume)
        asked.category = highest_category(asked.category.split(","), asked.paid_on, law)
        lines = _json_answer(asked, law) if asked.json else _text_answer(asked, law)
        sys.stdout.write("\n".join(lines) + "\n")
    except KeyError as unknown:
        sys.stderr.write(f"Không có loại đối tượng {unknown}.\n")
        return 1
    except DomainError as refused:
        faults = refused.faults or (Fault("-", refused.code, refused.detail),)
        sys.stderr.writelines(f"{fault.code} ({fault.field}): {fault.message}\n" for fault in faults)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chalicelib.law.quote",
        description="Số tiền đóng BHXH tự nguyện, cách tính và căn cứ pháp lý.",
        epilog="Không có --method: bảng của mọi phương thức cho một mức thu nhập.",
    )
    add = parser.add_argument
    day, month = _reader(date.fromisoformat, "một ngày yyyy-MM-dd"), _reader(Month.parse, "một tháng yyyy-MM")
    whole, born = _reader(_whole, "một số nguyên không âm"), _reader(_birth_date, "một ngày sinh yyyy[-MM[-dd]]")
    add("--income", type=whole, required=True, help="mức thu nhập chọn làm căn cứ đóng, đồng/tháng: 1500000")
    add("--method", choices=["M1", "M3", "M6", "M12", "AHEAD", MISSING, LATE])
    add("--months", type=whole, help="số tháng: AHEAD 24, 36, 48, 60; MISSING số tháng còn thiếu; LATE số tháng lỡ")
    add("--paid-on", type=day, default=_today(), help="ngày đóng yyyy-MM-dd, mặc định hôm nay")
    add("--from", dest="from_month", type=month, help="tháng đầu tiên yyyy-MM, mặc định tháng của ngày đóng")
    add("--category", default="OTHER", help="đối tượng: POOR, NEAR_POOR, ...; nhiều đối tượng cách nhau dấu phẩy")
    add("--province", default="79", help="mã tỉnh, thành phố của ngày đóng")
    add("--used", type=whole, default=0, help="số tháng đã được Nhà nước hỗ trợ")
    add("--born", type=born, help="ngày sinh yyyy[-MM[-dd]], cho MISSING")
    add("--gender", choices=[*Gender], help="cho MISSING")
    add("--contributed", type=whole, help="số tháng đã đóng, cho MISSING")
    add("--registered", help="phương thức đã đăng ký, cho LATE: M1, M3, M6, M12")
    add("--refund", choices=[*RefundReason], help="tính hoàn trả vì lý do này")
    add("--event", type=month, help="tháng xảy ra sự kiện yyyy-MM, cho --refund")
    add("--assume", action="append", default=[], metavar="BẢNG=GIÁ_TRỊ", help=f"giả định: {', '.join(OPTIONS)}")
    add("--json", action="store_true", help="trả lời bằng JSON")
    return parser


def _reader(parse: Callable[[str], T], wanted: str) -> Callable[[str], T]:
    """The same reader, with a message for people."""

    def read(text: str) -> T:
        try:
            return parse(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"cần {wanted}, không phải {text!r}") from None

    return read


def _today() -> date:
    return datetime.now(VIETNAM).date()


def _whole(text: str) -> int:
    """A whole number, with or without dots."""
    number = int(text.replace(".", ""))
    if number < 0:
        raise ValueError(text)
    return number


def _birth_date(text: str) -> BirthDate:
    born = parse_birth_date(text, _today())
    if born is None:
        raise ValueError(text)
    return born


def _assumed(law: Law, assumptions: Sequence[str]) -> Law:
    """The law with these tables set for all time. Raises `Rejected` for a table or value that can't be."""
    for assumption in assumptions:
        name, _, value = assumption.partition("=")
        try:
            row = Row(date(2000, 1, 1), None, OPTIONS[name](value), ASSUMED)
        except (KeyError, ValueError):
            message = f"Không giả định được {assumption}; các bảng: {', '.join(OPTIONS)}."
            raise Rejected([Fault("assume", "ASSUMPTION_INVALID", message)]) from None
        changed: Any = {name: Table(getattr(law, name).name, [row], label=getattr(law, name).label)}
        law = replace(law, **changed)
    return law


def _request(asked: argparse.Namespace, method: str, months: int | None) -> QuoteRequest:
    return QuoteRequest(
        income=asked.income,
        method=method,
        months=months,
        from_month=asked.from_month or Month.of(asked.paid_on),
        support_category=asked.category,
        province_code=asked.province,
        paid_on=asked.paid_on,
        supported_months_used=asked.used,
    )


def _quote(asked: argparse.Namespace, law: Law) -> Quote:
    request = _request(asked, asked.method, asked.months)
    if asked.method == MISSING:
        if asked.born is None or asked.gender is None:
            message = "Cần --born và --gender để xét tuổi nghỉ hưu."
            raise Rejected([Fault("birth_date", "REQUIRED", message)])
        return quote_missing(request, Retiree(asked.born, Gender(asked.gender), asked.contributed), law)
    if asked.method == LATE:
        return quote_late(request, asked.registered or "M1", law)
    return quote(request, law)


def _refund(asked: argparse.Namespace, paid: Quote, law: Law) -> Refund | None:
    if asked.refund is None:
        return None
    if asked.event is None:
        raise Rejected([Fault("event_month", "REQUIRED", "Cần --event: tháng xảy ra sự kiện.")])
    return refund(RefundRequest(paid, RefundReason(asked.refund), asked.event, _today()), law)


def _every_method(asked: argparse.Namespace, law: Law) -> Iterator[tuple[str, int, Quote | Rejected]]:
    """Each method one may choose alone and each length, with its quote or why there is none."""
    for method in law.payment_methods.values():
        for months in method.months:
            try:
                yield method.code, months, quote(_request(asked, method.code, months), law)
            except Rejected as refused:
                yield method.code, months, refused


def _text_answer(asked: argparse.Namespace, law: Law) -> list[str]:
    if asked.method is None:
        return _table(asked, law)
    made = _quote(asked, law)
    back = _refund(asked, made, law)
    lines = [
        f"Phương thức {made.method} ({law.payment_methods[made.method].name}), đóng ngày {made.paid_on:%d/%m/%Y}, "
        f"đối tượng {made.support_category}, tỉnh {made.province_code}",
        "",
        "Cách tính",
        *(f"  {line}" for line in made.explanation),
        "",
        f"  Tổng số tiền {dotted(made.amount_gross)} đ = người tham gia {dotted(made.amount_participant)} "
        f"+ Nhà nước {dotted(made.amount_state)} + địa phương {dotted(made.amount_local)}",
    ]
    if back:
        lines += ["", "Hoàn trả", *(f"  {line}" for line in back.explanation)]
    lines += ["", "Căn cứ"]
    for source in sources_of(made, law):
        lines += [f"  {source.label}: {source.value} (từ {_dates(source)})", f"    {source.source} [{source.table}]"]
    return [*lines, "", NOTE]


def _dates(source: Source) -> str:
    until = f" đến {source.effective_to:%d/%m/%Y}" if source.effective_to else ""
    return f"{source.effective_from:%d/%m/%Y}{until}"


def _table(asked: argparse.Namespace, law: Law) -> list[str]:
    """All methods for an income, one line each."""
    head = ("Phương thức", "Tháng", "Tổng", "Nhà nước", "Địa phương", "Người đóng", "Hạn đóng")
    rows: list[tuple[str, ...]] = [head]
    refused: dict[str, str] = {}
    for method, months, made in _every_method(asked, law):
        if isinstance(made, Rejected):
            rows.append((method, str(months), made.code))
            refused |= {fault.code: fault.message for fault in made.faults}
            continue
        amounts = (made.amount_gross, made.amount_state, made.amount_local, made.amount_participant)
        rows.append((method, str(months), *map(dotted, amounts), f"{made.due_by:%d/%m/%Y}"))
    title = (
        f"Thu nhập {dotted(asked.income)} đ/tháng, đóng ngày {asked.paid_on:%d/%m/%Y}, đối tượng {asked.category}, "
        f"tỉnh {asked.province}, đã được hỗ trợ {asked.used} tháng; số tiền bằng đồng"
    )
    reasons = [f"{code}: {message}" for code, message in refused.items()]
    return [title, "", *_columns(rows), "", *reasons, NOTE]


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Aligned: the method to the left, numbers to the right; a reason runs on."""
    full = [row for row in rows if len(row) == len(rows[0])]
    widths = [max(len(row[column]) for row in full) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), row[1].rjust(widths[1])]
        cells += [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=False)]
        lines.append("  ".join(cells if len(row) == len(rows[0]) else [*cells[:2], row[2]]).rstrip())
    return lines


def _json_answer(asked: argparse.Namespace, law: Law) -> list[str]:
    if asked.method is None:
        answer: object = [
            {"method": method, "months": months, "errors": _faults(made)}
            if isinstance(made, Rejected)
            else _as_json(made, law)
            for method, months, made in _every_method(asked, law)
        ]
    else:
        made = _quote(asked, law)
        back = _refund(asked, made, law)
        answer = _as_json(made, law) | ({"refund": _plain(back)} if back else {})
    return [json.dumps(answer, ensure_ascii=False, indent=1)]


def _faults(refused: Rejected) -> list[dict[str, Any]]:
    return [_plain(fault) for fault in refused.faults]


def _as_json(made: Quote, law: Law) -> dict[str, Any]:
    return {**_plain(made), "sources": [_plain(source) for source in sources_of(made, law)]}


def _plain(record: Any) -> dict[str, Any]:
    """The members of a dataclass; dates and months as text."""
    members = ((name, getattr(record, name)) for name in record.__dataclass_fields__)
    return {
        name: value if value is None or isinstance(value, int | str | dict | tuple) else str(value)
        for name, value in members
    }


if __name__ == "__main__":
    sys.exit(main())
