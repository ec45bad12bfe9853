"""The cover in the deployed system: scanned, revoked by two persons, issued again, and issued by a campaign."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pikepdf
import pypdfium2  # type: ignore[import-untyped]
import pytest
import requests

from chalicelib.documents.token import check, commitment_of, keys_from, read_token
from infra.local.client import Reply, wait_until

from .outside import Json, Outside, person, refused

MONDAY = "2023-02-06T09:15:00+07:00"
LATER = "2023-02-20T10:00:00+07:00"
BROWSER = {"Accept": "text/html,*/*;q=0.8"}


def issued(outside: Outside, serial: int) -> tuple[str, Json]:
    """Scenario A1 up to the issued cover; gives the dossier's code and the voucher that paid."""
    outside.client.set_clock(MONDAY)
    declaration = person(serial)
    opened = outside.declare(declaration)
    code: str = opened["dossier_code"]
    voucher = outside.voucher(declaration, opened, MONDAY)
    outside.client.send_voucher(voucher)
    outside.client.wait_for_state(code, "IN_PROCESS")
    outside.issue(code)
    return code, voucher


def file_of(outside: Outside, code: str) -> bytes:
    """The signed PDF, as the citizen fetches it."""
    reply = outside.client.call("GET", f"/v1/dossiers/{code}/cover", who="portal")
    assert reply.status == 200, reply.body
    return requests.get(reply.body["url"], timeout=10).content


