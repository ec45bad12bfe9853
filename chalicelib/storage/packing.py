"""Pinned documents in a quarter of their length: deflated, beside a dictionary of what such documents always say.

DynamoDB bills every write of an item by the whole item, a kilobyte a unit. The documents of a dossier (declaration,
quote, procedure, derivation of the due date, account) were four fifths of it. They are JSON text whose names and
phrases are the same in every dossier: beside a dictionary of them little is left. Nothing searches inside.

    python -m chalicelib.storage.packing <base64>      # as the console shows the attribute: its text
"""

from __future__ import annotations

import base64
import sys
import zlib
from functools import lru_cache
from typing import Final

SHORTEST: Final = 64
"""Characters from which a text is packed."""

LONGEST: Final = 16 * 1024
"""Characters up to which it is: what is longer is no document of ours, but something that somebody sent."""

# What a packer has in memory is copied for each document, and pushes everything else out of the processor's caches:
# the smallest that loses nothing. A window of 4 KiB holds the latter part of the dictionary and the document; where so
# little is left to say, the fixed code is as short as one of its own.
_WINDOW, _MEMORY, _LEVEL, _STRATEGY = -12, 1, 6, zlib.Z_FIXED
_WIDEST: Final = -13
"""The widest window that anything in a table was packed with."""

_FIRST: Final = (
    '{"state":"PARKED","reason":"TOP_UP","requested_at":"2026-01-01T00:00:00+07:00","fields":["contact_address"],'
    '"at_intake":false,"supplied_at":null,"extra_days":5,"old_due_at":"","issued_at":"","by":"officer"'
    '{"agency":"Bảo hiểm xã hội thành phố Hồ Chí Minh","birth_date":"01/01/1985","full_name":"NGUYỄN THỊ ",'
    '"gender":"Nữ",'
    '"issued_at":"2026-01-01T09:30:00+07:00","issued_on":"2026-01-01","nationality":"Việt Nam","ordinal":1,'
    '"personal_id":"0","place":"Thành phố Hồ Chí Minh","salt":"","schema":"bhxh-cover/1","serial":"000.00.79.G24-26-C1"'
    ","
    '"si_number":"79","signer_name":null,"signer_title":"GIÁM ĐỐC","template":"2023-01-01"}'
    '{"voucher_id":"KT","voucher_version":1,"event":"ISSUED","scheme":"BHXH_TN","fingerprint":"","receipt_symbol":"BH",'
    '"receipt_number":"0000001","receipt_date":"2026-01-01","dossier_code":"000.00.79.G24-26","personal_id":"0",'
    '"si_number":null,"full_name":"NGUYỄN THỊ ","birth_date":"1985-01-01","income":1500000,"method":"M1",'
    '"from_month":"2026-01","months":1,"amount_participant":297000,"amount_state":33000,"amount_local":0,'
    '"amount_other":0,"amount_gross":330000,"amount_received":297000,"paid_at":"2026-01-01T09:30:00+07:00",'
    '"value_date":"2026-01-01","province_code":"79","replaces_voucher_id":null}'
    '{"dossier_code":"000.00.79.G24-26","national_code":"000.00.00.G24-26","procedure_code":"602e",'
    '"state":"AWAITING_PAYMENT","national_status":6,"version":1,"quote":{"months":3,"from_month":"2026-01",'
    '"to_month":"2026-03","monthly_contribution":330000,"amount_gross":990000,"amount_state":99000,"amount_local":0,'
    '"amount_participant":891000,"rate_r":null,"due_by":"2026-01-31","explanation":["22% x 1.500.000 = 330.000 đ/tháng"'
    ',"payment":{"reference":"","amount":297000,"expires_at":"2026-01-02T09:15:00+07:00"},"due_at":null,"overdue":false,'
    '"created_at":"2026-01-01T09:15:00+07:00"}'
    '{"version":"quoc-gia-1","limit_working_days":5,"reminder_working_days":1,"payment_hours":24,'
    '"automatic_issue":false,"effective_from":"2016-01-01","source":"QĐ 49/QĐ-BHXH: không quá 5 ngày; PGNHS 602: '
    '5 ngày làm việc; việc chia bước là cấu hình","steps":[["TIEP_NHAN","officer",null,4,"HOURS",0,1,0],'
    '["THAM_DINH","officer",null,3,"WORKING_DAYS",0,1,0],["KY_CAP","signer",null,1,"WORKING_DAYS",0,0,1]],'
    '"clock_start":"PAYMENT_CONFIRMED","auto_accept":true}'
    '{"due_at":"2026-01-09T17:00:00+07:00","days":[["2026-01-02",true,"ngày làm việc 1/5"],'
    '["2026-01-03",false,"thứ bảy, ngày nghỉ hằng tuần"],["2026-01-04",false,"chủ nhật, ngày nghỉ hằng tuần"],'
    '["2026-01-05",true,"ngày làm việc 2/5"],["2026-01-06",true,"ngày làm việc 3/5"],'
    '["2026-01-07",true,"ngày làm việc 4/5"],["2026-01-08",true,"ngày làm việc 5/5"]]}'
    '{"entries":[["KT","2026-01-01T09:30:00+07:00",297000,null,null,null,false]],"recorded":["KT"],'
    '"terms":[1,330000,33000,0,297000,1],"periods":1,"cases":[],"cases_made":0}'
    '{"case_type":"FIRST_TIME","case_type":"CONTINUE","personal_id":"0","full_name":"Nguyễn Văn Trần Thị Lê Phạm",'
    '"birth_date":"1985-01-01","gender":"NAM","gender":"NU","nationality":"VN","si_number":null,"phone":"09",'
    '"email":null,"permanent_address":["12 Lê Lợi","26734","760","79"],"contact_address":null,'
    '"support_category":"OTHER","support_category":"POOR","support_proof_no":null,"income":1500000,"method":"M1",'
    '"months":1,"from_month":"2026-01","book_form":"ELECTRONIC","ethnicity":null,"agency_code":null,'
    '"consent_version":null,"has_book":false}'
    '{"income":1500000,"method":"M3","support_category":"OTHER","province_code":"79","paid_on":"2026-01-01","months":3,'
    '"from_month":"2026-01","to_month":"2026-03","monthly_contribution":330000,"amount_gross":990000,'
    '"amount_state":99000,"amount_local":0,"amount_participant":891000,"supported_months":3,"rate_r":null,'
    '"due_by":"2026-01-31","explanation":["22% x 1.500.000 = 330.000 đ/tháng","3 tháng x 330.000 = 990.000 đ",'
    '"Nhà nước hỗ trợ 10% x 22% x 1.500.000 trong 3 tháng: 99.000 đ","Người tham gia đóng: 891.000 đ, hạn đóng '
    '31/01/2026"],"rules":{"rural_poverty_line":"2022-01-01","base_salary":"2019-07-01","support_rate":"2018-01-01"}}'
)

