"""The heavy work of documents: the cover of `cover.asl.json`, and slips. Its function alone carries the cover layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from chalice.app import Blueprint

from ..domain.registration.slip import SlipKind
from ..usecases.covers.draw_cover import draw_cover, draw_preview
from ..usecases.registration.draw_slip import draw_slip
from ..wiring import wiring
from .task import Payload, task

bp = Blueprint(__name__)


class RenderPayload(Payload):
    cover_id: str
    preview: bool = False


class SlipPayload(Payload):
    slip: SlipKind
    number: int


@bp.lambda_function(name="cover_renderer")
@task
def cover_renderer(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    """Answer `{key, sha256, size, template_version}` of the stored PDF: a cover, its draft, or a slip."""
    if "slip" in event:
        asked: SlipPayload = SlipPayload.read(event)
        return asdict(draw_slip(asked.dossier_code, asked.slip, asked.number, wiring()))
    payload: RenderPayload = RenderPayload.read(event)
    if payload.preview:
        return asdict(draw_preview(payload.cover_id, payload.dossier_code, wiring()))
    return asdict(draw_cover(payload.cover_id, payload.dossier_code, wiring()))
