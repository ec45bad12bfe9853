"""Last of the session: everything that the functions have logged in it is searched for everything personal."""

from __future__ import annotations

import re

from infra.local.client import LocalClient
from infra.local.samples import first_timer

from .harness import LocalRun

PERSONAL = {
    "a personal id of the samples": r"079185\d{6}(?!\d)",
    "any number of twelve digits, the shape of a personal id": r"(?<![\d.:-])0\d{11}(?![\d-])",
    "a name": r"(?i)nguy[eễ]n\s+th[iị]|NGUYỄN",
    "a telephone number": r"\+84\d{9}",
    "an e-mail address": r"[\w.+-]+@[\w-]+\.[a-z]{2,}",
    "a street": r"Lê Lợi",
    "a birth date of the samples": r"1985-05-12",
    "a bank's transaction": r"FT23037\d+",
    "a token": r"eyJ[\w-]{10,}\.[\w-]{10,}",
}


def lines_of_ours(log: str) -> list[str]:
    """The functions' own lines; the launcher's and the local cloud's are not those of production."""
    return [line for line in log.splitlines() if line.startswith('{"time"')]


def test_nothing_personal_was_logged_in_the_whole_session(system: LocalClient, local_run: LocalRun) -> None:
    # Alone, this test still has something to look for.
    opened = system.call("POST", "/v1/dossiers", first_timer(990_001, income=1), who="portal")
    assert opened.status == 422
    system.call("POST", "/v1/dossiers", first_timer(990_002), who="portal")
    text = "".join(path.read_text("utf-8") for path in local_run.home.glob("run*.log"))
    lines = lines_of_ours(text)
    assert lines
    found = {what: line for what, pattern in PERSONAL.items() for line in lines if re.search(pattern, line)}
    assert found == {}


def test_the_search_would_find_them() -> None:
    person = first_timer(1, email="hoa@example.org")
    told = f'{{"time": "{person}", "x": "FT23037000001 eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0x"}}'
    assert {what for what, pattern in PERSONAL.items() if re.search(pattern, told)} == set(PERSONAL)
