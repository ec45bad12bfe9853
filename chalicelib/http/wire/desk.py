"""The officers' desk on the wire: assignment, many covers or dossiers at once, statistics."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.domain.registration.dossier import State

from .answers import CoverDecision
from .base import Wire
from .course import Reason
from .scalars import DayText, InstantText

MOST = 100
"""Things that one request may name."""

Officer = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
Count = Annotated[int, Field(ge=0)]
Codes = Annotated[tuple[Code, ...], Field(strict=False, min_length=1, max_length=MOST)]


class AssignmentRequest(Wire):
    """Phân công hồ sơ: `sub` của cán bộ nhận việc, hoặc null để trả hồ sơ về danh sách chung."""

    assignee: Officer | None
    reason: Reason | None = None


class AssignmentsRequest(AssignmentRequest):
    """Phân công nhiều hồ sơ cho một cán bộ, nhiều nhất 100."""

    dossier_codes: Codes


class CoversRequest(Wire):
    """Các tờ bìa cần cấp, nhiều nhất 100."""

    cover_ids: Codes
    versions: dict[Code, Annotated[int, Field(ge=1)]] | None = Field(
        default=None,
        description="Phiên bản đã xem của từng tờ bìa; tờ bìa không có ở đây được cấp theo phiên bản hiện có.",
    )


class Assigned(Wire):
    """Hồ sơ sau khi phân công."""

    dossier_code: str
    state: State
    version: Annotated[int, Field(ge=1)]
    due_at: InstantText | None
    assignee: str | None


class Change(Wire):
    """Một việc đã xảy ra sau phiên bản mà người gọi đã xem."""

    version: int
    event: str
    state: str
    at: InstantText
    by: str
    reason: str | None


class ItemProblem(Wire):
    """Vì sao một mục không thực hiện được; nghĩa như trong problem+json."""

    code: str
    detail: str
    version: int | None = Field(default=None, description="Phiên bản hiện có, khi xung đột.")
    state: str | None = None
    changes: tuple[Change, ...] = Field(default=(), description="Những gì đã thay đổi, khi VERSION_CONFLICT.")


class CoverResult(Wire):
    """Kết quả của một tờ bìa: `status` là mã HTTP mà lời gọi riêng lẻ sẽ nhận."""

    cover_id: str
    status: int
    cover: CoverDecision | None
    problem: ItemProblem | None


class CoverResults(Wire):
    items: tuple[CoverResult, ...]


class AssignmentResult(Wire):
    """Kết quả của một hồ sơ: `status` là mã HTTP mà lời gọi riêng lẻ sẽ nhận."""

    dossier_code: str
    status: int
    dossier: Assigned | None
    problem: ItemProblem | None


class AssignmentResults(Wire):
    items: tuple[AssignmentResult, ...]


class Waiting(Wire):
    """Hồ sơ đang chờ: nộp tiền, bổ sung, người ký."""

    payment: Count
    supplement: Count
    signer: Count


class Figures(Wire):
    """Số hồ sơ. `received` = `on_time` + `late` + `in_process` + `waiting.supplement` + `waiting.signer`."""

    received: Count = Field(description="Đã tiếp nhận, tức thời hạn giải quyết đã bắt đầu tính.")
    on_time: Count = Field(description="Đã kết thúc đúng hạn theo bộ chỉ số.")
    late: Count = Field(description="Đã kết thúc trễ hạn, hoặc đã yêu cầu bổ sung quá một lần.")
    in_process: Count = Field(description="Đang giải quyết, không chờ ai trong `waiting`.")
    overdue: Count = Field(description="Trong số chưa kết thúc, đã quá ngày hẹn trả.")
    waiting: Waiting
    unpaid: Count = Field(description="Kết thúc khi chưa được tiếp nhận: không nộp tiền, hoặc rút trước khi nộp.")


class StatisticsItem(Figures):
    """Các hồ sơ một tỉnh tiếp nhận trong một ngày; hồ sơ chưa tiếp nhận tính vào ngày nộp tờ khai."""

    province_code: str
    day: DayText


class Statistics(Wire):
    """Thống kê theo tỉnh và ngày; ngày không có hồ sơ thì không có dòng."""

    first_day: DayText
    last_day: DayText
    items: tuple[StatisticsItem, ...]
    total: Figures
