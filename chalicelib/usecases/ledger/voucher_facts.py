"""What is stored about vouchers and the accounts that they touch: read in batches, more only where needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ...domain.covers.cover import Cover
from ...domain.ledger.voucher import ContributionVoucher, VoucherHead
from ...domain.people.participation import PersonRecord
from ...domain.registration.dossier import Dossier
from ...storage import keys
from ...storage.items.covers import cover_from
from ...storage.items.dossiers import dossier_from, person_of
from ...storage.items.people import person_from
from ...storage.items.vouchers import head_from, voucher_from
from ...storage.keys import Key
from ...storage.table import Stored
from ...wiring import Wiring


@dataclass
class Facts:
    """What is stored at one moment, as far as it has been asked for; asks for the rest itself.

    Not slotted, not frozen: it remembers what it has read.
    """

    w: Wiring
    read: dict[Key, Stored] = field(default_factory=dict)
    asked: set[Key] = field(default_factory=set)
    people: dict[str, str] = field(default_factory=dict)
    """Keyed hashes by personal id, as far as they have been reckoned."""
    _dossiers: dict[str, Dossier | None] = field(default_factory=dict)

    def ensure(self, wanted: Iterable[Key]) -> None:
        """Read what has not been asked for yet, in one batch (AP5)."""
        missing = [key for key in dict.fromkeys(wanted) if key not in self.asked]
        if missing:
            self.asked.update(missing)
            self.read |= self.w.table.get_many(missing)

    def item(self, key: Key) -> Stored | None:
        if key not in self.asked:
            self.ensure((key,))
        return self.read.get(key)

    def head(self, voucher_id: str) -> VoucherHead | None:
        return head_from(self.item(keys.voucher_head(voucher_id)))

    def version(self, voucher_id: str, version: int) -> ContributionVoucher:
        """One version of a voucher, which its head says has been seen."""
        item = self.item(keys.voucher_version(voucher_id, version))
        if item is None:
            raise KeyError("a version that the head names is not stored")
        return voucher_from(str(item["document"]), self.w.fields)

    def dossier(self, code: str) -> Dossier | None:
        """Its pinned documents are read once, however often it is asked for."""
        if code not in self._dossiers:
            item = self.item(keys.dossier(code))
            self._dossiers[code] = None if item is None else dossier_from(item)
        return self._dossiers[code]

    def person_of(self, voucher: ContributionVoucher) -> str | None:
        """The keyed hash of the person whom a voucher names by a personal id."""
        number = voucher.personal_id
        if number is None:
            return None
        return self.people.get(number) or self.people.setdefault(number, self.w.person(number))

    def person(self, person: str) -> PersonRecord:
        return person_from(person, self.item(keys.person(person)))

    def receipt_holder(self, voucher: ContributionVoucher) -> str | None:
        item = self.item(receipt_key(voucher))
        return None if item is None else str(item["voucher_id"])

    def covers(self, code: str) -> tuple[Cover, ...]:
        """The covers of a dossier that was paid before. AP41."""
        items = self.w.table.query(keys.dossier_partition(code), keys.COVER)
        return tuple(cover_from(item) for item in items if "state" in item)

    def dossier_of_person(self, voucher: ContributionVoucher) -> Dossier | None:
        """The dossier of a voucher's person for its month and amount: an open one, or one that has recorded the month.

        AP42, where none is open.
        """
        person = self.person_of(voucher)
        if person is None:
            return None
        record = self.person(person)
        codes = [code for code, span in record.open_dossiers.items() if span.first == voucher.from_month]
        found = self._priced_at(codes, voucher.amount_received)
        if found is None and record.version:
            periods = self.w.table.query(keys.person_partition(person), keys.periods_from(voucher.from_month))
            found = self._priced_at([str(item["dossier_code"]) for item in periods], voucher.amount_received)
        return found

    def _priced_at(self, codes: Sequence[str], amount: int) -> Dossier | None:
        self.ensure(keys.dossier(code) for code in codes)
        dossiers = (self.dossier(code) for code in codes)
        return next((each for each in dossiers if each and each.quote.amount_participant == amount), None)


class VoucherFacts:
    """The facts of many vouchers, read together (AP5): one batch for most, a second one where the first points on."""

    def __init__(self, vouchers: Sequence[ContributionVoucher], w: Wiring) -> None:
        self._facts = Facts(w)
        self._facts.ensure([keys.RULES_HEAD, *(key for voucher in vouchers for key in self._wanted(voucher))])
        w.lawbook.see(self._facts.read.get(keys.RULES_HEAD))
        self._facts.ensure([key for voucher in vouchers for key in self._further(voucher)])

    def of(self, voucher: ContributionVoucher) -> Facts:
        """The facts as they were read; what more this voucher asks for stays with it."""
        known = self._facts
        return Facts(known.w, dict(known.read), set(known.asked), known.people)

    def _wanted(self, voucher: ContributionVoucher) -> list[Key]:
        wanted = [keys.voucher_head(voucher.voucher_id), receipt_key(voucher)]
        if voucher.dossier_code is not None:
            wanted.append(keys.dossier(voucher.dossier_code))
        person = self._facts.person_of(voucher)
        if person is not None:
            wanted.append(keys.person(person))
        if voucher.replaced_id is not None:
            wanted.append(keys.voucher_head(voucher.replaced_id))
        return wanted

    def _further(self, voucher: ContributionVoucher) -> list[Key]:
        """Keys that only the first read could name: owners and accounts of the dossiers, a person's open dossiers."""
        read, further = self._facts.read, list[Key]()
        for code in filter(None, (voucher.dossier_code, *self._accounts(voucher))):
            stored = read.get(keys.dossier(code))
            if stored is None:
                further.append(keys.dossier(code))
                continue
            further.append(keys.person(person_of(stored)))
            if stored.get("account") is not None:
                further += [keys.voucher_head(entry.voucher_id) for entry in dossier_from(stored).account.entries]
        person = self._facts.person_of(voucher)
        if person and (voucher.dossier_code is None or keys.dossier(voucher.dossier_code) not in read):
            record = person_from(person, read.get(keys.person(person)))
            further += [
                keys.dossier(code) for code, span in record.open_dossiers.items() if span.first == voucher.from_month
            ]
        return further

    def _accounts(self, voucher: ContributionVoucher) -> list[str | None]:
        """The dossiers whose accounts hold this voucher and the one that it replaces."""
        ids = [voucher.voucher_id, *filter(None, (voucher.replaced_id,))]
        heads = [self._facts.read.get(keys.voucher_head(voucher_id)) for voucher_id in ids]
        return [None if head is None else str(head["account"]) if head.get("account") else None for head in heads]


def receipt_key(voucher: ContributionVoucher) -> Key:
    return keys.receipt(voucher.receipt_symbol, voucher.receipt_number)
