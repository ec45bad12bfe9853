"""The page that a phone shows after scanning a cover's code: one small document, no script, nothing from elsewhere.

Colours are those of WCAG 2.2 AAA on white (7:1 or better), sizes follow the reader's own setting, and the outcome is
told by a word and a sign, never by colour alone.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Final

from chalicelib.domain.covers.cover import CoverStatus
from chalicelib.usecases.covers.verify_cover import Verification

STYLE: Final = (
    "*{box-sizing:border-box}"
    "body{margin:0;background:#fff;color:#1a1a1a;font:1.0625rem/1.5 system-ui,sans-serif}"
    "header{background:#8b1a1a;color:#fff;padding:.75rem 1rem;font-weight:600}"
    "main{max-width:34rem;margin:0 auto;padding:1rem}"
    "h1{font-size:1.375rem;line-height:1.3;margin:.25rem 0 1rem}"
    ".s{border:.1875rem solid;border-radius:.5rem;padding:.75rem 1rem;margin:0 0 1rem}"
    ".s strong{display:block;font-size:1.25rem}"
    ".v{color:#0b4f1f;background:#f0f8f1}.r{color:#7a0c0c;background:#fdf1f1}.p{color:#5c3a00;background:#fff8e6}"
    "dl{margin:0 0 1rem}dt{color:#4a4a4a;margin-top:.625rem}dd{margin:0;font-weight:600;overflow-wrap:anywhere}"
    "p{margin:0 0 .75rem}footer{border-top:.0625rem solid #767676;padding-top:.75rem;color:#4a4a4a}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS: Final[Mapping[str, str]] = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}

TITLE: Final = "Xác thực tờ bìa sổ BHXH"
_OUTCOMES: Final[Mapping[CoverStatus, tuple[str, str, str, str]]] = {
    CoverStatus.VALID: (
        "v",
        "✓",
        "Tờ bìa còn hiệu lực",
        "Tờ bìa này do cơ quan bảo hiểm xã hội cấp và đang có giá trị.",
    ),
    CoverStatus.REVOKED: (
        "r",
        "✕",
        "Tờ bìa đã bị thu hồi",
        "Tờ bìa này từng được cấp nhưng đã bị thu hồi, không còn giá trị sử dụng.",
    ),
    CoverStatus.REPLACED: (
        "p",
        "↻",
        "Tờ bìa đã được thay thế",
        "Người tham gia đã được cấp tờ bìa mới. Hãy yêu cầu xuất trình tờ bìa mới.",
    ),
}
_ADVICE: Final = (
    "Chỉ hiện chữ cái đầu của họ tên và một phần mã số để bảo vệ dữ liệu cá nhân."
    " Hãy so với tờ bìa đang cầm: nếu khác, tờ bìa đó không phải là bản được cấp."
)


def outcome_page(found: Verification) -> str:
    """The page of a cover that was issued."""
    kind, sign, outcome, meaning = _OUTCOMES[found.status]
    rows = (
        ("Họ và tên", found.full_name_masked),
        ("Mã số BHXH", found.si_number_masked),
        ("Ngày cấp", f"{found.issued_on:%d/%m/%Y}"),
        ("Cơ quan cấp", found.issuer),
    )
    listed = "".join(f"<div><dt>{label}</dt><dd>{escape(value)}</dd></div>" for label, value in rows)
    return _page(kind, sign, outcome, meaning, f"<dl>{listed}</dl><p>{_ADVICE}</p>")


def unknown_page() -> str:
    """The page for a code that is none of ours, or that was misread."""
    meaning = "Mã này không phải của tờ bìa nào do cơ quan bảo hiểm xã hội cấp, hoặc đã bị đọc sai."
    more = "<p>Hãy quét lại mã QR. Nếu vẫn như vậy, đừng tin vào tờ bìa đó và báo cho cơ quan bảo hiểm xã hội.</p>"
    return _page("r", "✕", "Không xác thực được", meaning, more)


def _page(kind: str, sign: str, outcome: str, meaning: str, more: str) -> str:
    return (
        '<!doctype html><html lang="vi"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light">'
        f"<title>{outcome} – {TITLE}</title><style>{STYLE}</style></head>"
        "<body><header>Bảo hiểm xã hội Việt Nam</header><main>"
        f"<h1>{TITLE}</h1>"
        f'<div class="s {kind}"><strong><span aria-hidden="true">{sign}</span> {outcome}</strong>{meaning}</div>'
        f"{more}"
        "<footer>Kết quả đúng vào lúc quét mã. Trang này không lưu gì trên máy của bạn.</footer>"
        "</main></body></html>"
    )
