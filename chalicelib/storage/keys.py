"""Every key of the one table. No name and no raw identifier is ever part of a key."""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

from ..domain.months import Month

Key: TypeAlias = tuple[str, str]
"""(PK, SK)"""

AUDIT = "AUDIT#"
PENDING = "PENDING#"
COVER = "COVER#"
VOUCHER = "VOUCHER#"
REFUND = "REFUND#"
PERIOD = "PERIOD#"
RESOLUTION = "RESOLUTION#"
VERSION = "V#"
DECLARATION = "DECLARATION#"
VIEW = "VIEW#"
TRAIL = "TRAIL#"
"""Audit lines that nothing follows from: the stream's filter leaves them out."""
ATTEMPT = "ATTEMPT#"
TOKEN = "#TOKEN"  # noqa: S105 -- the end of a key, no secret
PROOF = "#PROOF"


def dossier_partition(code: str) -> str:
    return f"DOSSIER#{code}"


def dossier(code: str) -> Key:
    return dossier_partition(code), "META"


def audit(code: str, version: int) -> Key:
    return dossier_partition(code), f"{AUDIT}{version:08d}"


def dossier_voucher(code: str, number: int) -> Key:
    """What the dossier's `number`-th recorded period was paid with."""
    return dossier_partition(code), f"{VOUCHER}{number:04d}"


def pending(code: str, voucher_id: str) -> Key:
    return dossier_partition(code), f"{PENDING}{voucher_id}"


def cover(code: str, number: int) -> Key:
    return dossier_partition(code), f"{COVER}{number}"


def cover_token(code: str, number: int) -> Key:
    return dossier_partition(code), f"{COVER}{number}{TOKEN}"


def views_partition(code: str) -> str:
    """Apart from the dossier: who looked is no part of what is shown of it."""
    return f"VIEWS#{code}"


def view(code: str, number: int) -> Key:
    return views_partition(code), f"{VIEW}{number:08d}"


def clock_token(code: str) -> Key:
    """By what the execution that sleeps for a dossier can be woken. Apart from the dossier: it is shown to nobody."""
    return f"CLOCK#{code}", "TOKEN"


def cover_proof(code: str, number: int) -> Key:
    return dossier_partition(code), f"{COVER}{number}{PROOF}"


def is_cover(sort_key: str) -> bool:
    """Whether an item of a dossier's partition is a cover, and none of what lies beside one."""
    return sort_key.startswith(COVER) and "#" not in sort_key[len(COVER) :]


def deliveries_partition(code: str) -> str:
    """How a dossier's status messages were delivered to its portal's address, apart from the dossier as well."""
    return f"DELIVERIES#{code}"


def delivery(code: str) -> Key:
    return deliveries_partition(code), "STANDING"


def attempt(code: str, at: str, sequence: int) -> Key:
    return deliveries_partition(code), f"{ATTEMPT}{at}#{sequence:08d}"


def attempts_of_day(client_id: str, day: date) -> str:
    return f"{ATTEMPT}{client_id}#{day.isoformat()}"


def undelivered_list(client_id: str) -> str:
    return f"UNDELIVERED#{client_id}"


def moved_list(day: date, shard: int) -> str:
    """GSI1: the chains that grew on a day."""
    return f"MOVED#{day.isoformat()}#{shard}"


def earlier_declaration(code: str, version: int) -> Key:
    """The declaration as it stood up to a version of its dossier, before it was corrected."""
    return dossier_partition(code), f"{DECLARATION}{version:08d}"


def refund(code: str, number: int) -> Key:
    return dossier_partition(code), f"{REFUND}{number}"


OTHER = "OTHER#"
DESK = "DESK"
RESOLUTION = "RESOLUTION#"


def voucher_partition(voucher_id: str) -> str:
    return f"{VOUCHER}{voucher_id}"


def quarantine_partition(digest: str) -> str:
    return f"QUARANTINE#{digest}"


def desk(partition: str) -> Key:
    """What lies on the desk beside a voucher or a message: the head of its trail, a proposal."""
    return partition, DESK


def resolution(partition: str, number: int) -> Key:
    return partition, f"{RESOLUTION}{number:04d}"


def desk_audit(partition: str, version: int) -> Key:
    return partition, f"{AUDIT}{version:08d}"


def voucher_head(voucher_id: str) -> Key:
    return f"VOUCHER#{voucher_id}", "HEAD"


def voucher_resolution(voucher_id: str, number: int) -> Key:
    """The `number`-th decision of a person about a voucher."""
    return f"VOUCHER#{voucher_id}", f"{RESOLUTION}{number:04d}"


def voucher_version(voucher_id: str, version: int) -> Key:
    return f"VOUCHER#{voucher_id}", f"{VERSION}{version:08d}"


def receipt(symbol: str, number: str) -> Key:
    return f"RECEIPT#{symbol}#{number}", "RECEIPT"


def quarantine(digest: str) -> Key:
    return quarantine_partition(digest), "MESSAGE"


def other_scheme(voucher_id: str) -> Key:
    """A voucher of another scheme, which is counted and nothing else."""
    return f"{OTHER}{voucher_id}", "SEEN"


def idempotency(audience: str, key: str) -> Key:
    return f"IDEM#{audience}#{key}", "IDEM"


def person_partition(person: str) -> str:
    return f"PERSON#{person}"


def person(person_hash: str) -> Key:
    return person_partition(person_hash), "HEADER"


def person_pending(person_hash: str, voucher_id: str) -> Key:
    return person_partition(person_hash), f"{PENDING}{voucher_id}"


def periods_from(first: Month) -> str:
    """How the sort keys of a person's periods begin that start with a month."""
    return f"{PERIOD}{first}#"


