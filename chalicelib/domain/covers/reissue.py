"""A cover with corrected data: the next of its chain takes the place of the one that a person holds, once it is issued.

Until then the old one stays valid; a person holds one live cover at any moment.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ..events import Act, Event
from ..registration.dossier import Change, Dossier, unchanged
from .cover import (
    UNISSUED,
    Cover,
    CoverSnapshot,
    CoverState,
    cover_id_of,
    refused,
    renewed,
    require_version,
)


def begin_reissue(
    cover: Cover, snapshot: CoverSnapshot, *, number: int, at: datetime, expected_version: int | None
) -> tuple[Cover, Cover]:
    """A cover with the successor that is to take its place; `number` is the next of the dossier's covers.

    A cover that was revoked, after it had been issued, stays revoked: the successor gives the person one again.

    Raises:
        VersionConflict: the cover changed since the officer looked.
        Conflict: INVALID_TRANSITION for a cover that was never issued, or is replaced; REVOCATION_PENDING,
            REISSUE_PENDING.
    """
    require_version(cover, expected_version)
    revoked = cover.state is CoverState.REVOKED and cover.issued_at is not None
    if not cover.live and not revoked:
        raise refused(cover, "INVALID_TRANSITION", f"Tờ bìa đang ở trạng thái {cover.state}, không cấp lại được.")
    if cover.live and cover.revocation is not None:
        raise refused(cover, "REVOCATION_PENDING", "Tờ bìa đang được đề nghị thu hồi, chưa cấp lại được.")
    if cover.replaced_by is not None:
        raise refused(cover, "REISSUE_PENDING", "Tờ bìa mới thay cho tờ bìa này đang chờ cấp.")
    successor = Cover(
        cover_id=cover_id_of(cover.dossier_code, number),
        dossier_code=cover.dossier_code,
        number=number,
        province_code=cover.province_code,
        snapshot=snapshot,
        state=CoverState.DATA_CREATED,
        version=1,
        created_at=at,
        replaces=cover.cover_id,
    )
    return replace(cover, version=cover.version + 1, replaced_by=successor.cover_id), successor


def correct_successor(cover: Cover, snapshot: CoverSnapshot, *, expected_version: int | None) -> Cover:
    """The data of a successor that nobody has checked yet, corrected once more.

    Raises `VersionConflict`, `Conflict` (INVALID_TRANSITION) once an officer has checked it.
    """
    require_version(cover, expected_version)
    return renewed(cover, snapshot)


def take_place(old: Cover, successor: Cover, at: datetime) -> tuple[Cover, Cover]:
    """The successor is issued: the old cover is REPLACED, and what was asked against it goes over to the new one.

    One that was revoked stays so. Raises `Conflict` (INVALID_TRANSITION) where the old one is replaced already.
    """
    if old.state is CoverState.REVOKED:
        return replace(old, version=old.version + 1, replaced_by=successor.cover_id), successor
    if not old.live:
        raise refused(old, "INVALID_TRANSITION", f"Tờ bìa cũ đang ở trạng thái {old.state}, không thay được.")
    ended = replace(
        old,
        state=CoverState.REPLACED,
        version=old.version + 1,
        revocation=None,
        replaced_by=successor.cover_id,
        ended_at=at,
        ended_by=successor.checked_by,
    )
    return ended, replace(successor, revocation=old.revocation)


def is_open_successor(cover: Cover) -> bool:
    """Whether a cover is to replace another and still on its way."""
    return cover.replaces is not None and cover.state in UNISSUED


def reissue_cover(dossier: Dossier, old: Cover, new: str, act: Act) -> Change:
    """A cover took the place of another (`old` is what has become of it): the dossier stays what it is."""
    signed = unchanged(dossier).then(Event.COVER_SIGNED, act, subject=new)
    issued = signed.then(Event.COVER_ISSUED, act, subject=new)
    if old.state is CoverState.REVOKED:
        return issued
    return issued.then(Event.COVER_REPLACED, act, subject=old.cover_id)
