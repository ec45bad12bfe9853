"""Covers as items."""

from __future__ import annotations

from ...domain.access import Role
from ...domain.copies import replace
from ...domain.covers.cover import Cover, CoverSnapshot, CoverState, RevocationRequest, StoredFile
from ...domain.months import instant_text
from ...domain.registration.declaration import Gender
from .. import keys
from ..codec import Value
from ..sealed import Seals, as_stored, opened, to_store
from ..table import Stored
from .dossiers import shard_of
from .fields import birth_date, instant, maybe, number, present, text
from .vouchers import day_shard_of


def cover_item(cover: Cover, seals: Seals | None) -> dict[str, Value]:
    """A cover. Its personal id has the dossier's seal, so it comes from there unopened; a new one needs `seals`."""
    waiting = cover.state in {CoverState.DATA_CREATED, CoverState.CHECKED} or (cover.live and cover.revocation)
    created = instant_text(cover.created_at)
    issued = None if cover.issued_at is None else instant_text(cover.issued_at)
    file = cover.file
    return present(
        {
            "cover_id": cover.cover_id,
            "dossier_code": cover.dossier_code,
            "number": cover.number,
            "province_code": cover.province_code,
            "full_name": cover.snapshot.full_name,
            "birth_date": str(cover.snapshot.birth_date),
            "gender": cover.snapshot.gender,
            "nationality": cover.snapshot.nationality,
            "personal_id": to_store(_owner(cover), "personal_id", cover.snapshot.personal_id, seals),
            "si_number": cover.snapshot.si_number,
            "state": cover.state,
            "version": cover.version,
            "created_at": created,
            "run": cover.run,
            "checked_at": None if cover.checked_at is None else instant_text(cover.checked_at),
            "proposed_by": cover.proposed_by,
            "checked_by": cover.checked_by,
            "issued_at": issued,
            "file": None
            if file is None
            else {
                "key": file.key,
                "sha256": file.sha256,
                "size": file.size,
                "template_version": file.template_version,
            },
            "GSI1PK": None if issued is None else _issued_list(cover, issued),
            "GSI1SK": None if issued is None else cover.cover_id,
            "revocation": None if cover.revocation is None else _revocation_item(cover.revocation),
            "replaces": cover.replaces,
            "replaced_by": cover.replaced_by,
            "ended_at": None if cover.ended_at is None else instant_text(cover.ended_at),
            "ended_by": cover.ended_by,
            "GSI2PK": keys.cover_list(cover.province_code, shard_of(cover.dossier_code)) if waiting else None,
            "GSI2SK": f"{created}#{cover.cover_id}" if waiting else None,
        }
    )


def _issued_list(cover: Cover, issued: str) -> str:
    return keys.issued_list(issued[: len("2023-02-13")], cover.province_code, day_shard_of(cover.cover_id))


def open_cover(cover: Cover, seals: Seals) -> Cover:
    """A cover whose data can be printed and compared. Raises `SealBroken`, `Unavailable`."""
    personal_id = opened(_owner(cover), "personal_id", cover.snapshot.personal_id, seals)
    return replace(cover, snapshot=replace(cover.snapshot, personal_id=personal_id))


def _owner(cover: Cover) -> str:
    return keys.dossier_partition(cover.dossier_code)


def cover_from(item: Stored) -> Cover:
    """A cover; its personal id is carried unopened (`open_cover`)."""
    created = instant(item, "created_at")
    if created is None:
        raise TypeError("a cover has no creation time")
    file = item.get("file")
    return Cover(
        cover_id=text(item, "cover_id"),
        dossier_code=text(item, "dossier_code"),
        number=number(item, "number"),
        province_code=text(item, "province_code"),
        snapshot=CoverSnapshot(
            full_name=text(item, "full_name"),
            birth_date=birth_date(text(item, "birth_date")),
            gender=Gender(text(item, "gender")),
            nationality=text(item, "nationality"),
            personal_id=as_stored(text(item, "personal_id")),
            si_number=text(item, "si_number"),
        ),
        state=CoverState(text(item, "state")),
        version=number(item, "version"),
        created_at=created,
        run=number(item, "run"),
        checked_at=instant(item, "checked_at"),
        proposed_by=maybe(item, "proposed_by"),
        checked_by=maybe(item, "checked_by"),
        issued_at=instant(item, "issued_at"),
        file=StoredFile(
            key=text(file, "key"),
            sha256=text(file, "sha256"),
            size=number(file, "size"),
            template_version=text(file, "template_version"),
        )
        if isinstance(file, dict)
        else None,
        revocation=_revocation_from(item.get("revocation")),
        replaces=maybe(item, "replaces"),
        replaced_by=maybe(item, "replaced_by"),
        ended_at=instant(item, "ended_at"),
        ended_by=maybe(item, "ended_by"),
    )


def _revocation_item(asked: RevocationRequest) -> Value:
    return present({"by": asked.by, "reason": asked.reason, "at": instant_text(asked.at), "role": asked.role})


def _revocation_from(stored: Value) -> RevocationRequest | None:
    if not isinstance(stored, dict):
        return None
    at, role = instant(stored, "at"), maybe(stored, "role")
    if at is None:
        raise TypeError("a request for a revocation has a time")
    return RevocationRequest(text(stored, "by"), text(stored, "reason"), at, None if role is None else Role(role))
