"""Dead vouchers: read by the consumer's own code, judged by its own rules against the table as it stands."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.domain.errors import Rejected
from chalicelib.domain.ledger.causes import cause_of
from chalicelib.domain.ledger.voucher import ContributionVoucher
from chalicelib.queues.messages import ManifestMessage, read_message
from chalicelib.usecases.ledger.preview_vouchers import preview_vouchers
from chalicelib.wiring import Wiring

from .letters import Letter, LetterCause, Opinion


def judge_vouchers(letters: Sequence[Letter], w: Wiring) -> list[Opinion]:
    """What each letter is, and what it would bring about now. Reads only."""
    read = [_read(letter) for letter in letters]
    vouchers = [found for found in read if isinstance(found, ContributionVoucher)]
    verdicts = iter(preview_vouchers(vouchers, w) if vouchers else ())
    return [_opinion(found, next(verdicts)) if isinstance(found, ContributionVoucher) else found for found in read]


def _read(letter: Letter) -> ContributionVoucher | Opinion:
    try:
        message = read_message(letter.body)
        if message is None:
            return Opinion(LetterCause.PASSING, "another scheme", "IGNORE")
        if isinstance(message, ManifestMessage):
            return Opinion(LetterCause.PASSING, "manifest", "MANIFEST")
        return message.voucher()
    except Rejected as rejected:
        cause = cause_of(rejected.code)
        return Opinion(LetterCause.MALFORMED, f"{cause} {rejected.code}", "QUARANTINE")
    except Exception as error:
        return Opinion(LetterCause.UNKNOWN, type(error).__name__, "DIE AGAIN")


def _opinion(voucher: ContributionVoucher, verdict: object) -> Opinion:
    outcome, reason = getattr(verdict, "outcome", ""), getattr(verdict, "reason", None)
    return Opinion(
        LetterCause.PASSING,
        "voucher",
        f"{outcome} {reason or ''}".strip(),
        subject=voucher.voucher_id,
        amount=voucher.amount_received,
    )
