"""The verifier and the daily anchors over a whole day's work: what is edited is found, whoever edits it."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib import audit
from chalicelib.domain.access import Caller, Role
from chalicelib.domain.events import GENESIS
from chalicelib.domain.oversight.chains import digest_of, read_anchor
from chalicelib.domain.people.views import Look, Seen
from chalicelib.storage import keys
from chalicelib.storage.codec import encode
from chalicelib.storage.items.audit import act_item, lines_from
from chalicelib.usecases.oversight.anchor_chains import anchor_days
from chalicelib.usecases.people.log_view import log_view
from chalicelib.workflows.anchor import audit_anchor
from tests.support.cloud import Crash, boto_clients
from tests.support.house import HOA, House

CODE = "000.00.79.G24-230206-0001"
MONDAY, TUESDAY = date(2023, 2, 6), date(2023, 2, 7)
OFFICER = Caller("officer-79", Role.OFFICER, provinces=frozenset({"79"}))
EVENT = {
    "version": "0",
    "id": "1",
    "detail-type": "Scheduled Event",
    "source": "aws.scheduler",
    "account": "1",
    "time": "2023-02-06T17:30:00Z",
    "region": "r",
    "resources": [],
}


@pytest.fixture(name="busy")
def _busy(house: House) -> House:
    """Two dossiers on Monday, one of which is looked at twice; another look on Tuesday."""
    house.paid()
    house.opened(replace(HOA, personal_id="079185012346", national_code=None), key="other")
    for _ in range(2):
        log_view(CODE, Look(Seen.DOSSIER), OFFICER, house.w)
    house.clock.moment += timedelta(days=1)
    log_view(CODE, Look(Seen.COVER), OFFICER, house.w)
    return house


def anchors(folder: Path, house: House) -> Path:
    """What the nights of Monday and Tuesday fix, copied to a folder."""
    house.clock.moment = datetime(2023, 2, 7, 0, 30, tzinfo=house.clock.moment.tzinfo)
    assert audit_anchor({**EVENT, "detail": {}}, None) == {"anchored": {"2023-02-06": 3}}
    house.clock.moment += timedelta(days=1)
    assert audit_anchor({**EVENT, "detail": {}}, None) == {"anchored": {"2023-02-07": 1}}
    folder.mkdir(exist_ok=True)
    for name, text in house.w.anchors.all():
        (folder / name.rpartition("/")[2]).write_text(text, "utf-8")
    return folder


def export(path: Path, house: House, *, plain: bool = False) -> Path:
    """The table as DynamoDB exports it."""
    rows = [row if plain else {"Item": row} for row in house.cloud.rows().values()]
    lines = [json.dumps(row, ensure_ascii=False, default=lambda raw: base64.b64encode(raw).decode()) for row in rows]
    text = "\n".join([*lines, ""])
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def verify(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, str]:
    status = audit.main([str(argument) for argument in arguments])
    return status, capsys.readouterr().out


def put(key: keys.Key, **changes: Any) -> None:
    """Edit an item behind everybody's back."""
    client = boto_clients()["dynamodb"]
    where = {"PK": {"S": key[0]}, "SK": {"S": key[1]}}
    item = client.get_item(TableName="bhxh", Key=where)["Item"]
    client.put_item(TableName="bhxh", Item=item | {name: encode(value) for name, value in changes.items()})


def remove(key: keys.Key) -> None:
    boto_clients()["dynamodb"].delete_item(TableName="bhxh", Key={"PK": {"S": key[0]}, "SK": {"S": key[1]}})


