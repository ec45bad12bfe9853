"""The floor: what anybody would write with Chalice, pydantic and boto3 to keep one thing, and no more.

One query, one transaction of three items, a client made at import. It checks nothing, knows no law, keeps no
trail and answers no replay: what our figures are above it is what those cost.
"""

from __future__ import annotations

import os
import uuid

import boto3
from chalice.app import Chalice, Response, SQSEvent
from pydantic import BaseModel

TABLE = os.environ.get("TABLE_NAME", "floor")

app = Chalice(app_name="floor")
dynamodb = boto3.client("dynamodb")


class Declaration(BaseModel):
    personal_id: str
    full_name: str
    birth_date: str
    income: int
    method: str
    from_month: str


class Registered(BaseModel):
    dossier_code: str
    state: str
    amount: int


class Voucher(BaseModel):
    voucher_id: str
    dossier_code: str
    amount_received: int
    paid_at: str


@app.route("/v1/dossiers", methods=["POST"])
def register() -> Response:
    request = app.current_request
    assert request is not None
    declaration = Declaration.model_validate_json(request.raw_body)
    before = _items_of(f"PERSON#{declaration.personal_id}")
    code = f"FLOOR-{len(before)}-{uuid.uuid4().hex}"
    dossier = {
        "PK": {"S": f"DOSSIER#{code}"},
        "SK": {"S": "META"},
        "state": {"S": "AWAITING_PAYMENT"},
        "full_name": {"S": declaration.full_name},
        "birth_date": {"S": declaration.birth_date},
        "income": {"N": str(declaration.income)},
        "method": {"S": declaration.method},
        "from_month": {"S": declaration.from_month},
    }
    person = {"PK": {"S": f"PERSON#{declaration.personal_id}"}, "SK": {"S": f"DOSSIER#{code}"}, "state": {"S": "OPEN"}}
    _write(dossier, person, _audit(code, "OPENED"))
    answer = Registered(dossier_code=code, state="AWAITING_PAYMENT", amount=declaration.income * 22 // 100)
    return Response(body=answer.model_dump_json(), status_code=201, headers={"Content-Type": "application/json"})


@app.on_sqs_message(queue="vouchers", batch_size=10)
def voucher_consumer(event: SQSEvent) -> None:
    for record in event:
        voucher = Voucher.model_validate_json(record.body)
        _items_of(f"DOSSIER#{voucher.dossier_code}")
        period = {
            "PK": {"S": f"DOSSIER#{voucher.dossier_code}"},
            "SK": {"S": f"VOUCHER#{voucher.voucher_id}"},
            "amount": {"N": str(voucher.amount_received)},
            "paid_at": {"S": voucher.paid_at},
        }
        claim = {"PK": {"S": f"VOUCHER#{voucher.voucher_id}"}, "SK": {"S": "VOUCHER"}, "state": {"S": "APPLIED"}}
        _write(period, claim, _audit(voucher.dossier_code, "PAID"))


def _audit(code: str, event: str) -> dict[str, dict[str, str]]:
    return {"PK": {"S": f"DOSSIER#{code}"}, "SK": {"S": f"AUDIT#{uuid.uuid4().hex}"}, "event": {"S": event}}


def _items_of(partition: str) -> list[dict[str, dict[str, str]]]:
    answer = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="PK = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}},
        ConsistentRead=True,
    )
    items: list[dict[str, dict[str, str]]] = answer["Items"]
    return items


def _write(*items: dict[str, dict[str, str]]) -> None:
    dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": TABLE, "Item": item, "ConditionExpression": "attribute_not_exists(PK)"}}
            for item in items
        ]
    )
