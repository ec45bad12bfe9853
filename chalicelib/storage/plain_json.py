"""Makes a DynamoDB client take and give its JSON as it is.

`codec` writes exactly what goes over the wire. botocore would still walk every attribute of every item through
its model of the service, on the way out and on the way back, for the sake of types that the house does not use
(binary, sets, decimals): two fifths of the CPU of a voucher. Only botocore's documented events are used: signing,
retries, errors and hooks (tests, tracing) stay what they are, and hooks see every parameter.
"""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json, to_json

_BODY = "chalicelib.body"


def take_plain_json(client: Any) -> Any:
    """The same DynamoDB client (untyped: boto3 ships no types), which from now on leaves JSON alone."""
    events = client.meta.events
    # Behind every other handler: what they look at or fill in (`ClientRequestToken`) is all there.
    events.register_last("before-parameter-build", _set_body_aside)
    events.register("before-call", _put_body_in)
    events.register_last("before-parse", _read_answer)
    return client


def _set_body_aside(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Leave botocore nothing to serialise; `params` and `context` belong to this one call."""
    # A third of what the encoder of the standard library takes for a transaction, byte for byte the same.
    context[_BODY] = to_json(params)
    # The rules for the address look into maps (for tables named by ARN), so a map must be there.
    maps = [name for name, value in params.items() if isinstance(value, dict)]
    params.clear()
    params.update((name, {}) for name in maps)


def _put_body_in(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    params["body"] = context.pop(_BODY)


def _read_answer(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Read a good answer here and leave botocore an empty one; errors are botocore's to read."""
    if response_dict["status_code"] < 300:
        customized_response_dict.update(from_json(response_dict["body"], cache_strings="keys"))
        response_dict["body"] = b"{}"
