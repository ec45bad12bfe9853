"""The audit of stored covers: a lost or altered file is noticed, within the limits of a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from chalicelib.domain.months import VIETNAM
from chalicelib.usecases.covers import draw_cover as drawing
from chalicelib.usecases.covers.audit_files import ALTERED, CERTIFICATE_EXPIRING, FIRST_DAY, LOST, audit_files
from chalicelib.usecases.covers.draw_cover import draw_cover
from chalicelib.workflows.sweep import sweeper
from tests.support.cloud import boto_clients
from tests.support.environment import BUCKET
from tests.support.house import House, person
from tests.workflows.house import SWEEP_EVENT

NEXT_DAY = datetime(2023, 2, 7, 2, 0, tzinfo=VIETNAM)


@pytest.fixture(name="issued")
def _issued(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Two covers, issued on 06/02/2023; it is the night after."""
    monkeypatch.setattr(drawing, "render_cover", lambda view, _: b"%PDF of " + view.serial.encode())
    monkeypatch.setattr(drawing, "sign_cover", lambda page, *_: page)
    for number in (1, 2):
        code = house.paid(person(number), number=number)
        house.issue(code)
        file = draw_cover(f"{code}-C1", code, house.w)
        told = {"key": file.key, "sha256": file.sha256, "size": file.size, "template_version": file.template_version}
        house.cover_step(code, "RECORD_ISSUE", **told)
    house.clock.moment = NEXT_DAY
    # The lists of one province are enough, and sixty times as quick.
    monkeypatch.setattr(type(house.w.law.provinces), "codes", lambda _: frozenset({"79"}))
    return house


def keys_of(house: House) -> list[str]:
    return sorted(house.cloud.objects())


def test_what_is_as_it_was_is_no_finding(issued: House) -> None:
    done = audit_files(issued.w, older_days=0)
    assert (done.files, done.findings) == (2, ())


def test_a_lost_file(issued: House, caplog: pytest.LogCaptureFixture) -> None:
    lost = keys_of(issued)[0]
    boto_clients()["s3"].delete_object(Bucket=BUCKET, Key=lost)
    done = audit_files(issued.w, older_days=0)
    assert (done.files, done.findings) == (2, (LOST,))
    told = [record.__dict__["facts"] for record in caplog.records if record.levelname == "ERROR"]
    assert told == [{"reason": LOST, "cover_id": lost.split("/")[3]}]


@pytest.mark.parametrize("content", (b"", b"%PDF of somebody else", b"%PDF of 000.00.79.G24-230206-0001-C2"))
def test_an_altered_file(issued: House, content: bytes) -> None:
    """Whatever its metadata say: the bytes are read."""
    key = keys_of(issued)[0]
    client = boto_clients()["s3"]
    metadata = client.head_object(Bucket=BUCKET, Key=key)["Metadata"]
    client.put_object(Bucket=BUCKET, Key=key, Body=content, Metadata=metadata)
    assert audit_files(issued.w, older_days=0).findings == (ALTERED,)


def test_it_goes_through_the_days_in_turn_and_begins_again(issued: House) -> None:
    issued.clock.moment = datetime(2023, 1, 5, 2, 0, tzinfo=VIETNAM)
    assert audit_files(issued.w, older_days=2).next_day == FIRST_DAY + timedelta(days=2)
    # Yesterday is looked at anyhow: after the day before it comes the first one.
    assert audit_files(issued.w, older_days=2).next_day == FIRST_DAY + timedelta(days=1)
    issued.clock.moment = NEXT_DAY + timedelta(days=3)
    assert audit_files(issued.w, older_days=37).files == 2


def test_a_run_is_bounded_and_the_day_is_gone_through_again(issued: House) -> None:
    issued.clock.moment = NEXT_DAY + timedelta(days=3)
    first = audit_files(issued.w, older_days=60, most=1)
    assert (first.files, first.next_day) == (1, date(2023, 2, 6))
    again = audit_files(issued.w, older_days=1, most=5)
    assert (again.files, again.next_day) == (2, date(2023, 2, 7))


def test_a_certificate_near_its_end(issued: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (certificate,) = issued.w.signing_keys.certificates()
    ending = replace(certificate, not_after=NEXT_DAY + timedelta(days=59))
    monkeypatch.setattr(type(issued.w.signing_keys), "certificates", lambda _: (ending,))
    assert audit_files(issued.w, older_days=0).findings == (CERTIFICATE_EXPIRING,)
    monkeypatch.setattr(type(issued.w.signing_keys), "certificates", lambda _: ())
    assert audit_files(issued.w, older_days=0).findings == (CERTIFICATE_EXPIRING,)


def test_by_its_schedule(issued: House) -> None:
    event = {**SWEEP_EVENT, "detail": {"task": "audit-files", "older_days": 1}}
    assert sweeper(event, None) == {"files": 2, "findings": (), "next_day": "2023-01-02"}
