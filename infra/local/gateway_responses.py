"""Lets the local cloud read gateway responses from an API's definition, as AWS does on import."""

from __future__ import annotations

import functools
from typing import Any

EXTENSION = "x-amazon-apigateway-gateway-responses"


def install() -> None:
    """Teaches ministack's import of a REST API the extension that it does not know. Call before deploying."""
    from ministack.services import apigateway_v1 as apigateway

    import_without = apigateway._import_rest_api

    @functools.wraps(import_without)
    def import_with(spec: dict[str, Any], base_data: dict[str, Any] | None = None) -> str:
        api_id: str = import_without(spec, base_data)
        for response_type, response in (spec.get(EXTENSION) or {}).items():
            apigateway._put_gateway_response(api_id, response_type, response)
        return api_id

    apigateway._import_rest_api = import_with
