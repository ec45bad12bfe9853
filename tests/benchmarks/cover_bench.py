"""CPU and memory of drawing covers, beside the floor: an empty tagged page with the same fonts and attachment.

`signed` is the renderer's whole work but for AWS: code, page, signature by a local key, examination of the file.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.documents.cover import CoverView, cover_json, render_cover
from chalicelib.documents.typesetting import assets_folder, typeset

_EMPTY_PAGE = """
#set document(title: "x", date: auto)
#set text(font: "BHXH Serif", lang: "vi", fallback: false)
#set page(paper: "a4")
= x
#pdf.attach("cover.json", bytes(sys.inputs.data), relationship: "data", mime-type: "application/json", description: "x")
"""
_AT = datetime(2026, 11, 22, 3, 5, tzinfo=UTC)
_VIEW = CoverView(
    template="2023-01-01",
    agency="Bảo hiểm xã hội thành phố Hồ Chí Minh",
    full_name="NGUYỄN HỮU ĐẶNG DIỄM PHƯỢNG",
    birth_date="02/09/1984",
    gender="Nữ",
    nationality="Việt Nam",
    personal_id="079184012345",
    si_number="7922121676",
    ordinal=1,
    serial="000.00.79.H17-261122-000007-C1",
    place="Thành phố Hồ Chí Minh",
    issued_at=_AT,
    signer_title="GIÁM ĐỐC",
    signer_name=None,
)
_FAMILIES = ("NGUYỄN", "TRẦN", "LÊ", "PHẠM", "HUỲNH", "NIÊ KDĂM", "Ơ̆ BƯ̆N")


@dataclass(frozen=True, slots=True)
class CoverCost:
    """`first_ms` holds the imports and the first page of a new process; CPU milliseconds, bytes, MiB."""

    what: str
    first_ms: float
    warm_ms: float
    size: int
    peak_mib: float
    growth_mib: float = 0.0
    """Of resident memory, from a quarter of the covers to all of them."""


def views(count: int) -> list[CoverView]:
    """Covers that differ in every personal field, so that nothing is drawn from typst's memory."""
    return [
        replace(
            _VIEW, full_name=f"{_FAMILIES[n % 7]} THỊ {_letters(n)}", si_number=f"{n:010d}", personal_id=f"{n:012d}"
        )
        for n in range(count)
    ]


def measure(count: int = 200) -> list[CoverCost]:
    """The floor and the cover, each in a process of its own, over `count` pages."""
    costs = []
    for what in ("floor", "cover"):
        command = [sys.executable, "-m", "tests.benchmarks.cover_bench", what, str(count)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        costs.append(CoverCost(**json.loads(done.stdout)))
    return costs


def measure_signed(count: int = 2000) -> CoverCost:
    """Signed covers, `count` of them one after the other in a process of their own."""
    command = [sys.executable, "-m", "tests.benchmarks.cover_bench", "signed", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return CoverCost(**json.loads(done.stdout))


def table(costs: list[CoverCost]) -> str:
    """The costs as lines of text, with the ratio to the floor."""
    floor = costs[0]
    lines = [f"{'':24}{'first ms':>10}{'warm ms':>10}{'x floor':>10}{'bytes':>10}{'peak MiB':>10}"]
    lines += [
        f"{cost.what:24}{cost.first_ms:10.1f}{cost.warm_ms:10.2f}{cost.warm_ms / floor.warm_ms:10.2f}"
        f"{cost.size:10d}{cost.peak_mib:10.1f}"
        for cost in costs
    ]
    return "\n".join(lines)


def _measure_here(what: str, count: int) -> CoverCost:
    with tempfile.TemporaryDirectory() as folder:
        draw, name, before = _work(what, Path(folder))
        made = views(count)
        draw(made[0])
        first = time.process_time() - before
        best, size, early = float("inf"), 0, 0.0
        # The quietest of the parts: other work on the machine only ever adds.
        parts = max(5, count // 100)
        for part in range(parts):
            chosen = made[part::parts]
            started = time.process_time()
            size = max(size, *(len(draw(view)) for view in chosen))
            best = min(best, (time.process_time() - started) / len(chosen))
            if part == parts // 4:
                early = _resident_mib()
        grown = _resident_mib() - early
    peak = _peak_mib()
    return CoverCost(name, first * 1000, best * 1000, size, peak, grown)


def _work(what: str, folder: Path) -> tuple[Callable[[CoverView], bytes], str, float]:
    """What to do with a view, its name, and the CPU seconds that its preparation took."""
    if what == "floor":
        return _empty_page(folder), "empty page (floor)", 0.0
    if what == "cover":
        return render_cover, "cover", 0.0
    return _signing(), "signed cover", time.process_time()


def _signing() -> Callable[[CoverView], bytes]:
    """Draw, sign and examine, as the renderer does; the keys are made here and not measured."""
    from chalicelib.documents.seals import Seal
    from chalicelib.documents.signing import sign_document
    from chalicelib.documents.templates import template_named
    from chalicelib.documents.token import Claims, Token, commitment_of, kid_of, raw_signature, to_be_signed
    from chalicelib.documents.verification import examine
    from infra.certificate import Place, install, request
    from infra.local.authority import AGENCY, Authority
    from tests.support.kms import Keys, rsa_key
    from tests.support.signing import Parameters

    kms = Keys(rsa={"seal": rsa_key("seal")})
    place = Place(kms, Parameters(), "seal", "/covers")
    authority = Authority.new()
    certificate = install(place, authority.certify(request(place, organisation=AGENCY)), now=_AT, past=True)
    keys = place.keys()
    seal = Seal(certificate.chain, lambda message: keys.sign(certificate, message))
    public = kms.get_public_key(KeyId="code")["PublicKey"]
    kid = kid_of(public)

    def work(view: CoverView) -> bytes:
        salted = replace(view, salt="00112233445566778899aabbccddeeff")
        claims = Claims(view.serial, view.issued_at.date(), commitment_of(cover_json(salted)))
        message = to_be_signed(kid, claims)
        told = kms.sign(KeyId="code", Message=message, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256")
        token = Token(kid, claims, raw_signature(told["Signature"]))
        page = render_cover(salted, "HTTPS://XACTHUC.VSS.GOV.VN/C/" + token.text)
        frame = template_named(view.template).signature_frame
        signed = sign_document(page, seal, at=view.issued_at, frame=frame, signer=view.agency)
        report = examine(signed, roots=certificate.roots, code_keys={kid: public})
        if not report.sound:
            raise AssertionError(report.faults)
        return signed

    return work


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * resource.getpagesize() / 2**20


def _peak_mib() -> float:
    """Of this program alone: `ru_maxrss` begins at the size of whoever started it."""
    (line,) = (each for each in Path("/proc/self/status").read_text("utf-8").splitlines() if each.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _empty_page(folder: Path) -> Callable[[CoverView], bytes]:
    (folder / "fonts").symlink_to(assets_folder() / "fonts")
    template = folder / "templates" / "empty.typ"
    template.parent.mkdir()
    template.write_text(_EMPTY_PAGE)
    return lambda view: typeset(template, cover_json(view), at=_AT)


def _letters(number: int) -> str:
    return "".join(chr(ord("A") + (number // 26**place) % 26) for place in range(3))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        cost = _measure_here(sys.argv[1], int(sys.argv[2]))
        print(json.dumps({name: getattr(cost, name) for name in CoverCost.__slots__}))
    else:
        print(table(measure()))
