"""What each stage publishes, asked of fresh processes: the stage decides at import which routes exist."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

ASK = """
import json, app
from chalicelib.http.contract.openapi import document
routes = [(path, method, entry.authorizer is not None) for path, all in app.app.routes.items()
          for method, entry in all.items()]
print(json.dumps([routes, document([route[:2] for route in routes])]))
"""


@lru_cache(maxsize=4)
def _published(stage: str) -> tuple[list[list[Any]], dict[str, Any]]:
    environment = {**os.environ, "STAGE": stage}
    asked = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=environment, capture_output=True, check=True)
    routes, document = json.loads(asked.stdout)
    return routes, document


def routes(stage: str) -> dict[tuple[str, str], bool]:
    """(path, method) of every route, and whether it wants a token."""
    return {(path, method): signed_in for path, method, signed_in in _published(stage)[0]}


def document(stage: str = "sandbox") -> dict[str, Any]:
    return _published(stage)[1]
