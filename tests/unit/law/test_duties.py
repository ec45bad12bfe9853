"""How long data is kept: what the table says is what the code and the template do."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.law import DATA
from chalicelib.law import duties as module
from chalicelib.law.duties import duties
from chalicelib.storage.items.deliveries import LOG_DAYS
from chalicelib.usecases.answers import KEPT_SECONDS
from infra.merge import merged_overlay

TEMPLATE = merged_overlay("production")
BY_STAGE = TEMPLATE["Mappings"]["ByStage"]["production"]


def test_what_is_deleted_is_deleted_when_the_table_says() -> None:
    assert duties().days_kept("deliveries") == LOG_DAYS
    assert duties().days_kept("answers") * 24 * 3600 == KEPT_SECONDS
    assert BY_STAGE["LogDays"] == duties().days_kept("logs")
    queues = [each["Properties"] for each in TEMPLATE["Resources"].values() if each.get("Type") == "AWS::SQS::Queue"]
    assert {queue["MessageRetentionPeriod"] for queue in queues} == {duties().days_kept("messages") * 24 * 3600}


def test_what_stays_is_locked_for_as_long() -> None:
    for name in ("audit", "documents"):
        least = duties().retention[name].least_days
        assert least is not None
        assert BY_STAGE["RetentionDays"] >= least
        with pytest.raises(ValueError, match="never deleted"):
            duties().days_kept(name)


BROKEN: tuple[tuple[str, Any], ...] = (
    ("goes before", lambda content: content["retention"][7].update(ends=30)),
    ("one way", lambda content: content["answer_times"][0]["value"].update(first_working_days=2)),
    ("every kind", lambda content: content["answer_times"][1]["value"]["final"].pop("ACCESS")),
    ("no row between", lambda content: content["answer_times"][0].update(to="2025-12-01")),
)


@pytest.mark.parametrize(("why", "breaks"), BROKEN)
def test_a_broken_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str, breaks: Any) -> None:
    content = copy.deepcopy(json.loads((DATA / "personal_data.json").read_text("utf-8")))
    breaks(content)
    (tmp_path / "personal_data.json").write_text(json.dumps(content), "utf-8")
    monkeypatch.setattr(module, "DATA", tmp_path)
    with pytest.raises(ValueError, match=why):
        duties.__wrapped__()
