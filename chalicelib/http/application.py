"""A Chalice application that learns some of its routes when the first of them is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from chalice.app import Chalice


class Application(Chalice):
    """Serves what is registered, and the `BLUEPRINTS` of the module `later` from the first request for another route.

    What many routes need is then no part of a cold start for the few that most requests are for; that first request
    takes as much longer. (API Gateway passes on routes of the template only: what is not known yet is one of them.)
    """

    def __init__(self, name: str, *, later: str) -> None:
        super().__init__(app_name=name, configure_logs=False)
        self._later = [later]

    def complete(self) -> None:
        """Register what was left for later; nothing where that has been done."""
        while self._later:
            for blueprint in import_module(self._later[0]).BLUEPRINTS:
                self.register_blueprint(blueprint)
            self._later.pop()

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer a request of API Gateway (Lambda proxy, version 1)."""
        asked = event["requestContext"]
        if asked["httpMethod"] not in self.routes.get(asked["resourcePath"], ()):
            self.complete()
        return super().__call__(event, context)