def period(person_hash: str, first: Month, code: str, number: int) -> Key:
    """The `number`-th period that a dossier recorded; a voided one never stands in the way of another."""
    return person_partition(person_hash), f"{PERIOD}{first}#{code}#{number:04d}"


def sandbox_registers(person_hash: str) -> Key:
    return person_partition(person_hash), "REGISTERS"


def si_number(number: str) -> Key:
    return f"SI#{number}", "SI"


def counter(province: str, day: date) -> Key:
    return f"COUNTER#{province}#{day.isoformat()[2:].replace('-', '')}", "NUMBER"


def campaign_partition(campaign_id: str) -> str:
    return f"CAMPAIGN#{campaign_id}"


def campaign(campaign_id: str) -> Key:
    return campaign_partition(campaign_id), "META"


def campaign_batch(campaign_id: str, number: int) -> Key:
    return campaign_partition(campaign_id), f"BATCH#{number:04d}"


def data_request_partition(request_id: str) -> str:
    return f"REQUEST#{request_id}"


def data_request(request_id: str) -> Key:
    return data_request_partition(request_id), "META"


def data_request_audit(request_id: str, version: int) -> Key:
    return data_request_partition(request_id), f"{TRAIL}{version:08d}"


def data_request_list(province: str, shard: int) -> str:
    """Requests that wait for an answer, by when it is due."""
    return f"REQUESTS#{province}#{shard}"


def answered_list(province: str, shard: int) -> str:
    """Requests that were answered, by when."""
    return f"ANSWERED#{province}#{shard}"


SANDBOX_CLOCK: Key = ("SANDBOX#CLOCK", "CLOCK")


def clock_audit(version: int) -> Key:
    return SANDBOX_CLOCK[0], f"{AUDIT}{version:08d}"


def open_list(province: str, shard: int) -> str:
    return f"OPEN#{province}#{shard}"


def delivery_list(province: str, shard: int) -> str:
    """Completed dossiers whose result is still to be handed over."""
    return f"DELIVERY#{province}#{shard}"


def cover_list(province: str, shard: int) -> str:
    return f"COVER#{province}#{shard}"


def refund_list(province: str, shard: int) -> str:
    return f"{REFUND}{province}#{shard}"


def voucher_list(province: str, shard: int) -> str:
    return f"HELD#{province}#{shard}"


def day_list(day: date, province: str, shard: int) -> str:
    """GSI1: the vouchers that accounting dates on a day."""
    return f"DAY#{day.isoformat()}#{province}#{shard}"


def day_of_list(partition: str) -> date:
    """The day that a list made by `day_list` is of."""
    return date.fromisoformat(partition.split("#")[1])


def issued_list(day: str, province: str, shard: int) -> str:
    """GSI1: the covers issued on a day (`2023-02-13`)."""
    return f"ISSUED#{day}#{province}#{shard}"


def file_audit() -> Key:
    """How far the audit of stored files has come."""
    return "FILES", "AUDIT"


def tally(code: str) -> Key:
    """Where a dossier counts in the statistics."""
    return dossier_partition(code), "TALLY"


def totals(province: str, day: date, shard: int) -> Key:
    return f"TOTALS#{province}", f"{day.isoformat()}#{shard}"


MANIFEST = "MANIFEST"
"""The head of a day's manifests; what starts with it is the head and every different one."""
SIGN_OFF = "SIGNOFF"
"""The head of a day's sign-offs; what starts with it is the head and every one."""


def day_partition(day: date, province: str) -> str:
    return f"DAY#{day.isoformat()}#{province}"


def manifest_head(day: date, province: str) -> Key:
    return day_partition(day, province), MANIFEST


def manifest(day: date, province: str, number: int) -> Key:
    return day_partition(day, province), f"{MANIFEST}#{number:06d}"


def sign_off_head(day: date, province: str) -> Key:
    return day_partition(day, province), SIGN_OFF


def sign_off(day: date, province: str, number: int) -> Key:
    return day_partition(day, province), f"{SIGN_OFF}#{number:06d}"


def day_audit(day: date, province: str, version: int) -> Key:
    return day_partition(day, province), f"{AUDIT}{version:08d}"


CANARY_RUN: Key = ("CANARY#", "RUN")
"""Who of the canaries sings at this moment."""

SWEEP: Key = ("SWEEP#", "PLACE")
"""Where a sweep was cut short."""


def stuck_partition(province: str) -> str:
    return f"STUCK#{province}"


def stuck(province: str, kind: str, subject: str) -> Key:
    return stuck_partition(province), f"{kind}#{subject}"


RULES_PARTITION = "RULES"
RULE_CHANGE = "CHANGE#"
RULES_HEAD: Key = (RULES_PARTITION, "HEAD")


def rule_change(version: int) -> Key:
    return RULES_PARTITION, f"{RULE_CHANGE}{version:08d}"


def rules_audit(version: int) -> Key:
    return RULES_PARTITION, f"{AUDIT}{version:08d}"


PROCEDURE = "PROCEDURE#"
PROCEDURES = "PROCEDURES"
"""The head; what starts with `PROCEDURE` is the head and every version."""


def province_partition(code: str) -> str:
    return f"PROVINCE#{code}"


def procedures(province: str) -> Key:
    """The head of a province's procedures, with the schedule that new dossiers are opened by."""
    return province_partition(province), PROCEDURES


def procedure(province: str, effective_from: date, version: int) -> Key:
    return province_partition(province), f"{PROCEDURE}{effective_from.isoformat()}#{version:06d}"


def procedures_audit(province: str, version: int) -> Key:
    return province_partition(province), f"{AUDIT}{version:08d}"


FIELD_KEYS = "FIELDKEYS"
"""The partition of the wrapped data keys that seal single fields."""


def field_key(number: int) -> Key:
    return FIELD_KEYS, f"KEY#{number:06d}"
