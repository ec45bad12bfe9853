"""How a reconciliation is shown: as JSON, and as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from chalicelib.domain.ledger.manifest import Manifest
from chalicelib.domain.ledger.reconciliation import Amount, Difference, Heading, Kind
from chalicelib.domain.ledger.sign_off import SignOff
from chalicelib.domain.months import instant_text
from chalicelib.usecases.answers import Page
from chalicelib.usecases.ledger.reconcile_day import MOST_DIFFERENCES, Report

from ..wire import reconciliation as wire

MESSAGES: Final = {
    Kind.MANIFEST_MISSING: "Chưa nhận được bảng kê của ngày này.",
    Kind.MANIFEST_CHANGED: "Kế toán gửi thêm một bảng kê khác cho cùng ngày; bảng kê đến sau có hiệu lực.",
    Kind.COUNT_DIFFERS: "Số chứng từ nhận được khác số chứng từ trên bảng kê.",
    Kind.SUM_DIFFERS: "Tổng số tiền nhận được khác tổng số tiền trên bảng kê.",
    Kind.SEQUENCE_GAP: "Thiếu chứng từ trong dãy số của bảng kê.",
    Kind.SEQUENCE_UNREADABLE: "Số đầu và số cuối trên bảng kê không thuộc cùng một dãy số.",
    Kind.OUTSIDE_SEQUENCE: "Chứng từ nhận được nằm ngoài dãy số của bảng kê.",
    Kind.DATED_OTHERWISE: "Chứng từ trong dãy số của bảng kê đã được nhận với ngày hạch toán khác.",
    Kind.NOT_SETTLED: "Chứng từ đã nhận nhưng chưa được ghi nhận.",
    Kind.REVERSED: "Tiền của chứng từ không còn được ghi nhận: đã hủy, thay thế hoặc hoàn trả.",
    Kind.SURPLUS: "Chứng từ đã ghi nhận có phần tiền thừa đang treo.",
    Kind.WITHOUT_COVER: "Chứng từ đã ghi nhận, tờ bìa chưa được cấp.",
}

COLUMNS: Final = (
    "record",
    "date",
    "province_code",
    "item",
    "count",
    "sum",
    "voucher_id",
    "last_voucher_id",
    "dossier_code",
    "state",
    "reason",
    "expected",
    "found",
    "open",
    "id",
    "text",
)
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""How a cell begins that a spreadsheet may take for a formula or a command."""


def page(day: date, found: Page[Report]) -> wire.ReconciliationPage:
    items = tuple(map(report, found.items))
    return wire.ReconciliationPage(date=day.isoformat(), items=items, next_cursor=found.next_cursor)


def report(found: Report) -> wire.ReportAnswer:
    """One province's day."""
    book, figures = found.found.book, found.found.figures
    by_heading: dict[str, Any] = {heading: _total(figures.by_heading[heading]) for heading in Heading}
    return wire.ReportAnswer(
        date=book.day.isoformat(),
        province_code=book.province_code,
        complete=book.complete,
        manifest=None if book.manifest is None else _manifest(book.manifest),
        manifests=tuple(map(_manifest, book.manifests)),
        sent=None if figures.sent is None else _total(figures.sent),
        received=_total(figures.received),
        other_schemes=_total(figures.other_schemes),
        covers_issued=figures.covers_issued,
        differences=tuple(map(_difference, found.found.differences[:MOST_DIFFERENCES])),
        differences_total=len(found.found.differences),
        open_differences=len(found.found.open_differences),
        sign_off=_standing(found),
        **by_heading,
    )


def sign_off_fields(signed: SignOff) -> dict[str, Any]:
    return {
        "number": signed.number,
        "date": signed.day.isoformat(),
        "province_code": signed.province_code,
        "signed_by": signed.by,
        "signed_at": instant_text(signed.at),
        "note": signed.note,
        "acknowledged": signed.acknowledged,
    }


