"""Messages that travel outside HTTP and are published beside the HTTP API, so that integrators find all in one place.

A place of composition like `wiring`: the HTTP door itself knows nothing of the queues.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


def examples() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """Messages by the name of their channel and of the sample."""
    from .queues.examples import EXAMPLES

    return EXAMPLES


def messages() -> dict[str, type[BaseModel]]:
    """The models by the name of the channel that carries them."""
    from .queues.messages import ContributionVoucherMessage, DossierStatusMessage, ManifestMessage

    return {
        "dossier-status": DossierStatusMessage,
        "vouchers": ContributionVoucherMessage,
        "vouchers-manifest": ManifestMessage,
    }
