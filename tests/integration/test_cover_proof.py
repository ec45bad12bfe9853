"""The proof of a cover: made once, whoever comes first, and everything on the page follows from it."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pytest

from chalicelib.documents.token import check, commitment_of, kid_of, read_token
from chalicelib.storage import keys
from chalicelib.storage.items.covers import open_cover
from chalicelib.usecases.covers.draw_cover import draw_cover
from chalicelib.usecases.covers.prove_cover import proof_from
from tests.support.cloud import Crash, boto_clients
from tests.support.environment import BUCKET
from tests.support.house import House

CODE = "000.00.79.G24-230206-0001"
COVER = f"{CODE}-C1"


@pytest.fixture(name="checked")
def _checked(house: House) -> House:
    """A cover that a signer has decided to issue."""
    assert house.paid() == CODE
    house.issue(CODE)
    return house


def stored_proof(house: House) -> dict[str, Any]:
    stored = house.w.table.get(keys.cover_proof(CODE, 1))
    assert stored is not None
    return stored


def file_of(house: House) -> bytes:
    content: bytes = boto_clients()["s3"].get_object(Bucket=BUCKET, Key=house.cover(CODE).object_key)["Body"].read()
    return content


def test_the_token_proves_the_data_that_lie_in_the_file(checked: House) -> None:
    draw_cover(COVER, CODE, checked.w)

    proof = stored_proof(checked)
    public = {kid_of(key): key for key in checked.w.token_keys.public}
    claims = check(read_token(proof["token"]), public)
    with pikepdf.open(io.BytesIO(file_of(checked))) as document:
        attached = document.attachments["cover.json"].get_file().read_bytes()
    assert (claims.serial, claims.issued_on.isoformat()) == (COVER, "2023-02-06")
    assert claims.commitment == commitment_of(attached)
    assert attached.decode() == checked.w.fields.open(proof["PK"], "data", proof["data"])
    assert (proof["agency"], proof["renderer"]) == ("Bảo hiểm xã hội thành phố Hồ Chí Minh", "typst-0.15.2")


def test_nothing_personal_is_in_the_token(checked: House) -> None:
    draw_cover(COVER, CODE, checked.w)
    person = open_cover(checked.cover(CODE), checked.w.fields).snapshot
    token = read_token(stored_proof(checked)["token"])
    assert {token.claims.serial, token.claims.issued_on.isoformat()}.isdisjoint(
        {person.personal_id, person.si_number, person.full_name}
    )


def test_a_renderer_that_died_before_the_file_draws_from_the_same_proof(checked: House) -> None:
    def die(name: str, _: dict[str, Any]) -> None:
        if name == "put_object":
            raise Crash

    with checked.cloud.calls.hooked(die), pytest.raises(Crash):
        draw_cover(COVER, CODE, checked.w)
    before = stored_proof(checked)
    checked.restart()
    checked.cloud.calls.forget()
    draw_cover(COVER, CODE, checked.w)
    assert stored_proof(checked) == before
    # Signed again is the file, which is the same each time; the code's signature would be another.
    assert "generate_mac" not in checked.cloud.calls.made
    assert checked.cloud.calls.made.count("sign") == 1


def test_of_two_renderers_at_once_the_first_proof_counts(checked: House) -> None:
    ran: list[bool] = []

    def hook(name: str, _: dict[str, Any]) -> None:
        if name == "transact_write_items" and not ran:
            ran.append(True)
            draw_cover(COVER, CODE, checked.w)

    with checked.cloud.calls.hooked(hook):
        slower = draw_cover(COVER, CODE, checked.w)
    assert len(checked.cloud.objects()) == 1
    token = stored_proof(checked)["token"]
    assert slower.size == len(file_of(checked))
    assert read_token(token).claims.serial == COVER


def test_a_proof_that_does_not_belong_together_is_not_drawn(checked: House) -> None:
    draw_cover(COVER, CODE, checked.w)
    proof = stored_proof(checked)
    data = checked.w.fields.open(proof["PK"], "data", proof["data"])
    with pytest.raises(ValueError, match="belong together"):
        proof_from({**proof, "data": data.replace("NGUYỄN THỊ HÒA", "NGUYỄN THỊ HOA")}, checked.w.fields)


def test_the_cover_is_found_beside_its_proof_and_its_token(checked: House) -> None:
    draw_cover(COVER, CODE, checked.w)
    assert checked.view(CODE).cover == checked.cover(CODE)
    assert checked.relay() == []
