"""The doors of a cover's life over HTTP: what they ask for, and how they answer."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from tests.integration.http.harness import OFFICER_79, SIGNER_79, Answer, Api
from tests.support.fixtures import Beginnings
from tests.support.house import House

CODE = "000.00.79.G24-230206-0001"
COVER = f"/v1/officer/covers/{CODE}-C1"
WHY = {"reason": "Chứng từ đóng đã bị hủy."}


@pytest.fixture(name="api")
def _api(house: House, beginnings: Beginnings) -> Api:
    """The application, with the issued cover of scenario A1."""
    beginnings.tell(house, _issue)
    return Api(importlib.import_module("app").app)


def _issue(house: House) -> None:
    house.paid()
    house.issue(CODE)
    file = {"key": house.cover(CODE).object_key, "sha256": "ab" * 32, "size": 9, "template_version": "t"}
    house.cover_step(CODE, "RECORD_ISSUE", **file)


def post(
    api: Api, path: str, body: Any, version: int | None = 3, caller: Any = OFFICER_79, key: str | None = None
) -> Answer:
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    if key is not None:
        headers["Idempotency-Key"] = key
    return api.call("POST", f"{COVER}/{path}", body, caller=caller, headers=headers)


def test_a_revocation_from_the_request_to_the_approval(api: Api) -> None:
    asked = post(api, "revocation", WHY, key="a")
    assert (asked.status, asked.headers["ETag"], asked.json["state"]) == (202, '"4"', "ISSUED")
    assert asked.json["revocation"]["requested_by"] == "officer-79"
    again = post(api, "revocation", WHY, key="a")
    assert (again.text, again.headers["Idempotent-Replayed"]) == (asked.text, "true")
    assert post(api, "revocation", WHY, 4).json["code"] == "REVOCATION_PENDING"
    withdrawn = post(api, "revocation/withdrawal", {"reason": "Nhầm."}, 4)
    assert (withdrawn.status, withdrawn.json["revocation"]) == (200, None)
    assert post(api, "revocation", WHY, 5).status == 202
    approved = post(api, "revocation/approval", {}, 6, SIGNER_79)
    assert (approved.status, approved.json["state"], approved.json["version"]) == (200, "REVOKED", 7)
    assert approved.json["ended_at"] == "2023-02-06T09:15:00+07:00"


def test_the_dossier_tells_the_citizen(api: Api) -> None:
    post(api, "revocation", WHY)
    post(api, "revocation/approval", None, 4, SIGNER_79)
    cover = api.call("GET", f"/v1/dossiers/{CODE}", caller=OFFICER_79).json["cover"]
    assert (cover["state"], cover["ended_at"]) == ("REVOKED", "2023-02-06T09:15:00+07:00")


@pytest.mark.parametrize(
    ("path", "body", "version", "status", "code"),
    (
        ("revocation", WHY, None, 428, "IF_MATCH_REQUIRED"),
        ("revocation", WHY, 2, 412, "VERSION_CONFLICT"),
        ("revocation", {}, 3, 422, "REQUIRED"),
        ("revocation", {**WHY, "more": 1}, 3, 422, "UNKNOWN_FIELD"),
        ("revocation/approval", {}, 3, 409, "REVOCATION_NOT_REQUESTED"),
        ("revocation/withdrawal", WHY, 3, 409, "REVOCATION_NOT_REQUESTED"),
        ("reissue", {"corrections": {}}, 3, 422, "REQUIRED"),
        ("reissue", {**WHY, "corrections": {"personal_id": "1"}}, 3, 422, "UNKNOWN_FIELD"),
    ),
)
def test_what_is_refused(api: Api, path: str, body: Any, version: int | None, status: int, code: str) -> None:
    answer = post(api, path, body, version, SIGNER_79)
    assert (answer.status, answer.json["code"]) == (status, code)


def test_a_reissue_names_each_correction_that_does_not_hold(api: Api) -> None:
    wrong = {"full_name": "X9", "gender": "NAM", "birth_date": "1985-13"}
    answer = post(api, "reissue", {**WHY, "corrections": wrong})
    assert answer.status == 422
    assert {field for field, _ in answer.codes} >= {"corrections.full_name", "corrections.birth_date"}
    made = post(api, "reissue", {**WHY, "corrections": {"full_name": "Nguyễn Thị Hoa", "gender": None}})
    assert (made.status, made.json["cover_id"], made.json["replaces"]) == (202, f"{CODE}-C2", f"{CODE}-C1")
    assert post(api, "reissue", WHY, 4).json["code"] == "REISSUE_PENDING"


def test_a_campaign_over_http(api: Api) -> None:
    path = "/v1/officer/covers/campaigns"
    body, key = {"province_code": "79"}, {"Idempotency-Key": "k"}
    assert api.call("POST", path, body, caller=SIGNER_79).json["code"] == "IDEMPOTENCY_KEY_REQUIRED"
    assert api.call("POST", path, {"province_code": "7"}, caller=SIGNER_79, headers=key).status == 422
    # The one that waits is the successor of a cover that is to be issued again.
    assert api.call("POST", path, body, caller=SIGNER_79, headers=key).json["code"] == "CAMPAIGN_EMPTY"
    post(api, "reissue", WHY)
    started = api.call("POST", path, body, caller=SIGNER_79, headers=key)
    assert (started.status, started.json["count"], started.json["state"]) == (202, 1, "RUNNING")
    again = api.call("POST", path, body, caller=SIGNER_79, headers=key)
    assert (again.text, again.headers["Idempotent-Replayed"]) == (started.text, "true")
    shown = api.call("GET", f"{path}/{started.json['campaign_id']}", caller=OFFICER_79)
    assert (shown.status, shown.json) == (200, started.json)
    assert api.call("GET", f"{path}/unknown", caller=OFFICER_79).json["code"] == "CAMPAIGN_NOT_FOUND"
