"""The cover sheet of the insurance book (tờ bìa sổ BHXH): its data, states and who may issue it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ..access import Role
from ..errors import Conflict, Forbidden, VersionConflict
from ..registration.declaration import BirthDate, Declaration, Gender


class CoverState(StrEnum):
    """States of a cover (domain rule 6.3). SIGNED lasts within one transaction only: the trail tells of it."""

    DATA_CREATED = "DATA_CREATED"
    CHECKED = "CHECKED"
    SIGNED = "SIGNED"
    ISSUED = "ISSUED"
    REVOKED = "REVOKED"
    REPLACED = "REPLACED"


UNISSUED = frozenset({CoverState.DATA_CREATED, CoverState.CHECKED, CoverState.SIGNED})
"""On the way to its issue."""


class CoverStatus(StrEnum):
    """What a verification says of a cover."""

    VALID = "VALID"
    REVOKED = "REVOKED"
    REPLACED = "REPLACED"


STATUS: Mapping[CoverState, CoverStatus] = {
    CoverState.ISSUED: CoverStatus.VALID,
    CoverState.REVOKED: CoverStatus.REVOKED,
    CoverState.REPLACED: CoverStatus.REPLACED,
}
"""Of a cover on its way there is nothing to verify yet."""


@dataclass(frozen=True, slots=True)
class CoverSnapshot:
    """What the cover says of the person: copied when it is created, renewed only by a supplement before the check."""

    full_name: str
    birth_date: BirthDate
    gender: Gender
    nationality: str
    personal_id: str
    si_number: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The cover's PDF as it lies in the documents bucket. `sha256` in hex, `size` in bytes."""

    key: str
    sha256: str
    size: int
    template_version: str


@dataclass(frozen=True, slots=True)
class RevocationRequest:
    """Somebody wants an issued cover revoked; two persons must want it."""

    by: str
    """`sub` of the officer, or the name of the system that asks."""
    reason: str
    at: datetime
    role: Role | None = None
    """None for a system: it asks, and is none of the two persons."""


@dataclass(frozen=True, slots=True)
class Cover:
    cover_id: str
    dossier_code: str
    number: int
    """Ordinal of the issue: 1 for the first."""
    province_code: str
    snapshot: CoverSnapshot
    state: CoverState
    version: int
    created_at: datetime
    run: int = 1
    """Which execution works on it; a dead execution is followed by the next run."""
    checked_at: datetime | None = None
    proposed_by: str | None = None
    """`sub` of the first of two signers, where the province wants two; the second one checks."""
    checked_by: str | None = None
    """`sub` of the signer who decided to issue it."""
    issued_at: datetime | None = None
    file: StoredFile | None = None
    revocation: RevocationRequest | None = None
    """What is asked for, and after a revocation what was."""
    replaces: str | None = None
    """The cover that this one takes the place of, once it is issued."""
    replaced_by: str | None = None
    """The cover that is to take the place of this one, or has taken it."""
    ended_at: datetime | None = None
    """When it was revoked or replaced."""
    ended_by: str | None = None
    """Who ended it: the second of the two persons, the signer of the next cover, or a system."""

    @property
    def live(self) -> bool:
        """A cover that a person holds. There is at most one of them."""
        return self.state is CoverState.ISSUED

    @property
    def object_key(self) -> str:
        """Where its file lies; nothing personal, and one place only, so that nothing is drawn twice."""
        made = self.created_at
        return f"covers/{made:%Y}/{made:%m}/{self.cover_id}/v{self.number}.pdf"


_COVER_ID = re.compile(r"(.{1,64})-C([1-9]\d{0,2})", re.ASCII)


def cover_id_of(dossier_code: str, number: int) -> str:
    return f"{dossier_code}-C{number}"


def dossier_code_of(cover_id: str) -> str:
    """The dossier that a cover belongs to. Raises ValueError for what is no cover id."""
    return _parts(cover_id)[0]


def cover_number_of(cover_id: str) -> int:
    """The ordinal of a cover among those of its dossier. Raises ValueError for what is no cover id."""
    return _parts(cover_id)[1]


def _parts(cover_id: str) -> tuple[str, int]:
    found = _COVER_ID.fullmatch(cover_id)
    if found is None:
        raise ValueError("not a cover id")
    return found[1], int(found[2])


def create_cover(
    dossier_code: str, declaration: Declaration, *, si_number: str, created_at: datetime, number: int = 1
) -> Cover:
    """The data of a first-timer's cover, made when the first voucher is recorded."""
    return Cover(
        cover_id=cover_id_of(dossier_code, number),
        dossier_code=dossier_code,
        number=number,
        province_code=declaration.permanent_address.province_code,
        snapshot=snapshot_of(declaration, si_number=si_number),
        state=CoverState.DATA_CREATED,
        version=1,
        created_at=created_at,
    )


