"""The writes of what has an audit trail of its own, apart from the dossiers: rules, procedures, requests, sign-offs."""

from __future__ import annotations

from ..domain.events import AuditLine
from .codec import Item
from .items.audit import newest_audit_item
from .keys import Key
from .transaction import Transaction


def write_with_trail(
    transaction: Transaction,
    label: str,
    key: Key,
    item: Item,
    line: AuditLine,
    audit_key: Key,
    *,
    before: Item | None,
) -> None:
    """What has a trail of its own, over its version as it was read (None: there was none), and the trail's next line.

    The line's version is the item's: of two writers of one version one is refused.
    """
    if before is None:
        transaction.put_new(label, key, item)
    else:
        transaction.put_over(label, key, item, attribute="version", expected=line.version - 1)
    transaction.put_new("audit", audit_key, newest_audit_item(audit_key, line))
