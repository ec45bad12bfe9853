"""Starts everything in order, says where to look, and ends it cleanly."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from infra.asked import note_calls
from infra.certificate import Place
from infra.package import Package, build, made

from . import direct
from .authority import certify_key, load_authority
from .cloud import Cloud, Executor
from .deploy import Deployment, client, deploy
from .durable.store import Store
from .inline import InlineHandlers, prepare_imports, set_environment
from .releases import Releases
from .settings import ACCOUNT, REGION, ROOT, STAGE, LocalSettings
from .slim import drop_artefacts, free_memory, limit_arenas
from .tokens import AUDIENCE, ISSUER, load_issuer
from .workers import ProcessHandlers

log = logging.getLogger(__name__)


class Launcher:
    """One local run, from the package to the last saved byte."""

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._began = time.monotonic()
        self._failed = False
        self._executor: Executor | None = None
        self._releases: Releases | None = None

    def run(self) -> int:
        """Serve until told to stop. Answers the exit status."""
        limit_arenas()
        log_file = _log_to(self._settings)
        self._say(f"local run, handlers {self._settings.handlers}, data in {self._settings.home}")
        if self._settings.package:
            package = made(self._settings.package)
        else:
            package = build(STAGE, say=lambda text: self._say(f"  {text}"))
        self._issuer = load_issuer(self._settings.home / "issuer.pem")
        self._executor = self._make_executor(package, log_file)
        store = Store(self._settings.home / "state")
        cloud = Cloud(self._settings, store)
        cloud.install(self._executor)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._interrupt(cloud))
        signal.signal(signal.SIGHUP, lambda *_: self._release())
        threading.Thread(target=self._bring_up, args=(package, store, cloud), daemon=True).start()
        try:
            asyncio.run(cloud.run())
        finally:
            self._executor.close()
        self._say("stopped; the data is kept" if not self._failed else "stopped")
        return 1 if self._failed else 0

    def _make_executor(self, package: Package, log_file: TextIO) -> Executor:
        if self._settings.handlers == "process":
            return ProcessHandlers(package, self._settings, log_file)
        prepare_imports(str(ROOT))
        return InlineHandlers(log_file)

    def _bring_up(self, package: Package, store: Store, cloud: Cloud) -> None:
        """Everything that needs the cloud to answer; on a thread of its own, for the cloud serves meanwhile."""
        try:
            cloud.started.wait()
            if store.failure:
                raise store.failure
            if store.replayed:
                self._say(f"  {store.replayed} changes of a run that did not end cleanly were recovered")
            parameters = {"JwtIssuer": ISSUER, "JwtAudience": AUDIENCE, "Jwks": self._issuer.jwks(), "Stage": STAGE}
            parameters["VerificationAddress"] = f"{self._settings.api_url.upper()}/C/"
            if self._settings.parameters:
                parameters |= json.loads(self._settings.parameters.read_text("utf-8"))
            deployment = deploy(package, parameters, self._settings, lambda text: self._say(f"  {text}"))
            self._certify(deployment)
            drop_artefacts()
            self._take_releases(store, cloud, parameters)
            if isinstance(self._executor, InlineHandlers):
                set_environment(deployment.environment)
                note_calls()
                direct.install(self._settings.aws_url)
                self._executor.load(_handlers(package))
            cloud.run_on_loop(store.save)
            restarted = store.start_consumers()
            if restarted:
                self._say(f"  {restarted} workflow executions were interrupted and start again")
            cloud.route(deployment.api_id, deployment.api_stage)
            gc.collect()
            # What is there now stays: looking for garbage need not walk through it again.
            gc.freeze()
            free_memory()
            self._write_endpoints(deployment)
            self._greet(deployment)
            # Last, for it looks at every open dossier; the interrupted ones have started again already. A restored
            # table is first compared with its export: then `make restore` sweeps.
            if not parameters.get("RestoreBucket"):
                self._sweep()
        except Exception as error:
            self._failed = True
            log.exception("the local run could not start")
            print(f"could not start: {error}\n{traceback.format_exc(limit=3)}", file=sys.stderr)
            cloud.stop()

    def _take_releases(self, store: Store, cloud: Cloud, parameters: Mapping[str, str]) -> None:
        """Where functions run from packages, another one may take their place while everything goes on."""

        def follow(deployment: Deployment) -> None:
            cloud.route(deployment.api_id, deployment.api_stage)
            cloud.run_on_loop(store.save)

        if isinstance(self._executor, ProcessHandlers):
            self._releases = Releases(self._settings, self._executor, store, parameters, follow)

    def _release(self) -> None:
        if self._releases:
            threading.Thread(target=self._releases.carry_out, daemon=True).start()

    def _certify(self, deployment: Deployment) -> None:
        """Covers are really signed: with a certificate of this run's own authority."""
        key = client("kms", self._settings).describe_key(KeyId=deployment.resources["CoverSigningKey"])
        place = Place(
            client("kms", self._settings),
            client("ssm", self._settings),
            key["KeyMetadata"]["Arn"],
            deployment.environment["COVER_CERTIFICATES"],
        )
        certify_key(load_authority(self._settings.home), place)

    def _sweep(self) -> None:
        """What the nightly schedule does on AWS: start what a crash left unstarted."""
        functions = client("lambda", self._settings)
        names = [each["FunctionName"] for each in functions.list_functions()["Functions"]]
        sweeper = next((name for name in names if name.endswith("sweeper")), None)
        if sweeper:
            answer = functions.invoke(FunctionName=sweeper, Payload=json.dumps(_scheduled_event()).encode())
            if answer.get("FunctionError"):
                log.error("the sweeper failed: %s", answer["Payload"].read().decode())

    def _write_endpoints(self, deployment: Deployment) -> None:
        """The last thing that is made: whoever finds the file may use the system."""
        content: dict[str, Any] = {
            "api": self._settings.api_url,
            "aws": self._settings.aws_url,
            "region": REGION,
            "stack": self._settings.stack,
            "table": deployment.environment["TABLE_NAME"],
            "voucher_queue_url": deployment.voucher_queue_url,
            "voucher_dlq_url": deployment.voucher_dlq_url,
            "documents_bucket": deployment.environment.get("DOCUMENTS_BUCKET", ""),
            "status_queue_url": deployment.status_queue_url,
            "tokens": self._issuer.everybody(),
        }
        making = self._settings.endpoints.with_suffix(".making")
        making.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        making.chmod(0o600)
        making.replace(self._settings.endpoints)

    def _greet(self, deployment: Deployment) -> None:
        api = self._settings.api_url
        self._say(f"ready after {time.monotonic() - self._began:.1f} s")
        print(
            f"\n  API            {api}   (OpenAPI: {api}/v1/openapi.json)\n"
            f"  AWS            {self._settings.aws_url}   (keys: any; region {REGION})\n"
            f"  voucher queue  {deployment.voucher_queue_url}\n"
            f"  endpoints      {self._settings.endpoints}\n"
            f"  log            {self._settings.log}\n\n"
            f"  curl -s {api}/v1/quotes -H 'content-type: application/json' -d "
            """'{"income":1500000,"method":"M3","from_month":"2023-02","support_category":"OTHER","""
            """"province_code":"79","paid_on":"2023-02-06","supported_months_used":0}'\n\n"""
            "  Ctrl-C ends it; the data is there at the next start.\n",
            flush=True,
        )

    def _interrupt(self, cloud: Cloud) -> None:
        self._settings.endpoints.unlink(missing_ok=True)
        self._say("stopping")
        if not cloud.started.is_set():
            os._exit(1)
        cloud.stop()

    def _say(self, text: str) -> None:
        print(f"[{time.monotonic() - self._began:5.1f} s] {text}", flush=True)


def _scheduled_event() -> dict[str, Any]:
    """The event of a schedule's tick, as EventBridge sends it."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [],
        "detail": {},
    }


def _handlers(package: Package) -> list[str]:
    """The handler of every function in the template."""
    resources = package.read_template()["Resources"].values()
    found = [each["Properties"] for each in resources if each["Type"] == "AWS::Serverless::Function"]
    return [properties["Handler"] for properties in found]


def _log_to(settings: LocalSettings) -> TextIO:
    """Everything that logs or prints, except what the launcher says to the person, goes to one file."""
    settings.log.parent.mkdir(parents=True, exist_ok=True)
    if settings.log.exists() and settings.log.stat().st_size > 20 * 1024 * 1024:
        settings.log.replace(settings.log.with_suffix(".old.log"))
    stream = settings.log.open("a", encoding="utf-8", buffering=1)
    logging.basicConfig(
        level=logging.WARNING,
        stream=stream,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        force=True,
    )
    logging.getLogger("infra").setLevel(logging.INFO)
    return stream