def snapshot_of(declaration: Declaration, *, si_number: str) -> CoverSnapshot:
    """What a cover says of the person who declared this."""
    return CoverSnapshot(
        full_name=declaration.full_name,
        birth_date=declaration.birth_date,
        gender=declaration.gender,
        nationality=declaration.nationality,
        personal_id=declaration.personal_id,
        si_number=si_number,
    )


def propose(cover: Cover, *, expected_version: int | None, signer: str) -> Cover:
    """The first of two signers decides to issue; the cover waits for the second. Raises as `check`."""
    _require_issuable(cover, expected_version)
    return replace(cover, version=cover.version + 1, proposed_by=signer)


def check(cover: Cover, *, expected_version: int | None, signer: str, at: datetime) -> Cover:
    """An officer decides to issue: DATA_CREATED -> CHECKED. The file is drawn and stored after that.

    Raises:
        VersionConflict: the cover changed since the officer looked.
        Conflict: INVALID_TRANSITION, it is issued already or not issuable.
        Forbidden: SECOND_PERSON_REQUIRED, the first of two signers can't be the second as well.
    """
    _require_issuable(cover, expected_version)
    if cover.proposed_by == signer:
        raise Forbidden("SECOND_PERSON_REQUIRED", "Người ký thứ hai phải khác người ký thứ nhất.")
    return replace(cover, state=CoverState.CHECKED, version=cover.version + 1, checked_at=at, checked_by=signer)


def _require_issuable(cover: Cover, expected_version: int | None) -> None:
    require_version(cover, expected_version)
    if cover.state is not CoverState.DATA_CREATED:
        raise refused(cover, "INVALID_TRANSITION", f"Tờ bìa đang ở trạng thái {cover.state}, không cấp được nữa.")


def require_version(cover: Cover, expected_version: int | None) -> None:
    """Raise `VersionConflict` for one who saw another version; None saw whatever there is."""
    if expected_version is not None and expected_version != cover.version:
        raise VersionConflict(
            "VERSION_CONFLICT",
            "Tờ bìa đã thay đổi từ lần xem trước. Hãy tải lại rồi thực hiện.",
            facts={"version": cover.version, "state": cover.state},
        )


def refused(cover: Cover, code: str, message: str) -> Conflict:
    """The error for what the cover's state does not allow."""
    return Conflict(code, message, facts={"version": cover.version, "state": cover.state})


def issue(cover: Cover, file: StoredFile, at: datetime) -> Cover:
    """The stored file makes the cover issued: CHECKED -> ISSUED.

    Raises:
        Conflict: INVALID_TRANSITION unless an officer checked it.
    """
    if cover.state is not CoverState.CHECKED:
        raise Conflict("INVALID_TRANSITION", f"Tờ bìa đang ở trạng thái {cover.state}, chưa thể ghi nhận đã cấp.")
    return replace(cover, state=CoverState.ISSUED, version=cover.version + 1, issued_at=at, file=file)


def renewed(cover: Cover, snapshot: CoverSnapshot) -> Cover:
    """The citizen has corrected the declaration before anybody checked the cover. Raises `Conflict` after that.

    What the first of two signers has seen is not what would be issued: both decide anew.
    """
    _require_unchecked(cover)
    return replace(cover, snapshot=snapshot, version=cover.version + 1, proposed_by=None)


def revoke_unissued(cover: Cover) -> Cover:
    """Its dossier has ended: nobody may issue it any more. Raises `Conflict` once an officer has checked it."""
    _require_unchecked(cover)
    return replace(cover, state=CoverState.REVOKED, version=cover.version + 1)


def _require_unchecked(cover: Cover) -> None:
    if cover.state is not CoverState.DATA_CREATED:
        raise refused(cover, "INVALID_TRANSITION", f"Tờ bìa đang ở trạng thái {cover.state}, không đổi được nữa.")


def revoke_checked(cover: Cover, *, by: str, reason: str, at: datetime) -> Cover:
    """What the cover stands on is gone before it was issued: DATA_CREATED, CHECKED or SIGNED -> REVOKED, at once.

    Its workflow finds nothing left to do. Raises `Conflict` (INVALID_TRANSITION) for one that is issued, or ended.
    """
    if cover.state not in UNISSUED:
        raise refused(cover, "INVALID_TRANSITION", f"Tờ bìa đang ở trạng thái {cover.state}, không hủy được nữa.")
    asked = RevocationRequest(by=by, reason=reason, at=at)
    return replace(
        cover, state=CoverState.REVOKED, version=cover.version + 1, revocation=asked, ended_at=at, ended_by=by
    )


