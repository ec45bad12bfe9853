"""The environment of a function, typed and read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Names and addresses of what a function works with; no secret is among them."""

    stage: str
    table: str
    documents_bucket: str
    status_topic_arn: str
    notice_topic_arn: str
    dossier_machine_arn: str
    cover_machine_arn: str
    campaign_machine_arn: str
    identifier_key_secret: str
    """Secrets Manager id of the key that hashes personal ids."""
    field_key: str
    """ARN of the KMS key under which the data keys of single fields lie."""
    field_key_seconds: int
    """How long an unwrapped data key is believed without asking KMS."""
    seals_fields: bool
    """Whether new values are sealed; sealed ones are read in any case."""
    jwt_issuer: str
    jwt_audience: str
    jwks_parameter: str
    renderer_function: str
    """Name of the function that draws documents."""
    status_page: str
    """Address of the portal's page of a dossier, with `{code}` where the dossier's code goes."""
    cover_token_keys: tuple[str, ...]
    """ARNs of the keys that sign verification codes: the present one, then former ones."""
    cover_salt_key: str
    working_bucket: str
    verification_address: str
    """What a verification code says before its token."""

    portal_certificate: str
    """`required` where the portal must show a client certificate; empty where its token is enough."""
    webhooks_parameter: str
    """SSM parameter that names the addresses of portal clients."""
    webhook_secrets: str
    """Secrets Manager id of what signs their messages."""
    webhook_queue_url: str
    anchors_bucket: str

    cover_certificates: str
    """Path of the parameters with the certificates that covers are signed with."""
    signature_level: str
    """How covers are signed: B-B, B-T or B-LT."""
    time_stamper: str
    """URL of the time-stamping authority (RFC 3161); empty at B-B."""

    canary_key: str
    """ARN of the key that signs the canary's tokens."""
    canary_sender: str
    """Id of the canary's role, as SQS names a sender; empty in the sandbox, where everybody is the account."""
    voucher_queue_url: str

    @property
    def is_sandbox(self) -> bool:
        return self.stage == SANDBOX


SANDBOX = "sandbox"


def stage(environment: Mapping[str, str] = os.environ) -> str:
    """The stage alone: all that is needed to decide which routes exist."""
    return environment.get("STAGE", "")


def on_lambda(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is a Lambda function's process, where only the handler that was asked for is needed."""
    return "AWS_LAMBDA_FUNCTION_NAME" in environment


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the environment. Raises KeyError naming the first variable that is missing."""
    return Settings(
        stage=environment["STAGE"],
        table=environment["TABLE_NAME"],
        documents_bucket=environment["DOCUMENTS_BUCKET"],
        status_topic_arn=environment["STATUS_TOPIC_ARN"],
        notice_topic_arn=environment["NOTICE_TOPIC_ARN"],
        dossier_machine_arn=environment["DOSSIER_MACHINE_ARN"],
        cover_machine_arn=environment["COVER_MACHINE_ARN"],
        campaign_machine_arn=environment["CAMPAIGN_MACHINE_ARN"],
        identifier_key_secret=environment["IDENTIFIER_KEY_SECRET"],
        field_key=environment["FIELD_KEY"],
        field_key_seconds=int(environment["FIELD_KEY_SECONDS"]),
        seals_fields=environment["FIELD_ENCRYPTION"] == "on",
        jwt_issuer=environment["JWT_ISSUER"],
        jwt_audience=environment["JWT_AUDIENCE"],
        jwks_parameter=environment["JWKS_PARAMETER"],
        renderer_function=environment["RENDERER_FUNCTION"],
        status_page=environment["STATUS_PAGE"],
        cover_token_keys=tuple(environment["COVER_TOKEN_KEYS"].split()),
        cover_salt_key=environment["COVER_SALT_KEY"],
        working_bucket=environment["WORKING_BUCKET"],
        verification_address=environment["VERIFICATION_ADDRESS"],
        portal_certificate=environment["PORTAL_CERTIFICATE"],
        cover_certificates=environment["COVER_CERTIFICATES"],
        signature_level=environment["SIGNATURE_LEVEL"],
        time_stamper=environment["TIME_STAMPER"],
        webhooks_parameter=environment["WEBHOOKS_PARAMETER"],
        webhook_secrets=environment["WEBHOOK_SECRETS"],
        webhook_queue_url=environment["WEBHOOK_QUEUE_URL"],
        anchors_bucket=environment["ANCHORS_BUCKET"],
        canary_key=environment["CANARY_KEY"],
        canary_sender=environment["CANARY_SENDER"],
        voucher_queue_url=environment["VOUCHER_QUEUE_URL"],
    )
