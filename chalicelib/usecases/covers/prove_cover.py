"""The proof of a cover: its salted data and the token of its verification code, made once and stored before the page.

ECDSA gives another signature at every call. Once the proof is stored, the page is a function of it alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...documents.cover import CoverView, cover_json, cover_view, view_from
from ...documents.token import Claims, Token, commitment_of, kid_of, raw_signature, read_token, to_be_signed
from ...documents.typesetting import RENDERER_VERSION
from ...domain.configuration.provinces import Province
from ...domain.covers.cover import Cover
from ...domain.months import at_vietnam
from ...storage import keys
from ...storage.items.fields import text
from ...storage.sealed import Seals, as_stored, opened
from ...storage.table import Stored
from ...storage.transaction import Refused, Transaction
from ...wiring import Wiring


@dataclass(frozen=True, slots=True)
class Proof:
    """What a cover's page is drawn from."""

    view: CoverView
    token: Token

    def address(self, w: Wiring) -> str:
        """What the verification code holds."""
        return w.settings.verification_address + self.token.text


def proved(cover: Cover, province: Province, w: Wiring) -> Proof:
    """The proof of a checked cover, made at the first call. AP70.

    Raises:
        NotConfigured: no template for the day of issue.
        ValueError: nobody checked the cover, or what is stored does not belong together.
    """
    key = keys.cover_proof(cover.dossier_code, cover.number)
    stored = w.table.get(key)
    return _made(cover, province, key, w) if stored is None else proof_from(stored, w.fields)


def _made(cover: Cover, province: Province, key: keys.Key, w: Wiring) -> Proof:
    if cover.checked_at is None:
        raise ValueError("a checked cover has the time of its check")
    issued_at = at_vietnam(cover.checked_at)
    view = cover_view(cover, province=province, issued_at=issued_at, salt=w.token_keys.salt(cover.cover_id))
    data = cover_json(view)
    claims = Claims(cover.cover_id, issued_at.date(), commitment_of(data))
    kid = kid_of(w.token_keys.public[0])
    token = Token(kid, claims, raw_signature(w.token_keys.sign(to_be_signed(kid, claims))))
    transaction = Transaction()
    sealed = w.fields.seal(key[0], "data", data.decode())
    item = {"token": token.text, "data": sealed, "agency": view.agency, "renderer": RENDERER_VERSION}
    transaction.put_new("proof", key, item)
    try:
        transaction.commit(w.table)
    except Refused as refused:
        found = refused.found["proof"]
        if found is None:
            raise
        return proof_from(found, w.fields)
    return Proof(view, token)


def proof_from(stored: Stored, seals: Seals) -> Proof:
    """A proof as it was stored. Raises ValueError where its token says another thing than its data, `SealBroken`."""
    data = opened(text(stored, "PK"), "data", as_stored(text(stored, "data")), seals).encode()
    proof = Proof(view_from(data), read_token(text(stored, "token")))
    if commitment_of(data) != proof.token.claims.commitment or cover_json(proof.view) != data:
        raise ValueError("a proof whose token and data do not belong together")
    return proof
