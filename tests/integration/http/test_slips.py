"""Slips over HTTP: drawn once, when first asked for, and saying what the dossier said when they were issued."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pikepdf
import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.domain.errors import NotConfigured, NotFound
from chalicelib.domain.registration.slip import SlipKind
from chalicelib.storage.files import LINK_SECONDS
from chalicelib.storage.renderer import Renderer
from chalicelib.wiring import Wiring
from tests.integration.http.conftest import StandingClock
from tests.integration.http.harness import DECLARATION, OFFICER_01, OFFICER_79, OTHER_PORTAL, PORTAL, Answer, Api
from tests.integration.http.test_course import at, refused
from tests.integration.http.vouchers import pay
from tests.support.rendering import LambdaDesk, render

CODE = "000.00.79.G24-230206-0001"
DOSSIER = f"/v1/dossiers/{CODE}"
ASK = {"reason": "Họ tên chưa đúng.\nĐịa chỉ thiếu.", "fields": ["full_name", "permanent_address.house_street"]}
SUPPLY = {"full_name": "Nguyễn Thị Hoà An", "permanent_address": {"house_street": "14 Lê Lợi"}}


@pytest.fixture(autouse=True)
def desk(w: Wiring) -> LambdaDesk:
    """The renderer's function, called as Lambda calls it."""
    desk = LambdaDesk()
    w.__dict__["renderer"] = Renderer(desk, "cover-renderer")
    return desk


@pytest.fixture(autouse=True)
def _empty_bucket(clients: Mapping[str, Any]) -> Iterator[None]:
    yield
    for each in clients["s3"].list_objects_v2(Bucket="documents").get("Contents", ()):
        clients["s3"].delete_object(Bucket="documents", Key=each["Key"])


@pytest.fixture(name="paid")
def _paid(api: Api) -> dict[str, Any]:
    opened: dict[str, Any] = api.declare().json
    pay(opened, DECLARATION)
    return opened


def slip(api: Api, kind: str, caller: Mapping[str, str] = PORTAL) -> Answer:
    return api.call("GET", f"{DOSSIER}/slips/{kind}", caller=caller)


def officer(api: Api, what: str, body: Any) -> None:
    version = api.call("GET", DOSSIER, caller=PORTAL).json["version"]
    path = f"/v1/officer/dossiers/{CODE}/{what}"
    answer = api.call("POST", path, body, caller=OFFICER_79, headers={"If-Match": f'"{version}"'})
    assert answer.status == 200, answer.text