def table(found: Page[Report], *, by: str, at: datetime) -> str:
    """The same as comma-separated values (RFC 4180), one line for each figure, difference and sign-off.

    With a byte order mark, without which a spreadsheet takes Vietnamese for something else. A text that a spreadsheet
    would take for a formula begins with an apostrophe. The last line marks the copy: for whom it was made, and when.
    """
    written = io.StringIO()
    rows = csv.DictWriter(written, COLUMNS, restval="", lineterminator="\r\n")
    rows.writeheader()
    for each in found.items:
        rows.writerows({name: _cell(value) for name, value in row.items()} for row in _rows(each))
    if found.next_cursor is not None:
        rows.writerow({"record": "next_cursor", "item": _cell(found.next_cursor)})
    mark = f"Bản xuất dành riêng cho {by}, lúc {instant_text(at)}. Không chuyển cho người khác."
    rows.writerow({"record": "export", "item": _cell(by), "text": _cell(mark)})
    return "\ufeff" + written.getvalue()


def _rows(found: Report) -> Iterator[dict[str, Any]]:
    book, figures = found.found.book, found.found.figures
    common = {"date": book.day.isoformat(), "province_code": book.province_code}
    amounts: dict[str, Amount | None] = {"sent": figures.sent, "received": figures.received}
    amounts |= {heading.value: amount for heading, amount in figures.by_heading.items()}
    for name, amount in {**amounts, "other_schemes": figures.other_schemes}.items():
        told = {} if amount is None else {"count": amount.count, "sum": amount.total}
        yield {"record": "figure", **common, "item": name, **told}
    yield {"record": "figure", **common, "item": "covers_issued", "count": figures.covers_issued}
    for each in found.found.differences[:MOST_DIFFERENCES]:
        yield {
            "record": "difference",
            **common,
            "item": each.kind.value,
            "voucher_id": each.voucher_id,
            "last_voucher_id": each.last_voucher_id,
            "dossier_code": each.dossier_code,
            "state": each.state,
            "reason": each.reason,
            "expected": each.expected,
            "found": each.found,
            "open": "1" if each.is_open else "0",
            "id": each.id,
            "text": MESSAGES[each.kind],
        }
    if len(found.found.differences) > MOST_DIFFERENCES:
        yield {"record": "more", **common, "item": "differences", "count": len(found.found.differences)}
    if found.signed is not None:
        signed = found.signed
        more = {"state": "CHANGED_SINCE" if found.moved else "SIGNED_OFF", "reason": signed.by, "text": signed.note}
        yield {"record": "sign_off", **common, "item": instant_text(signed.at), "count": signed.number, **more}


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _total(amount: Amount) -> wire.Total:
    return wire.Total(count=amount.count, sum=amount.total)


def _manifest(manifest: Manifest) -> wire.ManifestAnswer:
    return wire.ManifestAnswer(
        number=manifest.number,
        count=manifest.count,
        sum_received=manifest.sum_received,
        first_voucher_id=manifest.first_voucher_id,
        last_voucher_id=manifest.last_voucher_id,
        received_at=instant_text(manifest.received_at),
    )


def _difference(each: Difference) -> wire.DifferenceAnswer:
    return wire.DifferenceAnswer(
        id=each.id,
        kind=each.kind.value,
        message=MESSAGES[each.kind],
        open=each.is_open,
        voucher_id=each.voucher_id,
        last_voucher_id=each.last_voucher_id,
        voucher_ids=each.voucher_ids,
        subject=each.subject,
        dossier_code=each.dossier_code,
        state=each.state,
        reason=each.reason,
        day=None if each.day is None else each.day.isoformat(),
        expected=each.expected,
        found=each.found,
    )


def _standing(found: Report) -> wire.StandingSignOff | None:
    if found.signed is None:
        return None
    changes = tuple(wire.ChangeAnswer(figure=each.figure, before=each.before, now=each.now) for each in found.moved)
    return wire.StandingSignOff(**sign_off_fields(found.signed), changed_since=bool(changes), changes=changes)
