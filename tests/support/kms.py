"""KMS with keys of this process: the same operations, errors and formats, without a call to anything."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LIMIT = 4096
"""Bytes that KMS signs or authenticates at once when the message is RAW."""


@dataclass
class Keys:
    """Keys by their id; what is not there is made at first use."""

    elliptic: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    rsa: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    """Made by `rsa_key`: to make one takes a second."""
    repeats_itself: bool = False
    """KMS signs by ECDSA with chance; without it two runs can be compared."""
    same_data_keys: bool = False
    """Nor does it give a data key twice; where it does, what two runs have sealed can be compared."""
    refusal: str | None = None
    """The error code that every call for a data key is refused with."""

    def get_public_key(self, *, KeyId: str) -> dict[str, Any]:  # noqa: N803
        public = self.rsa[KeyId].public_key() if KeyId in self.rsa else self._elliptic(KeyId).public_key()
        return {"PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}

    def sign(self, *, KeyId: str, Message: bytes, MessageType: str, SigningAlgorithm: str) -> dict[str, Any]:  # noqa: N803
        assert MessageType == "RAW"
        assert len(Message) <= LIMIT
        if SigningAlgorithm == "RSASSA_PKCS1_V1_5_SHA_256":
            return {"Signature": self.rsa[KeyId].sign(Message, padding.PKCS1v15(), hashes.SHA256())}
        assert SigningAlgorithm == "ECDSA_SHA_256"
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=self.repeats_itself)
        return {"Signature": self._elliptic(KeyId).sign(Message, algorithm)}

    def generate_mac(self, *, KeyId: str, MacAlgorithm: str, Message: bytes) -> dict[str, Any]:  # noqa: N803
        assert MacAlgorithm == "HMAC_SHA_256"
        assert len(Message) <= LIMIT
        return {"Mac": hmac.digest(KeyId.encode(), Message, hashlib.sha256)}

    def generate_data_key(
        self,
        *,
        KeyId: str,  # noqa: N803
        NumberOfBytes: int,  # noqa: N803
        EncryptionContext: dict[str, str],  # noqa: N803
    ) -> dict[str, Any]:
        self._asked("GenerateDataKey")
        seed = f"{KeyId} {EncryptionContext}".encode()
        plain = (
            (hashlib.sha512(seed).digest() * 2)[:NumberOfBytes] if self.same_data_keys else os.urandom(NumberOfBytes)
        )
        return {"Plaintext": plain, "CiphertextBlob": self._wrapped(KeyId, plain, EncryptionContext)}

    def encrypt(self, *, KeyId: str, Plaintext: bytes, EncryptionContext: dict[str, str]) -> dict[str, Any]:  # noqa: N803
        self._asked("Encrypt")
        return {"CiphertextBlob": self._wrapped(KeyId, Plaintext, EncryptionContext)}

    def decrypt(self, *, KeyId: str, CiphertextBlob: bytes, EncryptionContext: dict[str, str]) -> dict[str, Any]:  # noqa: N803
        self._asked("Decrypt")
        key, _, sealed = CiphertextBlob.partition(b"\0")
        if key != KeyId.encode():
            raise _error("IncorrectKeyException", "Decrypt")
        try:
            return {"Plaintext": _cipher(KeyId).decrypt(sealed, [str(sorted(EncryptionContext.items())).encode()])}
        except InvalidTag:
            raise _error("InvalidCiphertextException", "Decrypt") from None

    def _asked(self, operation: str) -> None:
        if self.refusal is not None:
            raise _error(self.refusal, operation)

    def _wrapped(self, key: str, plain: bytes, context: dict[str, str]) -> bytes:
        return key.encode() + b"\0" + _cipher(key).encrypt(plain, [str(sorted(context.items())).encode()])

    def _elliptic(self, key: str) -> ec.EllipticCurvePrivateKey:
        return self.elliptic.setdefault(key, ec.generate_private_key(ec.SECP256R1()))


def _cipher(key: str) -> AESSIV:
    return AESSIV(hashlib.sha512(key.encode()).digest())


def _error(code: str, operation: str) -> ClientError:
    error: ClientError = ClientError({"Error": {"Code": code, "Message": "made up"}}, operation)
    return error


@lru_cache(maxsize=4)
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """The key of a name, the same for the whole run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)
