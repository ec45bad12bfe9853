"""A release on the running local cloud, as CloudFormation and CodeDeploy make it on AWS: nothing is stopped for it.

Who releases writes `<home>/release.json` and sends SIGHUP; `<home>/released.json` answers. Three steps:

    {"id": "1", "step": "functions", "package": "<folder>", "every": 10, "parameters": {}}
    {"id": "2", "step": "machines", "every": 10}
    {"id": "3", "step": "end"}

`functions` updates the stack; then each tenth call of a function goes to the new package with the new settings, the
others to the one before with its own.
`machines` leads all calls there, and each tenth new execution to the new definition of its machine (the alias of a
machine moves behind those of the functions: `infra/release.py`). `end` leads all of them there. Executions that are
under way keep their definition, and their tasks call what the functions are then.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ministack.services import lambda_svc

from infra.package import made

from .deploy import Deployment, deploy
from .durable.store import Store
from .settings import LocalSettings
from .slim import drop_artefacts
from .workers import ProcessHandlers

log = logging.getLogger(__name__)

ASKED, ANSWERED = "release.json", "released.json"


class Releases:
    """Carries out what is asked for in the home of a local run."""

    def __init__(
        self,
        settings: LocalSettings,
        handlers: ProcessHandlers,
        store: Store,
        parameters: Mapping[str, str],
        follow: Callable[[Deployment], None],
    ) -> None:
        """`follow` is told what the stack is once it was updated."""
        self._settings, self._handlers, self._store = settings, handlers, store
        self._parameters, self._follow = dict(parameters), follow

    def carry_out(self) -> None:
        """Do what `release.json` asks for and answer; a fault is an answer too."""
        asked = json.loads((self._settings.home / ASKED).read_text("utf-8"))
        try:
            self._step(asked)
            answer = {"id": asked["id"], "error": None}
        except Exception as error:
            log.exception("a release failed")
            answer = {"id": asked["id"], "error": f"{error}\n{traceback.format_exc(limit=3)}"}
        making = self._settings.home / f"{ANSWERED}.making"
        making.write_text(json.dumps(answer), "utf-8")
        making.replace(self._settings.home / ANSWERED)

    def _step(self, asked: Mapping[str, Any]) -> None:
        definitions = self._store.definitions
        if asked["step"] == "end":
            definitions.release()
            return
        if asked["step"] == "machines":
            self._handlers.end_release()
            definitions.lead(asked["every"])
            return
        package = made(Path(asked["package"]))
        self._handlers.begin_release(package, _functions())
        definitions.hold()
        parameters = {**self._parameters, **asked.get("parameters", {})}
        deployment = deploy(package, parameters, self._settings, lambda text: log.info("%s", text))
        drop_artefacts()
        self._follow(deployment)
        self._handlers.lead(asked["every"], _functions())


def _functions() -> dict[str, Any]:
    """The settings of the stack's functions by name."""
    configs = [each["config"] for each in lambda_svc._functions.all_values()]
    return {each["FunctionName"]: each for each in configs}
