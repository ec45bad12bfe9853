"""The view log of a dossier: an officer's look is written down before anything is shown, a denied one as well."""

from __future__ import annotations

from ...domain.access import Caller, Role
from ...domain.errors import storage_busy
from ...domain.people.views import Look, View, next_view
from ...storage import keys
from ...storage.items.chains import chain_end
from ...storage.items.views import view_from, view_item
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring

ROUNDS = 20
"""So many others may look at the same dossier at the same moment before somebody is asked to try again."""


def log_view(code: str, look: Look, caller: Caller, w: Wiring, *, refusal: str | None = None) -> None:
    """Write one look behind the newest entry (AP80). The portal's own looks are the citizen's and are not written.

    One write: who loses the next number to somebody else is told what stands there, and takes the number after it.

    Raises:
        Unavailable: the entry could not be written (STORAGE_BUSY); nothing may be shown then.
    """
    if caller.role is Role.PORTAL:
        return
    stored = w.table.newest(keys.views_partition(code), keys.VIEW)
    newest: View | None = None if stored is None else view_from(stored)
    for _ in range(ROUNDS):
        view = next_view(newest, code, look, caller, w.clock.now(), refusal=refusal)
        transaction = Transaction()
        key = keys.view(code, view.number)
        transaction.put_new("view", key, view_item(view) | chain_end(key, view.number, view.hash, view.at))
        try:
            transaction.commit(w.table)
        except Refused as refused:
            found = refused.found["view"]
            if found is None:
                raise TypeError("a view was refused by nothing") from refused
            newest = view_from(found)
        else:
            return
    raise storage_busy()
