"""The newest line of a hash chain, listed under the day it was written on, for that day's anchor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zlib import crc32

from ...domain.oversight.chains import Entry
from .. import keys
from ..codec import Value
from .fields import text

DAY_SHARDS = 8
"""Partitions of a day's list: a day's whole work goes through it."""


def chain_end(key: keys.Key, number: int, digest: str, at: datetime) -> dict[str, Value]:
    """What lists (GSI1) the item under `key` as the end of its chain; `at` is business time.

    Of several lines written at once only the last needs it: its hash holds the others.
    """
    chain = key[0]
    return {
        "GSI1PK": keys.moved_list(at.date(), crc32(chain.encode()) % DAY_SHARDS),
        "GSI1SK": f"{chain} {number:08d} {digest}",
    }


def entry_from(listed: Mapping[str, Value]) -> Entry:
    """Where a chain stood, from its entry in the list."""
    chain, number, digest = text(listed, "GSI1SK").rsplit(" ", 2)
    return Entry(chain, int(number), digest)
