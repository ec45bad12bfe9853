"""The keys behind verification codes: salts and signatures by KMS, whose keys never leave it, and the public keys."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

SALT_BYTES = 16


@dataclass
class TokenKeys:
    """Not slotted: `cached_property` keeps the public keys in the instance."""

    client: Any
    keys: tuple[str, ...]
    """ARNs: the one that signs now, then those that signed before."""
    salt_key: str

    def salt(self, serial: str) -> str:
        """128 bits in hex that only the holder of the key can tell of a serial, the same at every call."""
        answer = self.client.generate_mac(KeyId=self.salt_key, MacAlgorithm="HMAC_SHA_256", Message=serial.encode())
        mac: bytes = answer["Mac"]
        return mac[:SALT_BYTES].hex()

    def sign(self, message: bytes) -> bytes:
        """ECDSA by the present key, in DER. Another one at every call: whoever signs keeps the first."""
        answer = self.client.sign(
            KeyId=self.keys[0], Message=message, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256"
        )
        signature: bytes = answer["Signature"]
        return signature

    @cached_property
    def public(self) -> tuple[bytes, ...]:
        """The public keys (SubjectPublicKeyInfo in DER) in the order of `keys`; asked for once a process."""
        return tuple(self.client.get_public_key(KeyId=key)["PublicKey"] for key in self.keys)