DICTIONARIES: Final = {1: _FIRST.encode()}
"""By number, the first byte of what was packed with it. Never changed: what is stored is read with it. A new one gets
the next number."""
_NEWEST: Final = max(DICTIONARIES)


def packed(text: str) -> str | None:
    """A text packed, in base64 as DynamoDB takes binary values; None where it stays as it is."""
    if not SHORTEST <= len(text) <= LONGEST:
        return None
    plain = text.encode()
    deflated = _deflated(plain)
    return base64.b64encode(deflated).decode() if len(deflated) < len(plain) else None


# The dictionary is read in once; a copy of what has read it costs a third less than reading it anew.
_PACKER: Final = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, _STRATEGY, DICTIONARIES[_NEWEST])


def _deflated(plain: bytes) -> bytes:
    packer = _PACKER.copy()
    return bytes([_NEWEST]) + packer.compress(plain) + packer.flush()


packed_shared = lru_cache(maxsize=128)(packed)
"""As `packed`, for documents that many dossiers have in common: equal text is packed once by a process."""


def unpacked(value: str | bytes) -> str:
    """The text of a packed value: base64 as DynamoDB answers it, or the bytes as boto3's own reading gives them.

    Raises ValueError for what was never packed here.
    """
    stored = base64.b64decode(value, validate=True) if isinstance(value, str) else bytes(value)
    if not stored or stored[0] not in DICTIONARIES:
        raise ValueError("packed with an unknown dictionary")
    reader = zlib.decompressobj(_WIDEST, DICTIONARIES[stored[0]])
    try:
        plain = reader.decompress(stored[1:])
    except zlib.error as error:
        raise ValueError("not a packed text") from error
    if not reader.eof:
        raise ValueError("a packed text that was cut short")
    return plain.decode()


if __name__ == "__main__":
    sys.stdout.write(f"{unpacked(sys.argv[1])}\n")
