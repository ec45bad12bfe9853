"""A cover with corrected data: the next of its chain takes the place of the one that a person holds, once it is issued.

Until then the old one stays valid; a person holds one live cover at any moment.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

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
from .dossier import Change, Dossier, unchanged
from .events import Act, Event


def begin_reissue(
    cover: Cover, snapshot: CoverSnapshot, *, number: int, at: datetime, expected_version: int | None
) -> tuple[Cover, Cover]:
    """An issued cover with the successor that is to replace it; `number` is the next of the dossier's covers.

    Raises:
        VersionConflict: the cover changed since the officer looked.
        Conflict: INVALID_TRANSITION for a cover that is not issued; REVOCATION_PENDING, REISSUE_PENDING.
    """
    require_version(cover, expected_version)
    if cover.state is not CoverState.ISSUED:
        raise refused(cover, "INVALID_TRANSITION", f"Tờ bìa đang ở trạng thái {cover.state}, không cấp lại được.")
    if cover.revocation is not None:
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

    Raises `Conflict` (INVALID_TRANSITION) where the old one is not live any more.
    """
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


def reissue_cover(dossier: Dossier, old: str, new: str, act: Act) -> Change:
    """A cover took the place of another: the dossier stays what it is."""
    signed = unchanged(dossier).then(Event.COVER_SIGNED, act, subject=new)
    return signed.then(Event.COVER_ISSUED, act, subject=new).then(Event.COVER_REPLACED, act, subject=old)
