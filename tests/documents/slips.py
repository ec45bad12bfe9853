"""Slips to draw in tests: scenario A1's dossier, as far as each slip needs it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from chalicelib.documents.slip import SlipView
from chalicelib.domain.configuration.provinces import Province
from chalicelib.domain.registration.slip import SlipKind

ISSUED_AT = datetime(2023, 2, 6, 2, 15, 22, tzinfo=UTC)
CODE = "000.00.79.G24-230206-0001"
HCMC = Province(
    "79", "Thành phố Hồ Chí Minh", "thành phố", date(2008, 8, 1), date(2025, 6, 30), (), (), None, "made up"
)

RECEIPT = SlipView(
    template="2018-11-23",
    kind=SlipKind.RECEIPT,
    number=f"{CODE}/TN-1",
    agency="Bảo hiểm xã hội thành phố Hồ Chí Minh",
    place="Thành phố Hồ Chí Minh",
    issued_at=ISSUED_AT,
    dossier_code=CODE,
    national_code="000.00.00.G24-230206-000123",
    procedure="Đăng ký đóng, cấp sổ bảo hiểm xã hội tự nguyện (thủ tục 602e)",
    applicant="NGUYỄN THỊ HÒA",
    address="12 Lê Lợi, mã xã, phường 26734, Thành phố Hồ Chí Minh",
    phone="0912345678",
    email=None,
    received_at="09 giờ 15 phút, ngày 06/02/2023",
    due_at="17 giờ 00 phút, ngày 13/02/2023",
    old_due_at=None,
    answer_until=None,
    reason=None,
    refund=None,
    channel="Bản điện tử trên Cổng Dịch vụ công",
    receiver="Hệ thống tiếp nhận trực tuyến của Bảo hiểm xã hội Việt Nam",
    items=(
        {"name": "Tờ khai tham gia (Mẫu 02-TK)", "form": "Điện tử", "count": "01"},
        {"name": "Chứng từ đóng số KT79-2023-0000001", "form": "Điện tử", "count": "01"},
    ),
    status_page=f"https://dichvucong.example/ho-so/{CODE}",
)
SUPPLEMENT = replace(
    RECEIPT,
    kind=SlipKind.SUPPLEMENT,
    number=f"{CODE}/HDHS-1",
    due_at=None,
    answer_until="17 giờ 00 phút, ngày 10/03/2023",
    reason="Địa chỉ chưa đủ số nhà.\nHọ tên phải đúng với căn cước công dân.",
    items=tuple(
        {"name": name, "original": "–", "certified": "–", "photo": "–"}
        for name in ("Địa chỉ thường trú: số nhà, đường", "Họ và tên")
    ),
)
REFUSAL = replace(
    RECEIPT,
    kind=SlipKind.REFUSAL,
    number=f"{CODE}/TC-1",
    reason="Người tham gia không thuộc đối tượng của thủ tục này.",
    refund="Số tiền đã nộp được hoàn trả theo quy định; việc hoàn trả được mở cùng quyết định này.",
    items=(),
)
APOLOGY = replace(
    RECEIPT,
    kind=SlipKind.APOLOGY,
    number=f"{CODE}/XL-1",
    old_due_at="17 giờ 00 phút, ngày 13/02/2023",
    due_at="17 giờ 00 phút, ngày 15/02/2023",
    reason="Hệ thống ký số bị gián đoạn.",
    items=(),
)
VIEWS = {view.kind: view for view in (RECEIPT, SUPPLEMENT, REFUSAL, APOLOGY)}


def changed(view: SlipView, **changes: Any) -> SlipView:
    return replace(view, **changes)
