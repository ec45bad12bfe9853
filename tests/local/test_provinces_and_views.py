"""A19 and A21 over HTTP: provinces that merge, and who looked at a dossier."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from infra.local.tokens import Issuer, load_issuer

from .harness import LocalRun
from .outside import Json, Outside, person, refused
from .test_slips import data_of, fetched
from .verifying import verify

MONDAY = "2023-02-06T09:00:00+07:00"


@pytest.fixture
def issuer(local_run: LocalRun) -> Issuer:
    return load_issuer(local_run.home / "issuer.pem")


def officer(issuer: Issuer, province: str) -> str:
    return issuer.token({"sub": f"officer-{province}", "role": "officer", "province": [province]})


def test_a19_a_merged_province_keeps_its_past_and_hands_its_queue_over(
    outside: Outside, issuer: Issuer, serials: Iterator[int]
) -> None:
    # given a dossier of Bắc Giang (24) of 2023, and one of Bắc Ninh (27) opened just before the merger
    outside.client.set_clock(MONDAY)
    declared = person(next(serials), province="24")
    old = outside.pay(declared, outside.declare(declared), MONDAY)["dossier_code"]
    outside.client.set_clock("2025-06-30T09:00:00+07:00")
    assert named(outside, "24", "2025-06-30") == "Bắc Giang"
    declared = person(next(serials), province="27", from_month="2025-06")
    last = outside.pay(declared, outside.declare(declared), "2025-06-30T09:00:00+07:00")["dossier_code"]
    path = f"/v1/dossiers/{last}"
    successor = officer(issuer, "24")
    refused(outside.client.call("GET", path, who=successor), 403, "PROVINCE_NOT_ALLOWED")

    # when the code changes its owner
    outside.client.set_clock("2025-07-01T09:00:00+07:00")

    # then the code means another province, the queue is worked by it, and the dossier keeps its own code
    assert named(outside, "24", "2025-07-01") == "Bắc Ninh"
    assert named(outside, "24", "2025-06-30") == "Bắc Giang"
    assert outside.client.call("GET", path, who=successor).status == 200
    rows = outside.rows("/v1/officer/dossiers", successor)
    assert {(row["dossier_code"], row["province_code"]) for row in rows} >= {(old, "24"), (last, "27")}
    # and what reports of 2023 still says Bắc Giang: the receipt, drawn now for the first time
    data = data_of(fetched(outside, old, "receipt")[1])
    assert "Bắc Giang" in str(data), data
    assert "Bắc Ninh" not in str(data), data
    figures = outside.client.call(
        "GET", "/v1/officer/statistics?from=2023-02-01&to=2023-02-28&province=24", who=successor
    )
    assert figures.status == 200, figures.body


def named(outside: Outside, code: str, day: str) -> str:
    """What a code means on a day."""
    rows: list[Json] = outside.client.call("GET", f"/v1/provinces?on={day}").body["items"]
    (name,) = [row["name"] for row in rows if row["code"] == code]
    return str(name)


def test_a21_every_look_is_written_and_its_citizen_reads_it(outside: Outside, serial: int) -> None:
    # given a dossier of province 79
    outside.client.set_clock(MONDAY)
    code = outside.declare(person(serial))["dossier_code"]
    path = f"/v1/dossiers/{code}"
    version = outside.client.dossier(code)["version"]

    # when an officer of province 01 tries, and one of 79 looks for a reason
    refused(outside.client.call("GET", path, who="officer_01"), 403, "PROVINCE_NOT_ALLOWED")
    reason = {"X-View-Reason": "%C4%91%E1%BB%91i%20chi%E1%BA%BFu"}
    assert outside.client.call("GET", path, who="officer_79", headers=reason).status == 200
    assert outside.client.call("GET", f"{path}?view_reason=khi%E1%BA%BFu%20n%E1%BA%A1i", who="signer_79").status == 200

    # then all three stand in the log with actor, reason and time, and the citizen reads agency, role and purpose
    reply = outside.client.call("GET", f"{path}/views", who="portal")
    assert reply.status == 200, reply.body
    told = [(item["agency"], item["role"], item["reason"], item["allowed"]) for item in reply.body["items"]]
    assert told == [
        ("BHXH Thành phố Hồ Chí Minh", "signer", "khiếu nại", True),
        ("BHXH Thành phố Hồ Chí Minh", "officer", "đối chiếu", True),
        ("BHXH Hà Nội", "officer", "xử lý hồ sơ", False),
    ]
    stored = [item for (pk, _), item in sorted(outside.table().items()) if pk == f"VIEWS#{code}"]
    assert [item["actor"]["S"] for item in stored] == ["officer-01", "officer-79", "signer-79"]
    assert [item["previous_hash"]["S"] for item in stored] == ["0" * 64, *(item["hash"]["S"] for item in stored[:-1])]
    assert outside.client.dossier(code)["version"] == version


def test_a21_the_chains_verify_and_an_edit_does_not(outside: Outside, issuer: Issuer, serial: int) -> None:
    # given a dossier that was paid and looked at on a day, whose end the night has fixed
    outside.client.set_clock("2023-03-06T09:00:00+07:00")
    declared = person(serial, from_month="2023-03")
    opened = outside.declare(declared)
    code = opened["dossier_code"]
    outside.pay(declared, opened, "2023-03-06T09:00:00+07:00")
    assert outside.client.call("GET", f"/v1/dossiers/{code}", who="officer_79").status == 200
    outside.client.set_clock("2023-03-07T00:30:00+07:00")
    assert anchored(outside) == ["2023-03-06"]

    # when the verifier reads the table and the anchors, then everything is as it was written
    status, told = verify(outside.client, f"DOSSIER#{code}")
    assert (status, told[-1].partition(": ")[2]) == (0, "everything is as it was written"), told

    # and when somebody edits a look in the table, then the line is named
    table = outside.client.aws("dynamodb")
    key = {"PK": {"S": f"VIEWS#{code}"}, "SK": {"S": "VIEW#00000001"}}
    item = table.get_item(TableName=outside.client.endpoints["table"], Key=key)["Item"]
    forged = {**item, "actor": {"S": "somebody-else"}}
    table.put_item(TableName=outside.client.endpoints["table"], Item=forged)
    status, told = verify(outside.client, f"DOSSIER#{code}")
    assert (status, told[0]) == (1, f"VIEWS#{code} line 1: altered")
    table.put_item(TableName=outside.client.endpoints["table"], Item=item)


def anchored(outside: Outside) -> list[str]:
    """Run the nightly anchor; the days that it fixed."""
    functions = outside.client.aws("lambda")
    names = [each["FunctionName"] for each in functions.list_functions()["Functions"]]
    (name,) = [each for each in names if each.endswith("audit-anchor")]
    event: Json = {
        "version": "0",
        "id": "1",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "1",
    }
    event |= {"time": "2023-03-06T17:30:00Z", "region": "r", "resources": [], "detail": {}}
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    return list(json.loads(answer["Payload"].read())["anchored"])
