"""Step Functions executions: started under derived names, so that starting twice starts once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..domain.covers.cover import Cover
from ..domain.registration.dossier import Dossier

SCHEMA = 1
"""Version of the payloads: an execution outlives a deploy."""


def timestamp(moment: datetime) -> str:
    """As Step Functions reads it: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def dossier_execution(code: str, generation: int) -> str:
    return f"{code}-g{generation}"


def cover_execution(cover: Cover) -> str:
    return f"{cover.cover_id}-v{cover.number}-r{cover.run}"


@dataclass(frozen=True, slots=True)
class Executions:
    client: Any
    dossier_machine: str
    cover_machine: str
    campaign_machine: str

    def start_dossier(
        self, code: str, *, generation: int, clock_version: int, now: datetime, wake_at: datetime, seconds: int
    ) -> bool:
        """Start the clock of a dossier at a moment of real time; False when this very execution exists already.

        It sleeps so many seconds before it looks for the first time, which is at `wake_at`. `clock_version` tells it
        which setting of the business clock it must at least reckon with.
        """
        payload = {"schema": SCHEMA, "dossier_code": code, "generation": generation, "clock_version": clock_version}
        first = {"action": "WAIT", "wake_at": timestamp(wake_at), "seconds": seconds, "wakes": 1}
        counters = {"started_at": timestamp(now), "next": {"due": first}}
        return self._start(self.dossier_machine, dossier_execution(code, generation), {**payload, **counters})

    def start_cover(self, cover: Cover) -> bool:
        """Start the pipeline of a cover; False when it ran and ended. One that runs is left as it is, and is True."""
        return self._start(
            self.cover_machine,
            cover_execution(cover),
            {"schema": SCHEMA, "dossier_code": cover.dossier_code, "cover_id": cover.cover_id, "run": cover.run},
        )

    def start_campaign(self, campaign_id: str, bucket: str, key: str) -> bool:
        """Start the machine that works through a campaign's list; False when this very one was started before."""
        payload: dict[str, object] = {"schema": SCHEMA, "campaign_id": campaign_id, "bucket": bucket, "key": key}
        return self._start(self.campaign_machine, campaign_id, payload)

    def stop_dossier(self, code: str, generation: int) -> None:
        """End the clock of a dossier that is to be removed; one that is not there, or has ended, is none to stop."""
        from botocore.exceptions import ClientError

        arn = self._arn(self.dossier_machine, dossier_execution(code, generation))
        try:
            self.client.stop_execution(executionArn=arn)
        except ClientError as error:
            # The second is what is answered for an execution that has ended.
            if error.response["Error"]["Code"] not in {"ExecutionDoesNotExist", "ValidationException"}:
                raise

    def dossier_runs(self, dossier: Dossier) -> bool:
        return self.clock_runs(dossier.code, dossier.generation)

    def clock_runs(self, code: str, generation: int) -> bool:
        return self._runs(self.dossier_machine, dossier_execution(code, generation))

    def cover_runs(self, cover: Cover) -> bool:
        return self._runs(self.cover_machine, cover_execution(cover))

    def release(self, task_token: str, output: dict[str, object]) -> bool:
        """Let an execution that waits for an answer go on; False when it waits no more."""
        from botocore.exceptions import ClientError

        try:
            self.client.send_task_success(taskToken=task_token, output=json.dumps(output))
        except ClientError as error:
            if error.response["Error"]["Code"] in {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}:
                return False
            raise
        return True

    def _start(self, machine: str, name: str, payload: dict[str, object]) -> bool:
        from botocore.exceptions import ClientError

        try:
            self.client.start_execution(stateMachineArn=machine, name=name, input=json.dumps(payload))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionAlreadyExists":
                return False
            raise
        return True

    def _runs(self, machine: str, name: str) -> bool:
        from botocore.exceptions import ClientError

        try:
            status: str = self.client.describe_execution(executionArn=self._arn(machine, name))["status"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                return False
            raise
        return status in {"RUNNING", "PENDING_REDRIVE"}

    @staticmethod
    def _arn(machine: str, name: str) -> str:
        # Of arn:aws:states:<region>:<account>:stateMachine:<machine>[:<alias>]: an execution is its machine's.
        unqualified = ":".join(machine.split(":")[:7])
        return unqualified.replace(":stateMachine:", ":execution:") + f":{name}"
