"""One local run for all scenarios of a test session; its clock is given back after each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from infra.local.client import LocalClient

from .harness import LocalRun
from .outside import Outside, Subscription
from .personal import noted
from .verifying import verify


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here speaks to a local run."""
    for item in items:
        if "tests/local" in item.path.as_posix():
            item.add_marker(pytest.mark.local)


@pytest.fixture(scope="session")
def local_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """The deployed system, handlers in the launcher's process.

    In the end every hash chain that the session's work has made must verify, no log may hold a personal value
    that any test has sent, and no item of the table a personal id or a telephone number in plain form.
    """
    run = LocalRun(tmp_path_factory.mktemp("local")).start()
    with noted() as personal:
        yield run
    status, told = verify(run.client)
    plain = personal.found_in_table(run.client.aws("dynamodb"))
    run.stop()
    assert (status, told[:-1]) == (0, []), told
    logged = personal.found_in(run.home / "run.log", run.output)
    assert plain == [], f"{len(personal.numbers)} numbers were looked for in the table"
    assert logged == [], f"{len(personal.values)} personal values were looked for"


@pytest.fixture(scope="session")
def heard(local_run: LocalRun) -> Subscription:
    """The portal's subscription to status messages, the only reader of its queue."""
    return Subscription(local_run.client, local_run.client.endpoints["status_queue_url"])


@pytest.fixture(scope="session")
def notices(local_run: LocalRun) -> Subscription:
    """What officers are told of deadlines; the local run itself subscribes nobody to that topic."""
    sns, sqs = local_run.client.aws("sns"), local_run.client.aws("sqs")
    (topic,) = [each["TopicArn"] for each in sns.list_topics()["Topics"] if "notice" in each["TopicArn"].lower()]
    url = sqs.create_queue(QueueName="notices-watch")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    return Subscription(local_run.client, url)


@pytest.fixture
def system(local_run: LocalRun) -> Iterator[LocalClient]:
    """A client of the deployed system. The business clock shows real time again afterwards."""
    yield local_run.client
    local_run.client.set_clock(None)


@pytest.fixture
def outside(system: LocalClient, heard: Subscription) -> Outside:
    return Outside(system, heard)


_serials = itertools.count(100_000)


@pytest.fixture
def serial() -> int:
    """The last six digits of a card that no other test of the session uses."""
    return next(_serials)


@pytest.fixture
def serials() -> Iterator[int]:
    """As `serial`, for tests with several people."""
    return _serials