def scanned(pdf: bytes, folder: Path) -> str:
    """What a phone reads off the page at the resolution of a screen."""
    document = pypdfium2.PdfDocument(pdf)
    document[0].render(scale=96 / 72).to_pil().save(folder / "page.png")
    document.close()
    command = ["zbarimg", "--quiet", "--raw", "--nodbus", str(folder / "page.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def decide(outside: Outside, cover_id: str, path: str, body: Json, who: str) -> Reply:
    """An officer's decision about a cover as it stands."""
    code, _, number = cover_id.rpartition("-C")
    key = {"PK": {"S": f"DOSSIER#{code}"}, "SK": {"S": f"COVER#{number}"}}
    table = outside.client.aws("dynamodb")
    version = table.get_item(TableName=outside.client.endpoints["table"], Key=key)["Item"]["version"]["N"]
    headers = {"If-Match": f'"{version}"'}
    return outside.client.call("POST", f"/v1/officer/covers/{cover_id}/{path}", body, who=who, headers=headers)


@pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbar-tools is not installed")
def test_a1_and_a10_the_code_on_the_page_tells_what_became_of_the_cover(
    outside: Outside, serial: int, tmp_path: Path
) -> None:
    # given A1: a first-timer's cover, signed and issued
    code, voucher = issued(outside, serial)
    cover_id = f"{code}-C1"
    pdf = file_of(outside, code)

    # when a phone scans the page, then the address leads to this system
    address = scanned(pdf, tmp_path)
    api = str(outside.client.endpoints["api"])
    assert address.startswith(f"{api.upper()}/C/")
    page = requests.get(address, headers=BROWSER, timeout=10)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Tờ bìa còn hiệu lực" in page.text
    assert "Nguyễn".upper() not in page.text
    token = address.rpartition("/")[2]
    told = requests.get(f"{api}/v1/covers/{token}/verification", timeout=10).json()
    assert (told["status"], told["issued_on"]) == ("VALID", "2023-02-06")
    assert told["full_name_masked"] == "N*** T*** H***"

    # and without asking it, the published keys prove the code and the data in the file
    claims = check(read_token(token), keys_from(requests.get(f"{api}/v1/cover-keys", timeout=10).json()))
    with pikepdf.open(io.BytesIO(pdf)) as document:
        data = document.attachments["cover.json"].get_file().read_bytes()
    assert (claims.serial, claims.commitment) == (cover_id, commitment_of(data))

    # when accounting cancels the voucher (A10), then the cover is listed for a decision and still valid
    outside.client.set_clock(LATER)
    outside.client.send_voucher({**voucher, "event": "CANCELLED", "voucher_version": 2})
    wait_until(
        lambda: outside.rows("/v1/officer/covers?state=ISSUED", "signer_79"),
        lambda rows: any(row["cover_id"] == cover_id for row in rows),
        "the cover to be listed for revocation",
    )
    assert [period["status"] for period in outside.client.dossier(code)["participation"]] == ["VOIDED"]
    assert requests.get(f"{api}/C/{token}", timeout=10).json()["status"] == "VALID"

    # when two persons revoke it, then the same scan says so at once, and the file is handed out no more
    why = {"reason": "Chứng từ đóng đã bị hủy."}
    assert decide(outside, cover_id, "revocation", why, "officer_79").status == 202
    refused(decide(outside, cover_id, "revocation/approval", {}, "officer_79"), 403, "SECOND_PERSON_REQUIRED")
    reply = decide(outside, cover_id, "revocation/approval", {}, "signer_79")
    assert (reply.status, reply.body["state"]) == (200, "REVOKED")
    assert "Tờ bìa đã bị thu hồi" in requests.get(address, headers=BROWSER, timeout=10).text
    refused(outside.client.call("GET", f"/v1/dossiers/{code}/cover", who="portal"), 404, "COVER_NOT_ISSUED")
    assert outside.client.dossier(code)["cover"]["state"] == "REVOKED"

    # and a code that somebody made up is unknown
    forged = token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB")
    assert requests.get(f"{api}/C/{forged}", headers=BROWSER, timeout=10).status_code == 404


def test_a_corrected_name_gets_a_new_cover_in_the_place_of_the_old_one(outside: Outside, serial: int) -> None:
    code, _ = issued(outside, serial)

    # when an officer asks for a reissue with the corrected name, and looks at the draft
    body = {"reason": "Cải chính hộ tịch.", "corrections": {"full_name": "Nguyễn Thị Hoa"}}
    reply = decide(outside, f"{code}-C1", "reissue", body, "officer_79")
    assert (reply.status, reply.body["cover_id"], reply.body["state"]) == (202, f"{code}-C2", "DATA_CREATED")
    draft = outside.client.call("GET", f"/v1/officer/covers/{code}-C2/preview", who="officer_79")
    assert draft.status == 200, draft.body
    document = pypdfium2.PdfDocument(requests.get(draft.body["url"], timeout=10).content)
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert "NGUYỄN THỊ HOA" in text
    assert "BẢN XEM TRƯỚC" in text

    # and a signer issues it, then the citizen has the new one
    assert decide(outside, f"{code}-C2", "issue", {}, "signer_79").status == 202
    dossier = wait_until(
        lambda: outside.client.dossier(code), lambda found: found["cover"]["cover_id"] == f"{code}-C2", "the new cover"
    )
    assert (dossier["cover"]["state"], dossier["state"]) == ("ISSUED", "RESULT_RETURNED")
    with pikepdf.open(io.BytesIO(file_of(outside, code))) as opened:
        data = json.loads(opened.attachments["cover.json"].get_file().read_bytes())
    assert (data["full_name"], data["ordinal"]) == ("NGUYỄN THỊ HOA", 2)


def test_a_campaign_issues_what_waits_and_reports_on_each(outside: Outside, serials: Iterator[int]) -> None:
    # given three first-timers of province 79 whose covers wait
    outside.client.set_clock(MONDAY)
    codes = []
    for _ in range(3):
        declaration = person(next(serials))
        opened = outside.declare(declaration)
        outside.pay(declaration, opened, MONDAY)
        codes.append(opened["dossier_code"])
    for code in codes:
        wait_until(partial(outside.waiting_cover, code), bool, f"the cover of {code} to be listed")

    # when a signer starts a campaign
    reply = outside.client.call(
        "POST",
        "/v1/officer/covers/campaigns",
        {"province_code": "79"},
        who="signer_79",
        headers={"Idempotency-Key": f"campaign-{codes[0]}"},
    )
    assert reply.status == 202, reply.body
    assert reply.body["count"] >= 3
    path = f"/v1/officer/covers/campaigns/{reply.body['campaign_id']}"

    # then each is issued, and the report counts them
    for code in codes:
        outside.client.wait_for_state(code, "RESULT_RETURNED")
    report = wait_until(
        lambda: outside.client.call("GET", path, who="signer_79").body,
        lambda found: found["state"] == "DONE",
        "the campaign to be done",
    )
    assert (report["remaining"], sum(report["outcomes"].values())) == (0, report["count"])
    assert report["outcomes"]["CHECKED"] >= 3
