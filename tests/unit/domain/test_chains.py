"""Hash chains as an auditor sees them, and the anchors that a rewritten chain can't follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.domain.events import GENESIS
from chalicelib.domain.oversight.chains import (
    Anchor,
    Break,
    Entry,
    Head,
    Link,
    against,
    anchor_of,
    digest_of,
    first_break,
    read_anchor,
)

DAY = date(2023, 2, 6)


def chain(length: int) -> list[Link]:
    hashes = [GENESIS, *(f"{number:064x}" for number in range(1, length + 1))]
    return [Link(number, hashes[number - 1], hashes[number], sound=True) for number in range(1, length + 1)]


WHOLE = chain(3)
HEAD = Head(3, WHOLE[-1].hash)


@pytest.mark.parametrize(
    ("links", "head", "found"),
    (
        (WHOLE, HEAD, None),
        (WHOLE, None, None),
        ([], None, None),
        ([WHOLE[0], replace(WHOLE[1], sound=False), WHOLE[2]], HEAD, Break(2, "altered")),
        ([WHOLE[0], WHOLE[2]], HEAD, Break(2, "missing")),
        (WHOLE[1:], HEAD, Break(1, "missing")),
        ([*WHOLE[:2], replace(WHOLE[2], previous_hash="f" * 64)], None, Break(3, "does not follow the line before it")),
        (WHOLE[:2], HEAD, Break(3, "cut off")),
        ([], HEAD, Break(1, "cut off")),
        (WHOLE, Head(3, "f" * 64), Break(4, "its head names another line")),
        (WHOLE, Head(2, WHOLE[1].hash), Break(4, "its head names another line")),
    ),
)
def test_the_first_broken_line(links: list[Link], head: Head | None, found: Break | None) -> None:
    assert first_break(links, head) == found


def test_an_anchor_holds_the_last_line_of_each_chain_and_names_the_day_before() -> None:
    entries = [Entry("B", 1, "b1"), Entry("A", 2, "a2"), Entry("A", 3, "a3"), Entry("A", 1, "a1")]
    anchor = anchor_of(DAY, "before", entries)
    assert anchor == Anchor(DAY, "before", (Entry("A", 3, "a3"), Entry("B", 1, "b1")))
    assert read_anchor(anchor.text()) == anchor
    assert anchor_of(DAY, "before", reversed(entries)).text() == anchor.text()
    assert digest_of(anchor.text()) != digest_of(anchor_of(DAY, None, entries).text())
    empty = anchor_of(DAY, None, [])
    assert (read_anchor(empty.text()), empty.text().count("\n")) == (empty, 1)


@pytest.mark.parametrize(
    "text",
    (
        "",
        "{}\n",
        "no JSON\n",
        anchor_of(DAY, None, [Entry("A", 1, "a1")]).text().replace("a1", "a2"),
        anchor_of(DAY, None, [Entry("A", 1, "a1")]).text().replace('"chains": 1', '"chains": 2'),
        anchor_of(DAY, None, [Entry("A", 1, "a1"), Entry("B", 1, "b1")]).text().rsplit("\n", 2)[0] + "\n",
        anchor_of(DAY, None, []).text() + '["A", 1]\n',
    ),
)
def test_an_altered_anchor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="anchor"):
        read_anchor(text)


@pytest.mark.parametrize(
    ("hashes", "why"), (({3: "c"}, None), ({3: "x"}, "rewritten since it was anchored"), ({2: "b"}, "missing"))
)
def test_a_chain_against_its_anchor(hashes: dict[int, str], why: str | None) -> None:
    assert against(Entry("A", 3, "c"), hashes) == why
