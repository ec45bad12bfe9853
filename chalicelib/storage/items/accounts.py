"""The account of a dossier as one document: read and written with the dossier, never searched inside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ...domain.amounts.account import EMPTY, Account, Case, Entry, Terms
from .fields import dump, read


def account_document(account: Account) -> str | None:
    """JSON of an account; None for one that nothing was ever paid into."""
    if account == EMPTY:
        return None
    return dump(
        {
            "entries": [
                [
                    entry.voucher_id,
                    entry.paid_at.isoformat(),
                    entry.amount,
                    entry.misfit,
                    entry.terms,
                    entry.kept,
                    entry.ordered,
                ]
                for entry in account.entries
            ],
            "recorded": account.recorded,
            "terms": account.terms,
            "periods": account.periods,
            "cases": [[case.number, case.voucher_ids, case.amount] for case in account.cases],
            "cases_made": account.cases_made,
        }
    )


def account_from(document: str | None) -> Account:
    if document is None:
        return EMPTY
    fields: dict[str, Any] = read(document)
    return Account(
        entries=tuple(
            Entry(voucher_id, datetime.fromisoformat(paid_at), amount, misfit, _terms(terms), _terms(kept), ordered)
            for voucher_id, paid_at, amount, misfit, terms, kept, ordered in fields["entries"]
        ),
        recorded=tuple(fields["recorded"]),
        terms=_terms(fields["terms"]),
        periods=fields["periods"],
        cases=tuple(Case(number, tuple(ids), amount) for number, ids, amount in fields["cases"]),
        cases_made=fields["cases_made"],
    )


def _terms(stored: Sequence[int] | None) -> Terms | None:
    return None if stored is None else Terms(*stored)
