"""How much is open, late and held at this moment, as gauges for the dashboard: what no count of events can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta

from ...domain.ledger.voucher import VoucherState
from ...domain.registration.dossier import State
from ...log import facts, logger
from ...metrics import measured
from ...storage import keys
from ...storage.items.dossiers import LIST_SHARDS
from ...storage.items.fields import instant
from ...storage.table import Stored
from ...wiring import Wiring

CHUNK = 1000
SOON = timedelta(days=1)

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Stock:
    """Counts of dossiers and vouchers; money in VND as received."""

    open_dossiers: int = 0
    overdue_dossiers: int = 0
    due_soon_dossiers: int = 0
    """Paid, not ended, and due within a day."""
    held_vouchers: int = 0
    money_held: int = 0


def take_stock(w: Wiring) -> Stock:
    """Go through the work lists once (AP100), log the gauges and answer them."""
    now = w.clock.now()
    opened = overdue = soon = held = money = 0
    for row in _rows(keys.open_list, LIST_SHARDS, w):
        opened += 1
        due_at = instant(row, "due_at")
        if due_at is not None and row["state"] != State.AWAITING_PAYMENT:
            overdue += due_at < now
            soon += now <= due_at <= now + SOON
    for row in _rows(keys.voucher_list, 1, w):
        if row["state"] in (VoucherState.HELD, VoucherState.PARKED):
            held += 1
            amount = row.get("amount_received")
            money += amount if isinstance(amount, int) else 0
    stock = Stock(opened, overdue, soon, held, money)
    gauges = {"".join(part.title() for part in name.split("_")): value for name, value in asdict(stock).items()}
    log.info("stock taken", extra={**facts(action="stock", count=opened), **measured(**gauges)})
    return stock


def _rows(partition_of: Callable[[str, int], str], shards: int, w: Wiring) -> Iterator[Stored]:
    for province in sorted(w.law.provinces.codes()):
        for shard in range(shards):
            after = ""
            while True:
                rows = w.table.query_list(partition_of(province, shard), after=after, limit=CHUNK)
                yield from rows
                if len(rows) < CHUNK:
                    break
                after = str(rows[-1]["GSI2SK"])
