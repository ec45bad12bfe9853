"""Where portal clients want their messages, and the secrets that sign them: an SSM parameter and a secret."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..domain.messages.webhook import Endpoint, secret_bytes

CACHE_SECONDS = 60
SANDBOX_CACHE_SECONDS = 1
"""A sandbox is told of an address and wants to see it used; elsewhere a minute is soon enough."""


@dataclass(slots=True)
class Endpoints:
    """The configured addresses, believed for `cache_seconds`.

    The parameter is `{"<client_id>": {"url": …, "states": […], "since": …, "first_retry_seconds": …,
    "longest_retry_seconds": …, "give_up_after_seconds": …}}` (all but `url` optional); the secret is
    `{"<client_id>": ["whsec_…", …]}`: the newest first, and during a change the one before it behind it.
    """

    parameters: Any
    """An SSM client, untyped."""
    secrets: Any
    """A Secrets Manager client, untyped."""
    parameter: str
    secret: str
    cache_seconds: int
    _endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    _secrets: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    _read_at: dict[str, Any] = field(default_factory=dict)

    def of(self, client_id: str) -> Endpoint | None:
        """The address of a client; None for one that takes its messages from the topic."""
        return self.all().get(client_id)

    def all(self) -> Mapping[str, Endpoint]:
        """Every configured address by its client. Raises what a malformed parameter raises (KeyError, ValueError)."""
        if self._stale("endpoints"):
            text = self.parameters.get_parameter(Name=self.parameter)["Parameter"]["Value"]
            self._endpoints = {client: _endpoint(client, given) for client, given in json.loads(text).items()}
            self._read_at["endpoints"] = time.monotonic()
        return self._endpoints

    def secrets_of(self, client_id: str) -> tuple[bytes, ...]:
        """The keys that a client's messages are signed with, one or two; none where none is set."""
        if self._stale("secrets"):
            text = self.secrets.get_secret_value(SecretId=self.secret)["SecretString"]
            self._secrets = {client: tuple(map(secret_bytes, given)) for client, given in json.loads(text).items()}
            self._read_at["secrets"] = time.monotonic()
        return self._secrets.get(client_id, ())

    def _stale(self, what: str) -> bool:
        read_at = self._read_at.get(what)
        return read_at is None or time.monotonic() - read_at >= self.cache_seconds


def _endpoint(client_id: str, given: Mapping[str, Any]) -> Endpoint:
    usual = Endpoint(client_id, "")
    return Endpoint(
        client_id=client_id,
        url=str(given["url"]),
        states=frozenset(map(str, given["states"])) if "states" in given else None,
        since=datetime.fromisoformat(given["since"]) if "since" in given else None,
        first_pause=int(given.get("first_retry_seconds", usual.first_pause)),
        longest_pause=int(given.get("longest_retry_seconds", usual.longest_pause)),
        give_up_after=int(given.get("give_up_after_seconds", usual.give_up_after)),
    )