def data_of(clients: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The data that a stored slip carries."""
    content = clients["s3"].get_object(Bucket="documents", Key=key)["Body"].read()
    with pikepdf.open(io.BytesIO(content)) as opened:
        data: dict[str, Any] = json.loads(opened.attachments["slip.json"].get_file().read_bytes())
    return data


def keys_of(clients: Mapping[str, Any]) -> list[str]:
    return [each["Key"] for each in clients["s3"].list_objects_v2(Bucket="documents").get("Contents", ())]


def test_before_the_payment_there_is_no_slip(api: Api, desk: LambdaDesk) -> None:
    api.declare()
    for kind in SlipKind:
        refused(slip(api, kind), 404, "SLIP_NOT_ISSUED")
    refused(slip(api, "invoice"), 404, "SLIP_KIND_UNKNOWN")
    assert desk.invoked == []


@pytest.mark.usefixtures("paid")
def test_a_receipt_is_drawn_once_and_linked(api: Api, clients: Mapping[str, Any], desk: LambdaDesk) -> None:
    # when the portal asks, and an officer after it
    first, second = slip(api, "receipt"), slip(api, "receipt", OFFICER_79)

    # then both get the same file, which was drawn once
    assert (first.status, second.status) == (200, 200), first.text
    assert first.json["sha256"] == second.json["sha256"]
    assert len(desk.invoked) == 1
    assert (first.json["kind"], first.json["number"]) == ("receipt", 1)
    key = f"slips/2023/02/{CODE}/receipt-1.pdf"
    assert keys_of(clients) == [key]
    assert key in first.json["url"]
    left = datetime.fromisoformat(first.json["expires_at"]) - datetime.now(UTC)
    assert timedelta(0) < left <= timedelta(seconds=LINK_SECONDS)
    data = data_of(clients, key)
    assert data["number"] == f"{CODE}/TN-1"
    assert data["applicant"] == "NGUYỄN THỊ HÒA"
    assert data["received_at"] == "09 giờ 15 phút, ngày 06/02/2023"
    assert data["due_at"] == "17 giờ 00 phút, ngày 13/02/2023"
    assert data["status_page"] == f"https://dichvucong.example/ho-so/{CODE}"


@pytest.mark.usefixtures("paid")
def test_a_slip_says_what_the_dossier_said_then(api: Api, clock: StandingClock, clients: Mapping[str, Any]) -> None:
    # given a name that is corrected by a supplement, and a second request after that
    clock.moment = at("2023-02-08 10:00")
    officer(api, "supplement-request", ASK)
    first = slip(api, "supplement").json
    clock.moment = at("2023-02-09 10:00")
    answer = api.call("POST", f"{DOSSIER}/supplements", SUPPLY, caller=PORTAL)
    assert answer.status == 200, answer.text
    clock.moment = at("2023-02-10 10:00")
    officer(api, "supplement-request", {"reason": "Vẫn thiếu.", "fields": ["phone"]})

    # when the receipt is first asked for now, and the new supplement slip
    receipt, second = slip(api, "receipt").json, slip(api, "supplement").json

    # then each tells its own time
    folder = f"slips/2023/02/{CODE}"
    assert (first["number"], second["number"], receipt["number"]) == (1, 2, 1)
    told = data_of(clients, f"{folder}/receipt-1.pdf")
    assert (told["applicant"], told["due_at"]) == ("NGUYỄN THỊ HÒA", "17 giờ 00 phút, ngày 13/02/2023")
    assert told["address"].startswith("12 Lê Lợi")
    told = data_of(clients, f"{folder}/supplement-1.pdf")
    assert [row["name"] for row in told["items"]] == ["Họ và tên", "Địa chỉ thường trú: số nhà, đường"]
    assert (told["applicant"], told["reason"]) == ("NGUYỄN THỊ HÒA", ASK["reason"])
    told = data_of(clients, f"{folder}/supplement-2.pdf")
    assert told["number"] == f"{CODE}/HDHS-2"
    assert (told["applicant"], told["reason"]) == ("NGUYỄN THỊ HOÀ AN", "Vẫn thiếu.")
    assert told["address"].startswith("14 Lê Lợi")


@pytest.mark.usefixtures("paid")
def test_an_apology_tells_both_dates(api: Api, clock: StandingClock, clients: Mapping[str, Any]) -> None:
    clock.moment = at("2023-02-08 10:00")
    officer(api, "apology", {"reason": "Lỗi ký số.", "new_due_on": "2023-02-15"})
    refused(slip(api, "refusal"), 404, "SLIP_NOT_ISSUED")

    assert slip(api, "apology").status == 200

    told = data_of(clients, f"slips/2023/02/{CODE}/apology-1.pdf")
    assert told["old_due_at"] == "17 giờ 00 phút, ngày 13/02/2023"
    assert told["due_at"] == "17 giờ 00 phút, ngày 15/02/2023"


@pytest.mark.usefixtures("paid")
def test_a_refusal_after_payment_promises_the_money_back(
    api: Api, clock: StandingClock, clients: Mapping[str, Any]
) -> None:
    clock.moment = at("2023-02-08 10:00")
    officer(api, "refusal", {"reason": "Không thuộc đối tượng."})

    assert slip(api, "refusal").status == 200

    told = data_of(clients, f"slips/2023/02/{CODE}/refusal-1.pdf")
    assert told["reason"] == "Không thuộc đối tượng."
    assert "hoàn trả" in told["refund"]
    assert told["due_at"] is None or "13/02/2023" in told["due_at"]


@pytest.mark.usefixtures("paid")
def test_others_see_no_slip(api: Api) -> None:
    refused(slip(api, "receipt", OTHER_PORTAL), 403, "DOSSIER_NOT_ALLOWED")
    refused(slip(api, "receipt", OFFICER_01), 403, "PROVINCE_NOT_ALLOWED")


@pytest.mark.usefixtures("paid")
def test_an_address_that_no_font_can_show_is_told(api: Api, clock: StandingClock, clients: Mapping[str, Any]) -> None:
    """What officers write is refused at the door; a citizen's street may hold anything that can be printed at all."""
    clock.moment = at("2023-02-08 10:00")
    officer(api, "supplement-request", ASK)
    supplied = {**SUPPLY, "permanent_address": {"house_street": "14 陳"}}
    assert api.call("POST", f"{DOSSIER}/supplements", supplied, caller=PORTAL).status == 200
    officer(api, "refusal", {"reason": "Sai họ."})
    refused(slip(api, "refusal"), 409, "SLIP_NOT_PRINTABLE")
    assert keys_of(clients) == []


@pytest.mark.usefixtures("paid")
def test_a_renderer_in_trouble_is_asked_again_later(api: Api, desk: LambdaDesk, w: Wiring) -> None:
    # given a renderer that fails
    def broken(_: Mapping[str, Any]) -> None:
        raise RuntimeError

    w.__dict__["renderer"] = Renderer(LambdaDesk(broken), "cover-renderer")
    answer = slip(api, "receipt")
    refused(answer, 503, "SLIP_NOT_READY")
    assert "Retry-After" in answer.headers

    # when it works again, then the next call has the slip drawn
    w.__dict__["renderer"] = Renderer(desk, "cover-renderer")
    assert slip(api, "receipt").status == 200


@pytest.mark.usefixtures("paid")
def test_a_day_without_a_template_is_not_guessed(api: Api, w: Wiring) -> None:
    def without_template(_: Mapping[str, Any]) -> None:
        raise NotConfigured("LAW_NOT_CONFIGURED", "Chưa có mẫu.")

    w.__dict__["renderer"] = Renderer(LambdaDesk(without_template), "cover-renderer")
    refused(slip(api, "receipt"), 422, "SLIP_TEMPLATE_NOT_CONFIGURED")


@pytest.mark.usefixtures("paid")
def test_a_renderer_that_does_not_answer_is_asked_again_later(api: Api, w: Wiring) -> None:
    class Silent:
        def invoke(self, **_: Any) -> None:
            raise ReadTimeoutError(endpoint_url="https://lambda")

    w.__dict__["renderer"] = Renderer(Silent(), "cover-renderer")
    refused(slip(api, "receipt"), 503, "SLIP_NOT_READY")


@pytest.mark.usefixtures("paid")
def test_the_renderer_draws_nothing_that_was_not_issued(clients: Mapping[str, Any]) -> None:
    with pytest.raises(NotFound):
        render({"schema": 1, "dossier_code": CODE, "slip": "receipt", "number": 2})
    # and what it has drawn it finds again
    asked = {"schema": 1, "dossier_code": CODE, "slip": "receipt", "number": 1}
    assert render(asked) == render(asked)
    assert len(keys_of(clients)) == 1