def test_what_was_written_verifies(busy: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = anchors(tmp_path / "anchors", busy)
    for name, plain in (("a.json.gz", False), ("b.json", True)):
        status, told = verify(capsys, "--export", export(tmp_path / name, busy, plain=plain), "--anchors", folder)
        assert (status, told.splitlines()) == (0, [told.strip()]), told
        assert told.startswith("3 chains, ")
        assert told.endswith("2 anchors: everything is as it was written\n")
    monday, tuesday = ((folder / f"2023-02-0{day}.jsonl").read_text("utf-8") for day in (6, 7))
    assert read_anchor(tuesday).previous == digest_of(monday)
    (entry,) = read_anchor(tuesday).entries
    assert (entry.chain, entry.number) == (f"VIEWS#{CODE}", 3)


Edit = Callable[[House], None]


def rewrite(house: House) -> None:
    """Somebody with every right to the table makes another history, hashes and head included."""
    previous = GENESIS
    for item in house.w.table.query(keys.dossier_partition(CODE), keys.AUDIT):
        made = []
        for line in lines_from(item):
            made.append(replace(line, actor="nobody", previous_hash=previous, hash="").sealed())
            previous = made[-1].hash
        put(keys.audit(CODE, made[-1].version), **act_item(made))
    put(keys.dossier(CODE), audit_hash=previous)


def earlier(house: House, said: str | None, instead: str) -> None:
    """Change, or with None take out, what the voucher's decision tells before its last line."""
    (item,) = house.w.table.query_between(f"DOSSIER#{CODE}", *(keys.audit(CODE, 3)[1],) * 2)
    told = str(item["lines"])
    assert (said or "RECEIVED") in told
    put(keys.audit(CODE, 3), lines=json.dumps(json.loads(told)[:1]) if said is None else told.replace(said, instead))


EDITS: tuple[tuple[str, Edit, str], ...] = (
    ("a line", lambda _: put(keys.audit(CODE, 3), reason="khác"), f"DOSSIER#{CODE} line 3: altered"),
    (
        "a line before it",
        lambda house: earlier(house, "RECEIVED", "COMPLETED"),
        f"DOSSIER#{CODE} line 3: does not follow",
    ),
    ("a line before it removed", lambda house: earlier(house, None, ""), f"DOSSIER#{CODE} line 2: missing"),
    ("a decision removed", lambda _: remove(keys.audit(CODE, 1)), f"DOSSIER#{CODE} line 1: missing"),
    ("the number of a line", lambda _: put(keys.audit(CODE, 3), version=4), f"DOSSIER#{CODE} line 2: altered"),
    ("a head", lambda _: put(keys.dossier(CODE), audit_hash="f" * 64), "its head names another line"),
    ("a look", lambda _: put(keys.view(CODE, 1), actor="somebody"), f"VIEWS#{CODE} line 1: altered"),
    ("a form", lambda _: put(keys.audit(CODE, 3), event="NOTHING"), f"DOSSIER#{CODE} AUDIT#00000003: altered"),
    ("a hash", lambda _: put(keys.audit(CODE, 3), hash="xyz"), f"DOSSIER#{CODE} AUDIT#00000003: altered"),
)


def test_an_edit_is_found_without_anchors(busy: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bring_back = busy.cloud.save()
    for what, edit, told in EDITS:
        bring_back()
        edit(busy)
        status, said = verify(capsys, "--export", export(tmp_path / "all.json", busy))
        assert status == 1, what
        assert told in said, what
        assert said.splitlines()[-1].endswith("findings"), what


def test_a_whole_history_rewritten_or_cut_off_is_found_by_the_anchors(
    busy: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = anchors(tmp_path / "anchors", busy)
    rewrite(busy)
    remove(keys.view(CODE, 3))
    file = export(tmp_path / "all.json", busy)
    assert verify(capsys, "--export", file)[0] == 0, "in itself it is sound"
    status, told = verify(capsys, "--export", file, "--anchors", folder)
    assert status == 1
    assert f"DOSSIER#{CODE} line" in told
    assert "rewritten since it was anchored (2023-02-06)" in told
    assert f"VIEWS#{CODE} line 3: missing (2023-02-07)" in told
    # One chain alone: the other's findings are not told.
    status, told = verify(capsys, "--export", file, "--anchors", folder, "--chain", f"VIEWS#{CODE}")
    assert "rewritten" not in told
    assert status == 1


def test_an_anchor_that_was_edited_or_taken_out_is_found(
    busy: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = anchors(tmp_path / "anchors", busy)
    file = export(tmp_path / "all.json", busy)
    monday = folder / "2023-02-06.jsonl"
    honest = monday.read_text("utf-8")
    monday.write_text(honest.replace('"DOSSIER', '"DOSSlER', 1), "utf-8")
    assert (
        "2023-02-06.jsonl: the root of the anchor does not hold"
        in verify(capsys, "--export", file, "--anchors", folder)[1]
    )
    # One that holds in itself, but is not the one that the next day names.
    forged = replace(read_anchor(honest), entries=read_anchor(honest).entries[:1]).text()
    monday.write_text(forged, "utf-8")
    status, told = verify(capsys, "--export", file, "--anchors", folder)
    assert (status, told.splitlines()[0]) == (1, "2023-02-07.jsonl: does not follow the anchor of 2023-02-06")


def test_the_table_itself_and_the_bucket(
    busy: House, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    anchors(tmp_path / "anchors", busy)
    monkeypatch.setattr(audit, "_client", boto_clients().__getitem__)
    status, told = verify(capsys, "--table", "bhxh", "--anchors-bucket", "anchors")
    assert (status, told.split(",")[0]) == (0, "3 chains")
    status, told = verify(capsys, "--table", "bhxh", "--chain", f"DOSSIER#{CODE}")
    assert (status, told.split(",")[0]) == (0, "2 chains"), "a dossier with its views"
    put(keys.audit(CODE, 1), actor="somebody")
    assert verify(capsys, "--table", "bhxh", "--chain", f"DOSSIER#{CODE}")[0] == 1
    assert verify(capsys, "--table", "bhxh", "--chain", f"VIEWS#{CODE}")[0] == 0


def test_what_cannot_be_read_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.json").write_text("no JSON\n", "utf-8")
    assert audit.main(["--export", str(tmp_path / "bad.json")]) == 2
    assert audit.main(["--export", str(tmp_path / "missing.json")]) == 2
    with pytest.raises(SystemExit) as ended:
        audit.main([])
    assert ended.value.code == 2


def test_more_findings_than_one_wants_to_read_are_counted(
    busy: House, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "SHOWN", 1)
    put(keys.audit(CODE, 1), actor="somebody")
    put(keys.view(CODE, 1), actor="somebody")
    told = verify(capsys, "--export", export(tmp_path / "all.json", busy))[1].splitlines()
    assert told[1:2] == ["... and 1 more"]


def test_a_night_that_was_missed_is_made_up_for_and_nothing_is_written_twice(busy: House) -> None:
    w = busy.w
    busy.clock.moment = datetime(2023, 2, 7, 0, 30, tzinfo=busy.clock.moment.tzinfo)
    assert anchor_days(w) == {"2023-02-06": 3}
    assert anchor_days(w) == {}
    busy.clock.moment += timedelta(days=3)
    assert anchor_days(w) == {"2023-02-07": 1, "2023-02-08": 0, "2023-02-09": 0}
    texts = [text for _, text in w.anchors.all()]
    assert [read_anchor(text).previous for text in texts[1:]] == [digest_of(text) for text in texts[:-1]]
    # Longer than a week: the chain of anchors begins anew, and the verifier sees the gap in the names.
    busy.clock.moment += timedelta(days=30)
    assert list(anchor_days(w)) == ["2023-03-11"]
    # A day by hand; what stands already stays.
    assert audit_anchor({**EVENT, "detail": {"day": "2023-02-06"}}, None) == {"anchored": {}}
    assert audit_anchor({**EVENT, "detail": {"day": "2023-03-01"}}, None) == {"anchored": {"2023-03-01": 0}}


def dies(house: House, number: int, *, after: bool) -> bool:
    """One run whose call of this number kills it; False where there is no such call any more."""
    house.cloud.calls.forget()
    house.cloud.calls.crash_at, house.cloud.calls.after = number, after
    try:
        anchor_days(house.w)
    except Crash:
        return True
    finally:
        house.cloud.calls.forget()
    return False


@pytest.mark.parametrize("after", (False, True))
def test_a_night_that_dies_is_done_by_the_next_try(busy: House, after: bool) -> None:
    busy.clock.moment = datetime(2023, 2, 7, 0, 30, tzinfo=busy.clock.moment.tzinfo)
    number = 0
    while dies(busy, number, after=after):
        number += 1
    assert number >= 10, "reads of both days, eight lists, one write"
    ((_, text),) = busy.w.anchors.all()
    assert (read_anchor(text).day, len(read_anchor(text).entries)) == (MONDAY, 3)
    assert busy.w.anchors.write(MONDAY, "another") is False
    assert busy.w.anchors.read(MONDAY) == text
    assert busy.w.anchors.read(TUESDAY) is None