def request_revocation(
    cover: Cover, *, by: str, reason: str, at: datetime, role: Role | None = None, expected_version: int | None = None
) -> Cover:
    """The first step to a revocation; the cover is valid until the second person agrees.

    `role` None is a system's request: it shows officers what to decide, and both of them are still to come. A system
    that asks for what is asked for already changes nothing.

    Raises:
        VersionConflict: the cover changed since the officer looked.
        Conflict: INVALID_TRANSITION for a cover that is not issued; REVOCATION_PENDING, an officer has asked already.
    """
    require_version(cover, expected_version)
    if cover.state is not CoverState.ISSUED:
        raise refused(cover, "INVALID_TRANSITION", f"Tờ bìa đang ở trạng thái {cover.state}, không thu hồi được.")
    if cover.revocation is not None and role is None:
        return cover
    if cover.revocation is not None and cover.revocation.role is not None:
        raise refused(cover, "REVOCATION_PENDING", "Đã có đề nghị thu hồi tờ bìa này, đang chờ người thứ hai duyệt.")
    return replace(cover, version=cover.version + 1, revocation=RevocationRequest(by, reason, at, role))


def approve_revocation(
    cover: Cover, *, by: str, role: Role, at: datetime, expected_version: int | None = None
) -> Cover:
    """The second person agrees: ISSUED -> REVOKED.

    Raises:
        VersionConflict: the cover changed since the officer looked.
        Conflict: INVALID_TRANSITION for a cover that is not issued; REVOCATION_NOT_REQUESTED, no officer has asked.
        Forbidden: SECOND_PERSON_REQUIRED, it is the same person; SIGNER_REQUIRED, neither of the two may sign.
    """
    require_version(cover, expected_version)
    asked = cover.revocation
    if cover.state is not CoverState.ISSUED:
        raise refused(cover, "INVALID_TRANSITION", f"Tờ bìa đang ở trạng thái {cover.state}, không thu hồi được.")
    if asked is None or asked.role is None:
        raise refused(cover, "REVOCATION_NOT_REQUESTED", "Chưa có cán bộ nào đề nghị thu hồi tờ bìa này.")
    if asked.by == by:
        raise Forbidden("SECOND_PERSON_REQUIRED", "Người duyệt thu hồi phải khác người đề nghị.")
    if Role.SIGNER not in {asked.role, role}:
        raise Forbidden("SIGNER_REQUIRED", "Một trong hai người quyết định thu hồi phải là người ký.")
    # A successor on its way falls with it.
    return replace(
        cover, state=CoverState.REVOKED, version=cover.version + 1, replaced_by=None, ended_at=at, ended_by=by
    )


def withdraw_revocation(cover: Cover, *, role: Role | None = None, expected_version: int | None = None) -> Cover:
    """What the revocation was asked for is gone: the cover stays as it is.

    A system (`role` None) takes back its own request only; an officer's stands. Raises `VersionConflict`,
    `Conflict` (REVOCATION_NOT_REQUESTED).
    """
    require_version(cover, expected_version)
    asked = cover.revocation
    if cover.state is not CoverState.ISSUED or asked is None or (role is None and asked.role is not None):
        raise refused(cover, "REVOCATION_NOT_REQUESTED", "Không có đề nghị thu hồi nào để rút lại.")
    return replace(cover, version=cover.version + 1, revocation=None)


def payment_reversed(covers: Iterable[Cover], *, by: str, reason: str, at: datetime) -> tuple[Cover, ...]:
    """What a reversed payment does to the covers of a dossier: those that change, each under its next version.

    One on its way is revoked at once; for an issued one the revocation is asked for in the system's name. A cover
    whose successor falls with it has none any more.
    """
    changed = []
    for cover in covers:
        if cover.state in UNISSUED:
            changed.append(revoke_checked(cover, by=by, reason=reason, at=at))
        elif cover.live:
            asked = request_revocation(cover, by=by, reason=reason, at=at)
            if asked is not cover or cover.replaced_by is not None:
                changed.append(replace(asked, version=cover.version + 1, replaced_by=None))
    return tuple(changed)


def shown_cover(covers: Iterable[Cover]) -> Cover | None:
    """The cover that a dossier shows: the newest, but for one that is to replace another and is not issued."""
    settled = (cover for cover in covers if cover.replaces is None or cover.issued_at is not None)
    return max(settled, key=lambda cover: cover.number, default=None)
