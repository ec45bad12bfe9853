"""Mixed traffic as a day has it: many look and price, some register and pay, officers work their lists and sign.

Run by tests/load/__main__.py, in an environment of its own: nothing of the repository is imported here.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from locust import HttpUser, User, between, events, task

ENDPOINTS: dict[str, Any] = json.loads(Path(os.environ["ENDPOINTS"]).read_text("utf-8"))
DECLARATION: dict[str, Any] = json.loads(os.environ["DECLARATION"])
VOUCHER: dict[str, Any] = json.loads(os.environ["VOUCHER"])
TOKENS = ENDPOINTS["tokens"]
SERIALS = itertools.count(int(os.environ.get("FIRST_SERIAL", "1")))
QUOTE: dict[str, Any] = json.loads(os.environ["QUOTE"])
SQS = boto3.client(
    "sqs",
    endpoint_url=ENDPOINTS["aws"],
    region_name=ENDPOINTS["region"],
    aws_access_key_id="000000000000",
    aws_secret_access_key="local",
)


def bearer(who: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[who]}", **more}


class Citizen(HttpUser):
    """Somebody at the portal: prices, registers, pays, looks how it goes."""

    weight = 9
    wait_time = between(0.2, 1.0)

    def on_start(self) -> None:
        self.codes: list[str] = []

    @task(6)
    def price(self) -> None:
        self.client.post("/v1/quotes", json=QUOTE, name="quote")

    @task(1)
    def provinces(self) -> None:
        self.client.get("/v1/provinces?on=2025-08-01", name="provinces")

    @task(3)
    def register_and_pay(self) -> None:
        serial = next(SERIALS)
        person = {
            **DECLARATION,
            "personal_id": f"079185{serial:06d}",
            "national_code": f"000.00.00.G24-230206-{serial:06d}",
        }
        headers = bearer("portal", **{"Idempotency-Key": str(uuid.uuid4())})
        answer = self.client.post("/v1/dossiers", json=person, headers=headers, name="register")
        if answer.status_code != 201:
            return
        code = answer.json()["dossier_code"]
        self.codes.append(code)
        if random.random() < 0.8:
            self._pay(code, person, serial)

    def _pay(self, code: str, person: dict[str, Any], serial: int) -> None:
        voucher = {
            **VOUCHER,
            "message_id": str(uuid.uuid4()),
            "voucher_id": f"KT79-LOAD-{serial:07d}",
            "receipt": {"symbol": "BH23-79/L", "number": f"{serial:07d}", "date": "2023-02-06"},
            "dossier_code": code,
            "personal_id": person["personal_id"],
            "paid_at": datetime.fromisoformat(VOUCHER["paid_at"]).isoformat(),
            "bank_txn_id": f"FTL{serial:09d}",
        }
        SQS.send_message(QueueUrl=ENDPOINTS["voucher_queue_url"], MessageBody=json.dumps(voucher))

    @task(8)
    def look(self) -> None:
        if self.codes:
            code = random.choice(self.codes)
            self.client.get(f"/v1/dossiers/{code}", headers=bearer("portal"), name="dossier")


class Officer(HttpUser):
    """Somebody at a desk of Thành phố Hồ Chí Minh."""

    weight = 1
    wait_time = between(1.0, 3.0)

    @task(3)
    def work_list(self) -> None:
        self.client.get("/v1/officer/dossiers?limit=50", headers=bearer("officer_79"), name="work list")

    @task(1)
    def statistics(self) -> None:
        self.client.get(
            "/v1/officer/statistics?from=2023-02-01&to=2023-02-28", headers=bearer("officer_79"), name="statistics"
        )

    @task(3)
    def sign(self) -> None:
        listed = self.client.get("/v1/officer/covers?limit=20", headers=bearer("signer_79"), name="cover list")
        items = listed.json()["items"] if listed.status_code == 200 else []
        if not items:
            return
        chosen = random.choice(items)
        headers = bearer("signer_79", **{"If-Match": f'"{chosen["version"]}"', "Idempotency-Key": str(uuid.uuid4())})
        path = f"/v1/officer/covers/{chosen['cover_id']}/issue"
        with self.client.post(path, headers=headers, name="sign", catch_response=True) as answer:
            # Another officer may have been quicker: that is no error of the system.
            if answer.status_code in (202, 409, 412):
                answer.success()


class Portal(User):
    """The portal's own machine: hears the status messages and takes them off its queue."""

    fixed_count = 1
    wait_time = between(0.2, 0.5)

    @task
    def hear(self) -> None:
        queue = ENDPOINTS["status_queue_url"]
        while heard := SQS.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            handles = [{"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]} for number, each in enumerate(heard)]
            SQS.delete_message_batch(QueueUrl=queue, Entries=handles)


@events.quitting.add_listener
def judge(environment: Any, **_: Any) -> None:
    """An error fails the run."""
    environment.process_exit_code = 1 if environment.stats.total.fail_ratio > 0 else 0
