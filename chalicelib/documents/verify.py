"""Checks the PDF of a cover sheet on this machine alone, without any network, and says what that proves.

    python -m chalicelib.documents.verify cover.pdf --trust ca.pem [--keys keys.json] [--json]

`ca.pem`: the roots that the verifier trusts (`python -m infra.certificate show --roots`). `keys.json`: the published
keys of verification codes (GET /v1/cover-keys). Exit status: 0 sound, 1 something is wrong, 2 nothing could be read,
3 nothing is wrong but something could not be checked.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..domain.months import at_vietnam, instant_text
from .findings import Check, Finding, Report
from .token import keys_from
from .typesetting import DocumentError
from .verification import examine

SOUND, WRONG, UNREADABLE, OPEN = range(4)
"""Exit statuses."""

WORDS: Mapping[Check, str] = {
    Check.READABLE: "Tệp PDF đọc được",
    Check.SIGNED: "Có đúng một chữ ký số, là chữ ký chứng thực",
    Check.INTACT: "Nội dung được ký còn nguyên vẹn",
    Check.TRUSTED: "Chứng thư số dẫn tới gốc tin cậy và còn hiệu lực lúc ký",
    Check.WHOLE: "Chữ ký bao trùm toàn bộ tệp",
    Check.UNCHANGED: "Chữ ký cấm mọi thay đổi và không có thay đổi nào",
    Check.TIME: "Thời gian ký khớp với thời gian in trên tờ bìa",
    Check.ARCHIVAL: "Có dấu hiệu chuẩn lưu trữ PDF/A-3a và chuẩn tiếp cận PDF/UA-1",
    Check.DATA: "Dữ liệu đính kèm (cover.json) đầy đủ, đúng dạng chuẩn",
    Check.PAGE: "Chữ trên trang đúng bằng dữ liệu đính kèm, không thừa không thiếu",
    Check.CODE: "Mã QR cam kết đúng dữ liệu đính kèm",
}
MARKS = {True: "ĐẠT", False: "SAI", None: "?"}
VERDICTS = {
    SOUND: "HỢP LỆ",
    WRONG: "KHÔNG HỢP LỆ",
    UNREADABLE: "KHÔNG ĐỌC ĐƯỢC",
    OPEN: "CHƯA KẾT LUẬN ĐƯỢC",
}


def exit_status(report: Report) -> int:
    """What the command answers for a report."""
    if report.sound:
        return SOUND
    if report.faults == (Check.READABLE,):
        return UNREADABLE
    return WRONG if any(finding.passed is False for finding in report.findings) else OPEN


def proves(report: Report) -> Iterator[str]:
    """What a report proves, for people; nothing unless it is sound."""
    if not report.sound or report.signed_at is None:
        return
    yield "Tệp này đúng từng byte như khi cơ quan giữ khóa của chứng thư số nêu trên đã ký."
    yield "Họ tên, ngày sinh, mã số và ngày cấp in trên trang đúng là dữ liệu đã được ký."
    yield (
        f"Chữ ký có trước {at_vietnam(report.signed_at):%d/%m/%Y %H:%M:%S}: tổ chức cấp dấu thời gian xác nhận."
        if report.time_proven
        else "Chứng thư số còn hiệu lực vào thời gian ký ghi trong chữ ký."
    )
    if report.revocation_proven:
        yield "Chứng thư số chưa bị thu hồi lúc ký: tệp mang theo trả lời của tổ chức chứng thực."
    if report.code_proven:
        yield "Mã QR do cơ quan phát hành: bản in của tờ bìa này xác thực được bằng mã đó."


def leaves_open(report: Report) -> Iterator[str]:
    """What it does not prove, for people."""
    yield "Tờ bìa hiện còn giá trị hay đã bị thu hồi, thay thế: quét mã QR để hỏi cơ quan phát hành."
    yield "Người xuất trình có phải là người có tên trên tờ bìa: đối chiếu giấy tờ tùy thân."
    if not report.time_proven:
        yield "Thời gian ký: do người ký ghi, không có dấu thời gian của bên thứ ba."
    if not report.revocation_proven:
        yield "Chứng thư số có bị thu hồi hay không: hỏi tổ chức chứng thực (CRL, OCSP)."
    if not report.code_proven:
        yield "Chữ ký của riêng mã QR: cần khóa công khai (--keys)."
    yield "Tuân thủ đầy đủ PDF/A, PDF/UA: chỉ kiểm tra các dấu hiệu chính."


def as_text(report: Report, name: str) -> str:
    """A report for people."""
    lines = [f"Tờ bìa: {name}"]
    lines += [f"  [{MARKS[finding.passed]:^4}] {_told(finding)}" for finding in report.findings]
    if report.signer is not None and report.signed_at is not None:
        lines.append(f"  Người ký: {report.signer} (chứng thư {(report.certificate or '')[:16]}, mức {report.level})")
        lines.append(f"  Thời gian ký: {at_vietnam(report.signed_at):%d/%m/%Y %H:%M:%S}")
    lines.append(f"KẾT LUẬN: {VERDICTS[exit_status(report)]}")
    for heading, told in (("Chứng minh được:", proves(report)), ("Không chứng minh:", leaves_open(report))):
        texts = list(told)
        lines += [heading, *(f"  - {text}" for text in texts)] if texts else []
    return "\n".join(lines) + "\n"


def as_json(report: Report) -> str:
    """A report for machines."""
    told: dict[str, Any] = asdict(report)
    told["signed_at"] = None if report.signed_at is None else instant_text(report.signed_at)
    told |= {"sound": report.sound, "proves": list(proves(report)), "leaves_open": list(leaves_open(report))}
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _told(finding: Finding) -> str:
    return WORDS[finding.check] if finding.passed else f"{WORDS[finding.check]} ({finding.why})"


def roots_from(pem: bytes) -> list[bytes]:
    """The certificates of a PEM file in DER. Raises ValueError for a file without any."""
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificates

    return [each.public_bytes(Encoding.DER) for each in load_pem_x509_certificates(pem)]


def main(given: Sequence[str] | None = None) -> int:
    """Answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m chalicelib.documents.verify", description=__doc__)
    parser.add_argument("pdf", type=Path, help="the cover sheet")
    parser.add_argument("--trust", type=Path, help="PEM file with the trusted roots")
    parser.add_argument("--keys", type=Path, help="JSON file with the published keys of verification codes")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args(given)
    try:
        roots = roots_from(arguments.trust.read_bytes()) if arguments.trust else []
        code_keys = keys_from(json.loads(arguments.keys.read_bytes())) if arguments.keys else None
        report = examine(arguments.pdf.read_bytes(), roots=roots, code_keys=code_keys)
    except (OSError, ValueError, KeyError, TypeError, DocumentError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return UNREADABLE
    sys.stdout.write(as_json(report) if arguments.json else as_text(report, arguments.pdf.name))
    return exit_status(report)


if __name__ == "__main__":
    sys.exit(main())
