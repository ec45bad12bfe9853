"""Seals and opens single fields by AES-SIV (RFC 5297), under data keys that KMS wraps.

Deterministic: a write that is tried again gives the same bytes, and there is no nonce to run out of. What it tells is
whether a field of one owner has changed, and nothing across owners. The wrapped data keys lie in the table, so that
one restore brings both; what unwraps them is KMS alone.
"""

from __future__ import annotations

import base64
import time
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ..domain.errors import Unavailable
from ..domain.months import instant_text
from ..passing import code_of, passes
from . import keys
from .codec import Value
from .sealed import MARK, SealBroken
from .transaction import Refused, Transaction

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    from .table import Table

KEY_BYTES = 64
"""AES-256-SIV takes two keys of 256 bits (RFC 5297, 2.2)."""

PURPOSE = "bhxh-602e-fields"
"""Of the encryption context, which the grants on the KMS key name as well."""

AWAY, WITHDRAWN, BROKEN = "FIELD_KEY_AWAY", "FIELD_KEY_WITHDRAWN", "SEAL_BROKEN"

PAUSE_SECONDS = 5
"""Between two tries while KMS can't be reached and the keys of before are still believed."""

Tell = Callable[[str, Mapping[str, str]], None]
"""Hears that a field could not be sealed or opened: a code, and what may be logged of it."""


@dataclass(slots=True)
class _Ring:
    """The data keys as they were read: wrapped, and those that have been needed, unwrapped."""

    wrapped: Mapping[int, bytes]
    until: int
    """Whole seconds of the monotonic clock: from then on KMS is asked again."""
    end: int
    """From then on they are not believed, even while KMS can't be reached."""
    ciphers: dict[int, AESSIV] = field(default_factory=dict)

    newest: int = field(init=False)
    """The one that seals; 0 where there is none yet."""

    def __post_init__(self) -> None:
        self.newest = max(self.wrapped, default=0)


