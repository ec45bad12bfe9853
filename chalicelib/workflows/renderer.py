"""The heavy task of `cover.asl.json`: draws the PDF. Its function alone carries the cover layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from chalice.app import Blueprint

from ..usecases.draw_cover import draw_cover
from ..wiring import wiring
from .task import Payload, task

bp = Blueprint(__name__)


class RenderPayload(Payload):
    cover_id: str


@bp.lambda_function(name="cover_renderer")
@task
def cover_renderer(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    """Answer `{key, sha256, size, template_version}` of the stored PDF."""
    payload: RenderPayload = RenderPayload.read(event)
    return asdict(draw_cover(payload.cover_id, payload.dossier_code, wiring()))
