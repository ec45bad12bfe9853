"""Messages that travel outside HTTP and are published beside the HTTP API, so that integrators find all in one place.

A place of composition like `wiring`: the HTTP door itself knows nothing of the queues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel


def messages() -> dict[str, type[BaseModel]]:
    """The models by the name of the channel that carries them."""
    from .queues.messages import ContributionVoucherMessage, DossierStatusMessage, ManifestMessage

    return {
        "dossier-status": DossierStatusMessage,
        "vouchers": ContributionVoucherMessage,
        "vouchers-manifest": ManifestMessage,
    }