@dataclass
class FieldKeys:
    """Nothing is read, asked or imported before the first field. Not frozen: it remembers the unwrapped keys."""

    table: Table
    client: Callable[[], Any]
    """Gives the KMS client (untyped: botocore ships no types)."""
    kms_key: str
    seconds: int
    """How long an unwrapped data key is believed; a KMS key that is withdrawn takes effect after it at the latest."""
    seals: bool
    """Whether new values are sealed. Sealed ones are opened in any case."""
    now: Callable[[], datetime]
    tell: Tell
    _ring: _Ring | None = None
    _last: tuple[tuple[int, str, str, str], str] | None = None
    """What was sealed last: a voucher's fingerprint is written in two places of one transaction."""
    _lock: RLock = field(default_factory=RLock)

    def seal(self, owner: str, field: str, value: str) -> str:
        """The text to store for a value of this owner; the value itself where sealing is switched off.

        Raises `Unavailable` (FIELD_KEY_AWAY, FIELD_KEY_WITHDRAWN).
        """
        if not self.seals:
            return str.__str__(value)
        ring = self._current()
        if not ring.newest:
            ring = self._first()
        number, last, wanted = ring.newest, self._last, (ring.newest, owner, field, str.__str__(value))
        if last is not None and last[0] == wanted:
            return last[1]
        cipher = ring.ciphers.get(number) or self._cipher(number)
        sealed = cipher.encrypt(wanted[3].encode(), _bound(number, owner, field))
        told = f"{MARK}{number}.{b2a_base64(sealed, newline=False).decode().rstrip('=')}"
        self._last = wanted, told
        return told

    def open(self, owner: str, field: str, stored: str) -> str:
        """The value of a sealed text. Raises `SealBroken`, and `Unavailable` as `seal`."""
        number, sealed = _parts(stored)
        if sealed:
            from cryptography.exceptions import InvalidTag

            with suppress(InvalidTag, KeyError):
                return self._cipher(number).decrypt(sealed, _bound(number, owner, field)).decode()
        self.tell(BROKEN, {"item": owner, "field": field})
        raise SealBroken(owner, field)

    def is_current(self, stored: str) -> bool:
        """Whether a sealed text is of the newest data key."""
        return _parts(stored)[0] == self._current().newest

    def rotate(self) -> int:
        """Make the next data key, which seals from now on; gives its number. Two at once make one."""
        with self._lock:
            number = _newest(self._read()) + 1
            self._ring = self._made(number)
            return number

    def rewrap(self, *, write: bool) -> int:
        """Wrap every data key of another KMS key anew, under the present one; gives how many. AP111.

        For a table that was restored beside another KMS key; whoever calls needs `kms:Decrypt` on that one. Safe to
        repeat. Raises `Unavailable` (FIELD_KEY_WITHDRAWN) where the former key does not open them.
        """
        foreign = [item for item in self.table.query(keys.FIELD_KEYS) if item["kms_key"] != self.kms_key]
        for item in foreign if write else ():
            number = int(str(item["SK"]).rpartition("#")[2])
            plain = self._unwrapped(number, base64.b64decode(str(item["wrapped"])), str(item["kms_key"]))
            answer = self.client().encrypt(KeyId=self.kms_key, Plaintext=plain, EncryptionContext=context(number))
            anew = {**item, **self._item(answer["CiphertextBlob"]), "created_at": item["created_at"]}
            transaction = Transaction()
            transaction.put_over("key", keys.field_key(number), anew, attribute="wrapped", expected=item["wrapped"])
            transaction.commit(self.table)
        self._ring = None
        return len(foreign)

    def numbers(self) -> list[int]:
        """The data keys there are, oldest first; the last one seals."""
        return sorted(self._read())

    def _first(self) -> _Ring:
        with self._lock:
            ring = self._ring = self._made(1)
            return ring

    def _cipher(self, number: int) -> AESSIV:
        """Raises KeyError for a data key that is not there."""
        ring = self._current()
        if number not in ring.wrapped:
            # Made by another process since.
            ring = self._current(anew=True)
        cipher = ring.ciphers.get(number)
        if cipher is None:
            cipher = ring.ciphers[number] = self._unwrap(number, ring.wrapped[number])
        return cipher

    def _current(self, *, anew: bool = False) -> _Ring:
        """The keys as they were read a short time ago. While KMS can't be reached, those of before once as long."""
        ring = self._ring
        if ring is not None and not anew and _now() < ring.until:
            return ring
        with self._lock:
            before, now = self._ring, _now()
            if before is not None and now < before.until and not anew:
                return before
            ring = self._read_now()
            if ring.newest:
                try:
                    ring.ciphers[ring.newest] = self._unwrap(ring.newest, ring.wrapped[ring.newest])
                except Unavailable as error:
                    if before is None or error.code != AWAY or now >= before.end:
                        raise
                    before.until = now + PAUSE_SECONDS
                    return before
            self._ring = ring
            return ring

    def _read(self) -> dict[int, bytes]:
        """AP110."""
        items = self.table.query(keys.FIELD_KEYS)
        return {int(str(item["SK"]).rpartition("#")[2]): base64.b64decode(str(item["wrapped"])) for item in items}

    def _made(self, number: int) -> _Ring:
        """The keys with one more: ours, or that of whoever was quicker."""
        try:
            answer = self.client().generate_data_key(
                KeyId=self.kms_key, NumberOfBytes=KEY_BYTES, EncryptionContext=context(number)
            )
        except (ClientError, BotoCoreError) as error:
            raise self._refused(error) from error
        transaction = Transaction()
        transaction.put_new("key", keys.field_key(number), self._item(answer["CiphertextBlob"]))
        with suppress(Refused):
            transaction.commit(self.table)
        return self._read_now()

    def _read_now(self) -> _Ring:
        now = _now()
        return _Ring(self._read(), now + self.seconds, now + 2 * self.seconds)

    def _item(self, wrapped: bytes) -> dict[str, Value]:
        return {
            "wrapped": base64.b64encode(wrapped).decode(),
            "kms_key": self.kms_key,
            "created_at": instant_text(self.now()),
        }

    def _unwrap(self, number: int, wrapped: bytes) -> AESSIV:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        return AESSIV(self._unwrapped(number, wrapped, self.kms_key))

    def _unwrapped(self, number: int, wrapped: bytes, kms_key: str) -> bytes:
        try:
            answer = self.client().decrypt(KeyId=kms_key, CiphertextBlob=wrapped, EncryptionContext=context(number))
        except (ClientError, BotoCoreError) as error:
            raise self._refused(error) from error
        plain: bytes = answer["Plaintext"]
        return plain

    def _refused(self, error: Exception) -> Unavailable:
        """Away: worth another try. Withdrawn: disabled, revoked or lost, which only people can mend."""
        code = AWAY if passes(error) else WITHDRAWN
        self.tell(code, {"error": code_of(error)})
        return Unavailable(code, "Hệ thống tạm thời không đọc được dữ liệu định danh, vui lòng thử lại sau.")


def context(number: int) -> dict[str, str]:
    """What KMS binds a wrapped data key to (and writes into its own trail)."""
    return {"purpose": PURPOSE, "data_key": str(number)}


def _now() -> int:
    return int(time.monotonic())


def _newest(numbers: Mapping[int, bytes]) -> int:
    return max(numbers, default=0)


def _bound(number: int, owner: str, field: str) -> list[bytes]:
    """Associated data: a list, so that no two places give the same bytes."""
    return [str(number).encode(), owner.encode(), field.encode()]


def _parts(stored: str) -> tuple[int, bytes]:
    """Data key and ciphertext; nothing for what is no sealed text."""
    number, _, sealed = stored.removeprefix(MARK).partition(".")
    try:
        return int(number), a2b_base64(sealed + "=" * (-len(sealed) % 4), strict_mode=True)
    except ValueError:
        return 0, b""
