"""A function's process imports what its handler needs, and no more."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HANDLERS = (
    "chalicelib.queues.vouchers",
    "chalicelib.queues.relay",
    "chalicelib.queues.webhooks",
    "chalicelib.workflows.dossier",
    "chalicelib.workflows.cover",
    "chalicelib.workflows.renderer",
    "chalicelib.workflows.sweep",
    "chalicelib.workflows.anchor",
    "chalicelib.workflows.canary",
    "chalicelib.http.auth",
)


def started(code: str, **environment: str) -> Any:
    """What a program prints as JSON, in a new process with this environment."""
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", f"import json, sys; {code}"],
        cwd=ROOT,
        env={**kept, "STAGE": "sandbox", **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def test_the_api_on_lambda_serves_every_route_and_leaves_the_queues_alone() -> None:
    code = (
        "import app; app.app.complete(); app.app.complete();"
        "print(json.dumps([sorted([path, sorted(methods)] for path, methods in app.app.routes.items()),"
        " sorted(name for name in sys.modules if name.startswith(('chalicelib.queues', 'chalicelib.workflows')))]))"
    )
    routes, others = started(code)
    routes_on_lambda, others_on_lambda = started(code, AWS_LAMBDA_FUNCTION_NAME="api")
    assert routes_on_lambda == routes
    assert others_on_lambda == []
    assert {"chalicelib.queues.vouchers", "chalicelib.workflows.renderer"} <= set(others)


ASKED = """
import app
def ask(method, path):
    told = {{"httpMethod": method, "resourcePath": path, "identity": {{}}, "authorizer": {{}}}}
    event = {{"requestContext": told, "path": path, "headers": {{}}, "multiValueHeaders": {{}}, "body": None,
             "pathParameters": None, "queryStringParameters": None, "multiValueQueryStringParameters": None,
             "stageVariables": None, "isBase64Encoded": False}}
    return app.app(event, None)["statusCode"], "chalicelib.http.configuration.rules" in sys.modules
answers = [ask(*each) for each in {asked!r}]
print(json.dumps(answers[-1:] + [len(app.app.routes)]))
"""


@pytest.mark.slow
def test_what_officers_need_is_imported_when_the_first_of_them_asks() -> None:
    portal, officer = ("POST", "/v1/dossiers"), ("POST", "/v1/officer/assignments")
    everything = started("import app; print(len(app.app.routes))")

    def asked(*requests: tuple[str, str]) -> Any:
        return started(f"\n{ASKED.format(asked=requests)}", AWS_LAMBDA_FUNCTION_NAME="api", LOG_LEVEL="CRITICAL")

    (status, is_there), known = asked(portal)
    assert (status, is_there) == (400, False)  # nothing was sent
    assert known < everything
    assert asked(portal, officer) == [[400, True], everything]
    assert asked(officer, officer) == [[400, True], everything]
    # No route at all: Chalice says so, in its own words.
    assert asked(("GET", "/v1/nowhere"))[0] == [405, True]


@pytest.mark.parametrize("module", ("app", *HANDLERS))
def test_no_client_and_no_layer_is_imported_before_the_first_event(module: str) -> None:
    heavy = ("boto3", "botocore", "jwt", "cryptography", "typst", "pyhanko", "asn1crypto", "lxml", "aiohttp")
    code = f"import {module}; print(json.dumps([name for name in {heavy!r} if name in sys.modules]))"
    assert started(code, AWS_LAMBDA_FUNCTION_NAME="function") == []


def test_the_signing_library_is_named_in_three_modules_and_loaded_by_signing_only() -> None:
    """And those are imported within functions of two others: nothing else in the house can load it by accident."""
    named = {
        path.stem
        for path in (ROOT / "chalicelib").rglob("*.py")
        if re.search(r"^\s*(from|import) (pyhanko|asn1crypto)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert named == {"pades", "examination", "structure"}
    code = (
        "import chalicelib.documents.signing, chalicelib.documents.verification, chalicelib.usecases.covers.draw_cover;"
        "print(json.dumps([name for name in ('pyhanko', 'asn1crypto', 'typst', 'segno') if name in sys.modules]))"
    )
    assert started(code) == []
