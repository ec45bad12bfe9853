"""AWS clients, with the house's limits on time and retries.

Made with botocore alone: boto3 adds resources that the house does not use, and 50 ms to a cold start.
"""

from __future__ import annotations

from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

CONFIG = Config(
    connect_timeout=2,
    read_timeout=8,
    retries={"mode": "standard", "total_max_attempts": 3},
    # Requests are built by the typed code of `storage`; botocore's own check of them
    # costs more than building them.
    parameter_validation=False,
    # botocore's own text is put together anew, from forty parts, twice a request.
    user_agent="bhxh-602e",
    tcp_keepalive=True,
    max_pool_connections=32,
)

_FIXED_ADDRESS = frozenset({"dynamodb"})
"""Services whose address is their region's, whatever the request is."""


class _Descriptions(Loader):  # type: ignore[misc]
    """botocore's descriptions of the services.

    For a service without rules for its address botocore takes the one of the region, once; with rules it works
    them through at every request, a tenth of a request's CPU.
    """

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if type_name == "endpoint-rule-set-1" and service_name in _FIXED_ADDRESS:
            raise UnknownServiceError(service_name=service_name, known_service_names="")
        return super().load_service_model(service_name, type_name, api_version)


def session() -> Any:
    """A botocore session (untyped: botocore ships no types); credentials and region come from the environment."""
    made = botocore.session.get_session()
    made.register_component("data_loader", _Descriptions())
    return made
