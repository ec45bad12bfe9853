"""The machines with the functions that they really call: deadlines and covers, from declaration to result."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import boto3

from chalicelib.domain.events import Event
from chalicelib.storage import keys
from tests.workflows.driver import VirtualClock
from tests.workflows.house import SWEEP_EVENT, House, vietnam


def test_a1_a_first_timer_gets_her_cover_in_time(house: House, clock: VirtualClock) -> None:
    # Given a declaration on Monday 06/02/2023 at 09:15, paid a quarter of an hour later
    code = house.declare()
    cover_paths = []

    def pay() -> None:
        house.pay(code)
        # When an officer issues the next morning
        clock.at(vietnam(2023, 2, 7, 8, 30), house.sign)
        ran = house.run_cover()
        cover_paths.append((ran.path, ran.status))

    clock.at(vietnam(2023, 2, 6, 9, 30), pay)
    ran = house.run_dossier()

    # Then the cover lies in the bucket, the dossier is returned, and its alarm clock has ended
    assert cover_paths == [(("AwaitSigner", "RenderAndSign", "RecordIssue"), "SUCCEEDED")]
    seen = house.dossier(code)
    assert (seen["state"], seen["national_status"], seen["overdue"]) == ("RESULT_RETURNED", 10, False)
    assert seen["due_at"] == "2023-02-13T17:00:00+07:00"
    stored = boto3.client("s3").list_objects_v2(Bucket="documents")["Contents"]
    assert [each["Key"] for each in stored] == [f"covers/2023/02/{code}-C1/v1.pdf"]
    # Two transitions with the start: it slept, and ended with the dossier
    assert (ran.path, (ran.output or {})["end"]) == (("AwaitEnd",), {"outcome": "CLOSED"})
    assert ran.ended == vietnam(2023, 2, 7, 8, 30)


def test_a_dossier_that_nobody_pays_expires_after_its_hours(house: House) -> None:
    code = house.declare()

    ran = house.run_dossier()

    assert ran.path == ("AwaitEnd", "WhatIsDue", "Choose", "ExpireUnpaid")
    assert timedelta(hours=24) <= ran.lasted < timedelta(hours=24, minutes=1)
    assert house.dossier(code)["state"] == "EXPIRED"


def test_a_year_of_an_officer_who_does_nothing(house: House, clock: VirtualClock) -> None:
    # Given a paid dossier whose cover nobody issues until the next year
    code = house.declare()
    clock.at(vietnam(2023, 2, 6, 9, 30), lambda: house.pay(code))
    at_end = vietnam(2024, 1, 22, 9, 0)
    clock.at(at_end, house.run_cover_signed)

    # When its alarm clock runs for 300 days, and the one after it for the rest
    first = house.run_dossier()
    assert (first.status, first.path[-2:]) == ("SUCCEEDED", ("Choose", "Superseded"))
    assert timedelta(days=300) <= first.lasted < timedelta(days=331)
    assert house.started[-1].name == f"{code}-g2"
    ran = house.run_dossier()

    # Then each milestone was passed once, and they looked in now and then
    quiet = {"AwaitEnd", "WhatIsDue", "Choose", "Superseded"}
    assert [name for name in (*first.path, *ran.path) if name not in quiet] == [
        *("MarkStepLate", "RemindOfficer", "Apologise", "MarkOverdue", "Escalate", "Escalate", "HandOver")
    ]
    assert (ran.status, ran.path[-1], (ran.output or {})["end"]) == ("SUCCEEDED", "AwaitEnd", {"outcome": "CLOSED"})
    assert ran.ended >= at_end
    assert (*first.path, *ran.path).count("AwaitEnd") < 20
    events = [call.parameters for call in house.calls if call.operation == "Publish"]
    notices = [each for each in events if each["TopicArn"] == house.w.settings.notice_topic_arn]
    told = [json.loads(each["Message"]) for each in notices]
    assert [(each["event"], each["subject"]) for each in told] == [
        ("STEP_OVERDUE", "THAM_DINH"),
        ("OFFICER_REMINDED", None),
        ("APOLOGY_DUE", None),
        ("OVERDUE_MARKED", None),
        ("OVERDUE_ESCALATED", "HEAD_OF_UNIT"),
        ("OVERDUE_ESCALATED", "MINISTRY"),
    ]


def test_the_reminder_and_the_overdue_mark_come_when_the_rules_say(house: House, clock: VirtualClock) -> None:
    code = house.declare()
    clock.at(vietnam(2023, 2, 6, 9, 30), lambda: house.pay(code))
    seen: dict[datetime, bool] = {}
    for moment in (vietnam(2023, 2, 13, 16, 59), vietnam(2023, 2, 13, 17, 1)):
        clock.at(moment, lambda moment=moment: seen.update({moment: house.dossier(code)["overdue"]}))  # type: ignore[misc]
    clock.at(vietnam(2023, 2, 20, 9, 0), house.run_cover_signed)
    house.run_dossier()

    assert list(seen.values()) == [False, True]


def test_a_new_setting_of_the_clock_supersedes_the_old_execution(house: House, clock: VirtualClock) -> None:
    # Given a dossier that expires within a day
    code = house.declare()

    def clock_set() -> None:
        partition, sort_key = keys.audit(code, 1)
        key = {"PK": {"S": partition}, "SK": {"S": sort_key}}
        line = boto3.client("dynamodb").get_item(TableName="table", Key=key)["Item"]
        image = {**line, "event": {"S": Event.CLOCK_SET.value}}
        record = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": image}}
        assert house.invoke("StreamRelay", {"Records": [record]}) == {"batchItemFailures": []}

    clock.at(clock.now + timedelta(hours=1), clock_set)

    # When the relay hears that the clock was set, a new generation watches it, and the old one ends at once
    ran = house.run_dossier()
    assert (ran.path, (ran.output or {})["end"]) == (("AwaitEnd",), {"outcome": "SUPERSEDED"})
    assert ran.lasted == timedelta(hours=1)
    assert house.started[-1].name == f"{code}-g2"


def test_the_sweep_starts_what_a_lost_record_left_unstarted(house: House) -> None:
    # Given a declaration whose stream record was lost
    house.declare_unheard()
    assert house.started == []

    # When the night comes
    swept = house.invoke("Sweeper", SWEEP_EVENT)

    # Then its alarm clock runs, and a second sweep leaves it alone
    assert [each.machine for each in house.started] == ["dossier"]
    assert swept["dossiers_restarted"] == 1
    assert house.invoke("Sweeper", SWEEP_EVENT)["dossiers_restarted"] == 0
    assert house.run_dossier().path[-1] == "ExpireUnpaid"


def test_the_sweep_replaces_a_dead_alarm_clock(house: House) -> None:
    # Given a dossier whose execution has died
    code = house.declare()
    house.dead.add(house.started[-1].name)

    # When the night comes
    house.invoke("Sweeper", SWEEP_EVENT)

    # Then the next generation watches it to its end
    assert [each.name for each in house.started] == [f"{code}-g1", f"{code}-g2"]
    assert house.run_dossier().path[-1] == "ExpireUnpaid"


def test_the_sweep_lets_a_cover_go_on_whose_check_nobody_heard_of(house: House, clock: VirtualClock) -> None:
    # Given a cover that an officer has issued, and a stream record that was lost
    code = house.declare()
    house.pay(code)
    clock.at(clock.now + timedelta(hours=1), house.sign_unheard)
    clock.at(clock.now + timedelta(hours=16), lambda: house.invoke("Sweeper", SWEEP_EVENT))

    # When the night comes
    ran = house.run_cover()

    # Then the cover is drawn after all
    assert (ran.path[-1], ran.lasted) == ("RecordIssue", timedelta(hours=16))
    assert house.dossier(code)["state"] == "RESULT_RETURNED"


def test_a_dossier_that_is_not_there_needs_an_operator(house: House) -> None:
    house.declare()
    house.started[-1].input["dossier_code"] = "000.00.79.G24-230206-9999"

    ran = house.run_dossier()

    assert (ran.status, ran.error) == ("FAILED", "DossierNeedsOperator")
    assert ran.lasted < timedelta(hours=24, minutes=1), "at its first wake"
