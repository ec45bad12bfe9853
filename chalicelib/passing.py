"""Faults of AWS that pass by themselves: worth another try, and no fault of whoever asked."""

from __future__ import annotations

CODES = frozenset(
    {
        "ConditionalRequestConflict",
        "DependencyTimeoutException",
        "InternalError",
        "InternalServerError",
        "KMSInternalException",
        "KeyUnavailableException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Error codes of DynamoDB, S3, SNS, Step Functions, Secrets Manager, KMS and of all services (their API references)."""


def code_of(error: BaseException) -> str:
    """AWS's code of an error, or the error's class."""
    response = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", type(error).__name__))


def passes(error: BaseException) -> bool:
    """True for throttling, a conflict, an internal fault, or a service that can't be reached."""
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return error.response["Error"]["Code"] in CODES
    return isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError)
