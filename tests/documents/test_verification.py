"""What the examination of a cover finds: nothing in a sound one, and every way of tampering that we know."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, partial

import pikepdf
import pytest

from chalicelib.documents.cover import render_cover
from chalicelib.documents.findings import Check, Report
from chalicelib.documents.page_text import UnreadablePageError, page_words
from chalicelib.documents.seals import Seal, SignatureLevel, fingerprint
from chalicelib.documents.verification import MOST_BYTES, examine
from infra.certificate import install, request
from infra.local.authority import AGENCY, Authority
from tests.documents.covers import VIEW, view
from tests.documents.signed import address_of, code_keys, drawn, place, roots, seal, sign_with, signed, view_at
from tests.support.kms import rsa_key
from tests.support.signing import NOW, authority


@lru_cache(maxsize=1)
def sound() -> bytes:
    return signed()


def found(pdf: bytes) -> Report:
    return examine(pdf, roots=roots(), code_keys=code_keys())


def failed(pdf: bytes) -> set[Check]:
    report = found(pdf)
    assert not report.sound
    return set(report.faults)


def test_a_sound_cover_passes_every_check_and_says_who_signed_when() -> None:
    report = found(sound())
    assert report.sound
    assert report.faults == ()
    assert [finding.check for finding in report.findings] == list(Check)
    assert report.level is SignatureLevel.B_B
    assert report.signed_at == VIEW.issued_at
    assert report.signer is not None
    assert AGENCY in report.signer
    assert report.certificate == fingerprint(seal().chain[0])
    assert (report.time_proven, report.revocation_proven, report.code_proven) == (False, False, True)
    assert report.data["full_name"] == VIEW.full_name


def test_every_signed_byte_counts() -> None:
    """One bit turned over, anywhere: a sample of the drawn page and everything around the signature."""
    whole = sound()
    hole = whole.rindex(b"/Contents <")
    chance = random.Random(602)
    places = [chance.randrange(len(whole)) for _ in range(30)]
    places += [hole - 300, hole - 3, len(whole) - 20, len(whole) - 2]
    # The hole beyond the signature is signed by nobody: there may be nothing in it.
    end = whole.index(b">", hole)
    places += [end - 1, end - 40]
    for place_ in places:
        turned = bytearray(whole)
        turned[place_] ^= 1 << chance.randrange(8)
        assert not found(bytes(turned)).sound, place_


def test_the_digits_of_the_signature_have_one_spelling() -> None:
    whole = sound()
    hole = whole.rindex(b"/Contents <") + len(b"/Contents <")
    lower = whole[:hole] + whole[hole : hole + 400].lower() + whole[hole + 400 :]
    assert lower != whole
    assert failed(lower) == {Check.INTACT}


def updated(change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """The file with a change appended to it, as an editor saves one; everything signed stays as it was."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    with pikepdf.open(io.BytesIO(sound())) as document:
        change(document)
        root = {name: document.Root.get(name) for name in ("/AF", "/Names")}
    writer = IncrementalPdfFileWriter(io.BytesIO(sound()))
    for name, value in root.items():
        if value is None:
            del writer.root[name]
    writer.update_root()
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def test_the_data_removed_by_an_update() -> None:
    def remove(document: pikepdf.Pdf) -> None:
        del document.Root.AF
        del document.Root.Names

    assert {Check.WHOLE, Check.UNCHANGED, Check.DATA} <= failed(updated(remove))


def test_the_page_replaced_by_an_update() -> None:
    from pyhanko.pdf_utils.generic import StreamObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    with pikepdf.open(io.BytesIO(drawn(view(full_name="NGƯỜI KHÁC")))) as other:
        content = other.pages[0].Contents.read_bytes()
    writer = IncrementalPdfFileWriter(io.BytesIO(sound()))
    page_ref, _ = writer.find_page_for_modification(0)
    page_ref.get_object()["/Contents"] = writer.add_object(StreamObject(stream_data=content))
    writer.mark_update(page_ref)
    written = io.BytesIO()
    writer.write(written)
    assert {Check.WHOLE, Check.UNCHANGED, Check.PAGE} <= failed(written.getvalue())


def test_an_update_that_changes_nothing_visible() -> None:
    assert failed(updated(lambda _: None)) == {Check.WHOLE}


@pytest.mark.parametrize("more", (b"\n", b"%", b"anything", b"\n%%EOF\n"))
def test_anything_at_all_after_the_signature(more: bytes) -> None:
    assert not found(sound() + more).sound


def test_the_signature_stripped_off() -> None:
    with pikepdf.open(io.BytesIO(sound())) as document:
        del document.Root.AcroForm
        del document.Root.Perms
        del document.pages[0].Annots
        stripped = io.BytesIO()
        document.save(stripped)
    assert Check.SIGNED in failed(stripped.getvalue())
    # The page before it was signed is the beginning of the file.
    assert Check.SIGNED in failed(drawn())


def test_a_signature_that_certifies_nothing_any_more() -> None:
    with pikepdf.open(io.BytesIO(sound())) as document:
        del document.Root.Perms
        saved = io.BytesIO()
        document.save(saved)
    assert Check.SIGNED in failed(saved.getvalue())


def test_the_whole_file_signed_by_another_authority() -> None:
    """Everything in it is right, but for who says so."""
    assert failed(signed(using=seal(Authority.new()))) == {Check.TRUSTED}


def test_another_authority_that_calls_itself_the_same() -> None:
    assert failed(signed(using=seal(Authority.new("Tổ chức chứng thực thử nghiệm (local)")))) == {Check.TRUSTED}


