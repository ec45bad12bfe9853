"""The agency's certificate in tests, for one key that serves the whole run, and the service that holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa

from infra.certificate import Place, install, request
from infra.local.authority import AGENCY, Authority
from tests.support.kms import Keys, rsa_key

KEY_ARN = "arn:aws:kms:ap-southeast-1:123456789012:key/cover-signing"
CERTIFICATES = "/bhxh/cover-certificates"
NOW = datetime(2026, 11, 22, 3, 5, tzinfo=UTC)


@dataclass
class Parameters:
    """Systems Manager's parameters, three a page."""

    kept: dict[str, str] = field(default_factory=dict)

    def put_parameter(self, *, Name: str, Value: str, Overwrite: bool, **_: Any) -> dict[str, Any]:  # noqa: N803
        if Name in self.kept and not Overwrite:
            raise ClientError({"Error": {"Code": "ParameterAlreadyExists", "Message": ""}}, "PutParameter")
        self.kept[Name] = Value
        return {}

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803
        return {"Parameter": {"Name": Name, "Value": self.kept[Name]}}

    def get_parameters_by_path(self, *, Path: str, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803
        found = sorted(name for name in self.kept if name.startswith(f"{Path}/"))
        start = int(NextToken)
        page = [{"Name": name, "Value": self.kept[name]} for name in found[start : start + 3]]
        return {"Parameters": page, **({"NextToken": str(start + 3)} if start + 3 < len(found) else {})}


@lru_cache(maxsize=1)
def authority() -> Authority:
    """Who certifies the key."""
    return Authority.new()


def signing_keys() -> dict[str, rsa.RSAPrivateKey]:
    """The agency's key by its ARN, for a stand-in of KMS."""
    return {KEY_ARN: rsa_key(KEY_ARN)}


@lru_cache(maxsize=1)
def parameters() -> Parameters:
    """Systems Manager after `infra.certificate install`. Shared by all tests: they only read."""
    place = Place(Keys(rsa=signing_keys()), Parameters(), KEY_ARN, CERTIFICATES)
    install(place, authority().certify(request(place, organisation=AGENCY)), now=NOW, past=True)
    kept: Parameters = place.ssm
    return kept
