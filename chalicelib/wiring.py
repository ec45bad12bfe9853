"""What a function works with, made once per process and only when first used."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from . import settings as environment
from .domain.oversight import canary
from .settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .clock import Clock
    from .domain.access import Caller
    from .domain.configuration.law import Law
    from .lawbook import LawBook
    from .procedurebook import ProcedureBook
    from .registers import Registers
    from .storage.anchors import AnchorStore
    from .storage.canary import CanaryVoice
    from .storage.endpoints import Endpoints
    from .storage.executions import Executions
    from .storage.field_keys import FieldKeys
    from .storage.files import Documents
    from .storage.outbox import Topics
    from .storage.post import Post
    from .storage.proofs import TokenKeys
    from .storage.renderer import Renderer
    from .storage.signing import SigningKeys
    from .storage.table import Table
    from .storage.wakeups import WebhookQueue

RENDERING_SECONDS = 12
"""How long a slip's first reader waits for its drawing; the API's function has 15 s in all."""


@dataclass
class Wiring:
    """The clients and ports of one process; every part is made at first use.

    Not slotted: `cached_property` keeps its values in the instance.
    """

    settings: Settings

    @cached_property
    def _session(self) -> Any:
        from .aws import session

        return session()

    def client(self, service: str, **more: Any) -> Any:
        """A botocore client (untyped) with the house's limits on time and retries, and more of botocore's settings."""
        from botocore.config import Config

        from .aws import CONFIG

        return self._session.create_client(service, config=CONFIG.merge(Config(**more)) if more else CONFIG)

    @cached_property
    def table(self) -> Table:
        from .storage.plain_json import take_plain_json
        from .storage.table import Table

        return Table(take_plain_json(self.client("dynamodb")), self.settings.table)

    @cached_property
    def lawbook(self) -> LawBook:
        from .lawbook import LawBook

        return LawBook(self.table)

    @property
    def law(self) -> Law:
        """The dated tables in force, at most a second old."""
        return self.lawbook.law()

    @cached_property
    def procedures(self) -> ProcedureBook:
        from .procedurebook import ProcedureBook

        return ProcedureBook()

    @cached_property
    def clock(self) -> Clock:
        from .clock import RealClock, SandboxClock

        return SandboxClock(self.table) if self.settings.is_sandbox else RealClock()

    @cached_property
    def registers(self) -> Registers:
        """The outside registers of this stage: the sandbox's own, or none connected yet."""
        if self.settings.is_sandbox:
            from .registers.sandbox import SandboxRegisters

            return SandboxRegisters()
        from .registers.unconnected import UnconnectedRegisters

        return UnconnectedRegisters()

    def registers_for(self, caller: Caller) -> Registers:
        """What is asked about a caller's persons; of the canary's nobody outside knows."""
        if not canary.is_canary(caller):
            return self.registers
        from .registers.canary import CanaryRegisters

        return CanaryRegisters()

    @cached_property
    def documents(self) -> Documents:
        from .storage.files import Documents

        # botocore signs links by version 2 unless told, which S3 refuses for what a KMS key encrypts (S3 user guide,
        # "Protecting data with SSE-KMS"). The bucket's own regional host: a new bucket redirects from the global one.
        client = self.client("s3", signature_version="s3v4", s3={"addressing_style": "virtual"})
        return Documents(client, self.settings.documents_bucket)

    @cached_property
    def working(self) -> Documents:
        """The bucket of what nobody keeps: drafts, lists of campaigns."""
        return replace(self.documents, bucket=self.settings.working_bucket)

    @cached_property
    def executions(self) -> Executions:
        from .storage.executions import Executions

        return Executions(
            self.client("stepfunctions"),
            dossier_machine=self.settings.dossier_machine_arn,
            cover_machine=self.settings.cover_machine_arn,
            campaign_machine=self.settings.campaign_machine_arn,
        )

    @cached_property
    def renderer(self) -> Renderer:
        from .storage.renderer import Renderer

        # Once, and as long as the API itself has: a second call would find what the first one drew.
        client = self.client("lambda", read_timeout=RENDERING_SECONDS, retries={"total_max_attempts": 1})
        return Renderer(client, self.settings.renderer_function)

    @cached_property
    def token_keys(self) -> TokenKeys:
        """What signs and proves the verification codes of covers."""
        from .storage.proofs import TokenKeys

        return TokenKeys(self.client("kms"), self.settings.cover_token_keys, self.settings.cover_salt_key)

    @cached_property
    def signing_keys(self) -> SigningKeys:
        from .storage.signing import SigningKeys

        return SigningKeys(self.client("kms"), self.client("ssm"), self.settings.cover_certificates)

    @cached_property
    def topics(self) -> Topics:
        from .storage.outbox import Topics

        return Topics(self.client("sns"), self.settings.status_topic_arn, self.settings.notice_topic_arn)

    @cached_property
    def anchors(self) -> AnchorStore:
        from .storage.anchors import AnchorStore

        return AnchorStore(self.client("s3"), self.settings.anchors_bucket)

    @cached_property
    def endpoints(self) -> Endpoints:
        """Where portal clients take their messages."""
        from .storage import endpoints
        from .storage.endpoints import Endpoints

        names = self.settings.webhooks_parameter, self.settings.webhook_secrets
        seconds = endpoints.SANDBOX_CACHE_SECONDS if self.settings.is_sandbox else endpoints.CACHE_SECONDS
        return Endpoints(self.client("ssm"), self.client("secretsmanager"), *names, cache_seconds=seconds)

    @cached_property
    def post(self) -> Post:
        from .storage.post import Post

        return Post(sandbox=self.settings.is_sandbox)

    @cached_property
    def webhook_queue(self) -> WebhookQueue:
        from .storage.wakeups import WebhookQueue

        return WebhookQueue(self.client("sqs"), self.settings.webhook_queue_url)

    @cached_property
    def fields(self) -> FieldKeys:
        """What seals and opens single fields; asks for no key before the first one."""
        from .storage.field_keys import FieldKeys

        return FieldKeys(
            self.table,
            client=lambda: self.client("kms"),
            kms_key=self.settings.field_key,
            seconds=self.settings.field_key_seconds,
            seals=self.settings.seals_fields,
            now=lambda: self.clock.now(),
            tell=_tell_of_fields,
        )

    @cached_property
    def canary_voice(self) -> CanaryVoice:
        from .storage.canary import CanaryVoice

        kms, sqs = self.client("kms"), self.client("sqs")
        return CanaryVoice(kms, self.settings.canary_key, sqs, self.settings.voucher_queue_url)

    @cached_property
    def _identifier_key(self) -> bytes:
        answer = self.client("secretsmanager").get_secret_value(SecretId=self.settings.identifier_key_secret)
        secret: str = answer["SecretString"]
        return secret.encode()

    def person(self, personal_id: str) -> str:
        """The keyed hash (160 bits, hex) under which a person is kept; no key of the table holds a raw number.

        The canary's person has a name instead, so that its role can be granted these items and no others.
        """
        if personal_id == canary.PERSONAL_ID:
            return canary.PERSON
        return hmac.digest(self._identifier_key, personal_id.encode(), hashlib.sha256).hex()[:40]


def _tell_of_fields(code: str, told: Mapping[str, str]) -> None:
    from .log import facts, logger
    from .metrics import measured

    log = logger(__name__)
    log.error("a sealed field could not be used", extra={**facts(reason=code, **told), **measured(FieldsUnusable=1)})


@lru_cache(maxsize=1)
def wiring() -> Wiring:
    """The process's own wiring, from its environment."""
    return Wiring(environment.read())
