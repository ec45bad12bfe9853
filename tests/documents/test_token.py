"""The token of the verification code: proved without a network, one encoding only, nothing of it forged or guessed."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.documents import cbor
from chalicelib.documents.cover import cover_json, verification_code
from chalicelib.documents.token import (
    BadTokenError,
    Claims,
    Token,
    check,
    commitment_of,
    key_set,
    keys_from,
    kid_of,
    raw_signature,
    read_token,
    to_be_signed,
)
from tests.documents.covers import VIEW

KEY = ec.generate_private_key(ec.SECP256R1())
SPKI = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
KEYS = {kid_of(SPKI): SPKI}
CLAIMS = Claims("000.00.79.G24-230206-0001-C1", date(2023, 2, 6), commitment_of(cover_json(VIEW)))
DIGITS = "0123456789"


def signed(claims: Claims, key: ec.EllipticCurvePrivateKey = KEY, kid: bytes = kid_of(SPKI)) -> Token:
    der = key.sign(to_be_signed(kid, claims), ec.ECDSA(hashes.SHA256()))
    return Token(kid, claims, raw_signature(der))


TOKEN = signed(CLAIMS)


def test_whoever_has_the_published_keys_reads_and_proves_a_token() -> None:
    published = json.loads(json.dumps(key_set(KEYS)))

    read = read_token(TOKEN.text)

    assert read == TOKEN
    assert check(read, keys_from(published)) == CLAIMS
    assert check(read_token(TOKEN.text.lower()), KEYS) == CLAIMS


def test_the_key_set_is_the_same_in_both_forms() -> None:
    published = key_set(KEYS)

    (jwk,) = published["keys"]
    (cose,) = cbor.decode(base64.urlsafe_b64decode(published["cose_key_set"] + "=="))  # type: ignore[misc]
    assert isinstance(cose, dict)
    assert cose[2].hex() == jwk["kid"]
    assert (cose[1], cose[3], cose[-1]) == (2, -7, 1)
    for label, name in ((-2, "x"), (-3, "y")):
        assert base64.urlsafe_b64encode(cose[label]).decode().rstrip("=") == jwk[name]


def test_it_is_a_cose_sign1_of_116_bytes_in_a_code_of_version_8() -> None:
    body = cbor.decode(base64.b32decode(TOKEN.text + "=" * (-len(TOKEN.text) % 8)))

    assert isinstance(body, cbor.Tagged)
    assert body.tag == 18
    assert len(cbor.encode(body)) == 116
    assert 'width="57"' in verification_code("HTTPS://XACTHUC.BHXH.GOV.VN/C/" + TOKEN.text)
    # Shorter texts get no smaller code, longer ones a larger one.
    assert 'width="57"' in verification_code("A")
    assert 'width="61"' in verification_code("A" * 222)


@given(
    st.text(DIGITS, min_size=19, max_size=19), st.sampled_from("AGHZ"), st.integers(1, 999), st.dates(date(1970, 1, 1))
)
def test_any_dossier_code_comes_back(digits: str, letter: str, number: int, day: date) -> None:
    d = digits
    short = f"{d[:3]}.{d[3:5]}.{d[5:7]}.{letter}{d[7:9]}-{d[9:15]}-{d[15:]}-C{number}"
    long = f"{letter}{d[:2]}.{d[2:4]}-{d[4:12]}-{d[12:]}-C{number}"
    for serial in (short, long, f"another way {digits}"):
        token = Token(b"kid4", Claims(serial, day, bytes(16)), bytes(64))
        assert read_token(token.text) == token


@pytest.mark.parametrize(
    "claims",
    (
        replace(CLAIMS, serial="000.00.79.G24-230206-0001-C2"),
        replace(CLAIMS, issued_on=date(2023, 2, 7)),
        replace(CLAIMS, commitment=bytes(16)),
    ),
)
def test_another_claim_under_the_same_signature_does_not_hold(claims: Claims) -> None:
    with pytest.raises(BadTokenError, match="signature"):
        check(read_token(replace(TOKEN, claims=claims).text), KEYS)


def test_a_key_of_somebody_else() -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(BadTokenError, match="signature"):
        check(signed(CLAIMS, stranger), KEYS)
    with pytest.raises(BadTokenError, match="unknown key"):
        check(signed(CLAIMS, stranger, b"none"), KEYS)
    other_curve = ec.generate_private_key(ec.SECP384R1()).public_key()
    spki = other_curve.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(BadTokenError, match="ES256"):
        check(TOKEN, {TOKEN.kid: spki})
    with pytest.raises(ValueError, match="P-256"):
        key_set({b"kid4": spki})


def test_a_token_signed_by_a_former_key_stays_proved() -> None:
    newer = ec.generate_private_key(ec.SECP256R1()).public_key()
    spki = newer.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert check(TOKEN, keys_from(key_set({kid_of(spki): spki, **KEYS}))) == CLAIMS


def test_no_flipped_bit_passes() -> None:
    raw = base64.b32decode(TOKEN.text + "=" * (-len(TOKEN.text) % 8))
    for at in range(len(raw)):
        changed = bytes([*raw[:at], raw[at] ^ 1, *raw[at + 1 :]])
        text = base64.b32encode(changed).decode().rstrip("=")
        with pytest.raises(BadTokenError):
            check(read_token(text), KEYS)


def test_one_token_has_one_spelling() -> None:
    last = TOKEN.text[-1]
    spare_bits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".index(last)) ^ 1]
    for text in (TOKEN.text[:-1] + spare_bits, TOKEN.text + "A", TOKEN.text + "=", f"{TOKEN.text} "):
        with pytest.raises(BadTokenError):
            read_token(text)


def _sealed(*parts: Any, tag: int = 18) -> str:
    return base64.b32encode(cbor.encode(cbor.Tagged(tag, list(parts)))).decode().rstrip("=")


HEADER: dict[Any, Any] = {1: -7, 4: b"kid4"}
SAID: dict[Any, Any] = {1: bytes(10), 6: 19394, -1: bytes(16)}


@pytest.mark.parametrize(
    "text",
    (
        "",
        "A",
        "0189",
        "A" * 601,
        "Ạ" * 32,
        base64.b32encode(cbor.encode("a text")).decode().rstrip("="),
        _sealed(cbor.encode(HEADER), {}, cbor.encode(SAID), bytes(64), tag=17),
        _sealed(cbor.encode(HEADER), {4: b"x"}, cbor.encode(SAID), bytes(64)),
        _sealed(cbor.encode(HEADER), {}, cbor.encode(SAID), bytes(63)),
        _sealed(cbor.encode(HEADER), {}, cbor.encode(SAID), "text"),
        _sealed(cbor.encode({1: -8, 4: b"kid4"}), {}, cbor.encode(SAID), bytes(64)),
        _sealed(cbor.encode({**HEADER, 5: 1}), {}, cbor.encode(SAID), bytes(64)),
        _sealed(cbor.encode({1: -7, 4: b"kid"}), {}, cbor.encode(SAID), bytes(64)),
        _sealed(cbor.encode(HEADER), {}, cbor.encode({**SAID, 7: 1}), bytes(64)),
        _sealed(cbor.encode(HEADER), {}, cbor.encode({**SAID, 6: 1 << 40}), bytes(64)),
        _sealed(cbor.encode(HEADER), {}, cbor.encode({**SAID, -1: bytes(15)}), bytes(64)),
        _sealed(cbor.encode(HEADER), {}, cbor.encode({**SAID, 1: bytes(9)}), bytes(64)),
        _sealed(cbor.encode(HEADER), {}, cbor.encode({**SAID, 1: b"\xff" * 10}), bytes(64)),
        _sealed(cbor.encode(HEADER), {}, b"", bytes(64)),
        _sealed(1, {}, 2, 3),
    ),
)
def test_what_is_no_token(text: str) -> None:
    with pytest.raises(BadTokenError):
        read_token(text)


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=1, max_size=250))
def test_noise_is_refused_and_never_crashes(text: str) -> None:
    with pytest.raises(BadTokenError):
        read_token(text)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=300) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-300, 300) | st.text(max_size=3), inner, max_size=4)
        | st.builds(cbor.Tagged, st.integers(0, 70_000), inner)
    ),
    max_leaves=8,
).filter(lambda value: str(value).count("[") + str(value).count("{") + str(value).count("Tagged") < 8)


@given(VALUES)
def test_cbor_comes_back(value: Any) -> None:
    assert cbor.decode(cbor.encode(value)) == value


@pytest.mark.parametrize(
    ("content", "why"),
    (
        ("", "not CBOR"),
        ("1801", "not the one encoding"),  # 1 in two bytes
        ("a2020101 01".replace(" ", ""), "not CBOR|cut|not the one"),
        ("a202010101", "not the one encoding"),  # keys out of order
        ("a201010102", "not the one encoding"),  # a key twice
        ("5f4101ff", "no definite length"),
        ("f6", "a kind that is not used"),
        ("4201", "cut off"),
        ("0101", "not the one encoding"),
        ("a14001", "a key is a number or a text"),
        ("62c328", "not CBOR"),
        ("81" * 20 + "01", "nested too deep"),
    ),
)
def test_cbor_in_any_other_form_is_refused(content: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        cbor.decode(bytes.fromhex(content))


def test_cbor_of_what_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="float"):
        cbor.encode(1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="too large"):
        cbor.encode(1 << 64)
