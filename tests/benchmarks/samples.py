"""What the handlers of the bench are given: events as API Gateway and SQS send them."""

from __future__ import annotations

import json
from typing import Any

from infra.local.samples import DECLARATION, VOUCHER
from tests.support.environment import NAMES, REGION

ENVIRONMENT = {
    **NAMES,
    "TABLE_NAME": "bench",
    "FIELD_KEY_SECONDS": "3600",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
"""The whole environment of a handler; the credentials are the ones of AWS's own examples."""

NOW = "2023-02-06T09:15:00+07:00"


def personal_id(number: int) -> str:
    """A woman born in 1985 in province 79."""
    return f"079185{number:06d}"


def declaration(number: int) -> dict[str, Any]:
    return {
        **DECLARATION,
        "national_code": f"000.00.00.G24-230206-{number:06d}",
        "personal_id": personal_id(number),
        "email": "hoa.nguyen@example.vn",
    }


def voucher(number: int, dossier_code: str) -> dict[str, Any]:
    return {
        **VOUCHER,
        "message_id": f"5b0c{number}",
        "voucher_id": f"KT79-2023-{number:07d}",
        "receipt": {**VOUCHER["receipt"], "number": f"{number:07d}"},
        "dossier_code": dossier_code,
        "personal_id": personal_id(number),
    }


def registration_event(number: int) -> dict[str, Any]:
    """POST /v1/dossiers, signed in as the portal, as API Gateway hands it to a Lambda proxy."""
    sent = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Host": "api.example.vn",
        "Idempotency-Key": f"key-{number}",
        "User-Agent": "portal/1.0",
        "X-Amzn-Trace-Id": "Root=1-63e06a5f-0123456789abcdef01234567",
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    return {
        "resource": "/v1/dossiers",
        "path": "/v1/dossiers",
        "httpMethod": "POST",
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/v1/dossiers",
            "httpMethod": "POST",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "authorizer": {"sub": "p", "role": "portal", "client_id": "dvc", "provinces": "", "also_sees": ""},
            "identity": {"sourceIp": "203.0.113.7"},
        },
        "body": json.dumps(declaration(number), ensure_ascii=False),
        "isBase64Encoded": False,
    }


def voucher_event(bodies: list[dict[str, Any]]) -> dict[str, Any]:
    """One delivery of the queue `vouchers`."""
    return {
        "Records": [
            {
                "messageId": f"059f36b4-87a3-44ab-83d2-{number:012d}",
                "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
                "body": json.dumps(body, ensure_ascii=False),
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1675649700000"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:ap-southeast-1:123456789012:vouchers",
                "awsRegion": "ap-southeast-1",
            }
            for number, body in enumerate(bodies)
        ]
    }