def test_signed_by_another_key_under_the_agencys_certificate() -> None:
    forged = Seal(seal().chain, partial(sign_with, rsa_key("somebody-else")))
    assert Check.INTACT in failed(signed(using=forged))


def test_a_certificate_that_no_signature_needs() -> None:
    """Nobody has signed what certificates the file carries: those that lead nowhere are refused."""
    whole = sound()
    root = authority().certificate
    digits = root.signature.hex().upper().encode()
    assert whole.count(digits) == 1
    changed = digits[:-1] + (b"0" if digits[-1:] != b"0" else b"1")
    assert failed(whole.replace(digits, changed)) == {Check.TRUSTED}


def test_covers_of_a_former_certificate_stay_sound() -> None:
    """The key and its certificate change, and the first certificate has run out since."""
    old = seal(until=datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
    before = signed(using=old)
    where = place("the-next-key")
    certified = authority().certify(request(where, organisation=AGENCY))
    after_seal = Seal(install(where, certified, now=NOW, past=True).chain, partial(sign_with, rsa_key("the-next-key")))
    after = signed(using=after_seal)
    reports = [found(pdf) for pdf in (before, after)]
    assert [report.sound for report in reports] == [True, True]
    assert reports[0].certificate != reports[1].certificate


def test_without_a_root_nothing_is_trusted_and_nothing_condemned() -> None:
    report = examine(sound(), roots=())
    assert [finding.check for finding in report.findings if finding.passed is False] == []
    assert report.faults == (Check.TRUSTED,)
    assert not report.sound


# What the agency's own key might be made to sign, and must not pass


def test_a_draft_is_no_cover_even_when_it_is_signed() -> None:
    assert {Check.PAGE, Check.CODE} <= failed(signed(page=render_cover(VIEW)))


def test_a_code_of_another_cover() -> None:
    other = view(full_name="NGƯỜI KHÁC")
    assert failed(signed(page=render_cover(VIEW, address_of(other)))) == {Check.CODE}


def test_a_code_by_a_key_that_nobody_published() -> None:
    report = examine(sound(), roots=roots(), code_keys={})
    assert report.faults == (Check.CODE,)


def test_a_time_that_the_page_does_not_say() -> None:
    later = view_at(datetime(2026, 11, 22, 3, 5, 1, tzinfo=UTC))
    assert failed(signed(later, page=drawn(VIEW))) == {Check.TIME}


def test_the_first_template_has_no_code_and_passes_without() -> None:
    first = replace(VIEW, template="2016-01-01", issued_at=datetime(2022, 5, 6, tzinfo=UTC))
    report = found(signed(first))
    assert (report.sound, report.code_proven) == (True, False)


@pytest.mark.parametrize(
    "changes",
    (
        {"full_name": "CÔNG TẰNG TÔN NỮ NGUYỄN PHÚC HUYỀN TRÂN BẠCH YẾN NGỌC LAN THANH HƯƠNG QUỲNH ANH"},
        {"full_name": "Ư" * 100},
        {"full_name": "Ô̆ Ĕ (A\\B) ÊĂ - O'A", "birth_date": "1960"},
        {"signer_name": None, "birth_date": "05/1960"},
        {"agency": "Bảo hiểm xã hội tỉnh Bà Rịa - Vũng Tàu", "place": "Bà Rịa - Vũng Tàu"},
    ),
)
def test_awkward_pages_are_read_as_they_are(changes: dict[str, str | None]) -> None:
    assert found(signed(view(**changes))).sound


# What is no cover at all


@pytest.mark.parametrize(
    "content", (b"", b"%PDF-1.7\n", b"no PDF", b"\x00" * 5000, b"%PDF-1.7\n" + b"1 0 obj\n" * 900 + b"%%EOF\n")
)
def test_what_cannot_be_read(content: bytes) -> None:
    report = found(content)
    assert report.faults == (Check.READABLE,)


def test_what_is_too_large_is_not_read() -> None:
    assert found(b"%PDF" + bytes(MOST_BYTES)).faults == (Check.READABLE,)


def test_cut_anywhere() -> None:
    whole = sound()
    chance = random.Random(602)
    assert not any(found(whole[: chance.randrange(len(whole))]).sound for _ in range(12))


def test_text_that_the_template_never_writes_is_refused() -> None:
    table = b"1 beginbfchar\n<0001> <0041>\nendbfchar"
    assert page_words(b"BT /f0 12 Tf <0001> Tj [(\\000\\001)-20<0001>] TJ ET", {"f0": table}) == "AAA"
    for content in (
        b"BT /f0 12 Tf <0002> Tj ET",
        b"BT <0001> Tj ET",
        b"BT /f1 12 Tf <0001> Tj ET",
        b"BT /f0 12 Tf (((\x00\x01))) Tj ET",
        b"BI /W 1 ID \x00 EI",
    ):
        with pytest.raises(UnreadablePageError):
            page_words(content, {"f0": table})


def test_text_maps_in_ranges_are_understood_and_lists_refused() -> None:
    ranges = b"1 beginbfrange\n<0001> <0003> <0041>\nendbfrange"
    assert page_words(b"/f0 1 Tf <000100020003> Tj", {"f0": ranges}) == "ABC"
    with pytest.raises(UnreadablePageError):
        page_words(b"/f0 1 Tf <0001> Tj", {"f0": b"1 beginbfrange\n<0001> <0002> [<0041> <0042>]\nendbfrange"})
