"""The scan of a cover's code over HTTP: for machines, for people, and for those who try their luck."""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

from chalicelib.documents.token import check, keys_from, read_token
from chalicelib.domain.covers.cover import Cover, CoverState
from chalicelib.http.covers.verification_page import STYLE
from chalicelib.log import JsonFormatter
from chalicelib.storage import keys
from chalicelib.storage.transaction import Transaction
from chalicelib.storage.writes import write_cover
from chalicelib.usecases.covers.prove_cover import proved
from tests.documents.test_token import CLAIMS, signed
from tests.integration.http.harness import Api
from tests.support.fixtures import Beginnings
from tests.support.house import House

CODE = "000.00.79.G24-230206-0001"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGE_BYTES = 10_000


@pytest.fixture(name="api")
def _api(house: House) -> Api:
    """The application over the house's cloud."""
    return Api(importlib.import_module("app").app)


@pytest.fixture(name="drawn")
def _drawn(house: House, api: Api, beginnings: Beginnings) -> House:
    """A cover that has its proof, its issue not recorded yet."""
    return beginnings.tell(house, _draw)


def _draw(house: House) -> None:
    assert house.paid() == CODE
    house.issue(CODE)
    province = house.w.law.provinces.get("79", date(2023, 2, 6))
    assert province is not None
    proved(house.cover(CODE), province, house.w)


def become(house: House, state: CoverState) -> None:
    """The cover under its next version, in a state."""
    cover: Cover = house.cover(CODE)
    transaction = Transaction()
    write_cover(transaction, replace(cover, state=state, version=cover.version + 1))
    transaction.commit(house.w.table)


def token_of(house: House) -> str:
    stored = house.w.table.get(keys.cover_proof(CODE, 1))
    assert stored is not None
    return str(stored["token"])


def test_the_cover_of_a_code_in_json(drawn: House, api: Api) -> None:
    become(drawn, CoverState.ISSUED)
    for path in (
        f"/v1/covers/{token_of(drawn)}/verification",
        f"/C/{token_of(drawn)}",
        f"/C/{token_of(drawn).lower()}",
    ):
        answer = api.call("GET", path)
        assert answer.status == 200
        assert answer.json == {
            "status": "VALID",
            "issued_on": "2023-02-06",
            "issuer": "Bảo hiểm xã hội thành phố Hồ Chí Minh",
            "full_name_masked": "N*** T*** H***",
            "si_number_masked": answer.json["si_number_masked"],
        }
        assert re.fullmatch(r"79\*{5}\d{3}", answer.json["si_number_masked"])
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


@pytest.mark.parametrize("state", (CoverState.REVOKED, CoverState.REPLACED))
def test_a_cover_that_ended_says_so_at_once(drawn: House, api: Api, state: CoverState) -> None:
    become(drawn, CoverState.ISSUED)
    become(drawn, state)
    assert api.call("GET", f"/C/{token_of(drawn)}").json["status"] == state


def test_a_cover_on_its_way_is_not_verified(drawn: House, api: Api) -> None:
    answer = api.call("GET", f"/C/{token_of(drawn)}")
    assert (answer.status, answer.json["code"]) == (404, "COVER_NOT_FOUND")


def test_a_forged_code_is_refused_before_the_table_is_read(drawn: House, api: Api) -> None:
    """The right serial under the wrong key, a changed token, and noise."""
    become(drawn, CoverState.ISSUED)
    token = token_of(drawn)
    forged = signed(replace(CLAIMS, serial=f"{CODE}-C1")).text
    changed = token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]
    api.call("GET", f"/C/{token}")
    drawn.cloud.calls.forget()
    for text in (forged, changed, "A", "A" * 600, token + "A", "%00", "x.y-z"):
        answer = api.call("GET", f"/v1/covers/{text}/verification")
        assert answer.status == 404
    assert drawn.cloud.calls.made == []


def test_a_token_of_ours_that_no_page_carries_is_unknown(drawn: House, api: Api) -> None:
    """ECDSA draws a number: whoever lost the race to store has signed a token too."""
    become(drawn, CoverState.ISSUED)
    stored = read_token(token_of(drawn))
    twin = signed(stored.claims, drawn.cloud.keys.elliptic["token-key"], stored.kid)
    assert api.call("GET", f"/C/{twin.text}").status == 404


def test_anybody_proves_a_code_by_the_published_keys(drawn: House, api: Api) -> None:
    answer = api.call("GET", "/v1/cover-keys")
    assert check(read_token(token_of(drawn)), keys_from(answer.json)).serial == f"{CODE}-C1"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_after_a_change_of_keys_former_codes_stay_good(drawn: House, api: Api) -> None:
    become(drawn, CoverState.ISSUED)
    token = token_of(drawn)
    drawn.restart()
    drawn.w.__dict__["settings"] = replace(drawn.w.settings, cover_token_keys=("newer-key", "token-key"))
    assert api.call("GET", f"/C/{token}").json["status"] == "VALID"
    assert len(api.call("GET", "/v1/cover-keys").json["keys"]) == 2
    drawn.restart()
    drawn.w.__dict__["settings"] = replace(drawn.w.settings, cover_token_keys=("newer-key",))
    assert api.call("GET", f"/C/{token}").status == 404


def test_no_log_holds_the_token(drawn: House, api: Api, caplog: pytest.LogCaptureFixture) -> None:
    token = token_of(drawn)
    caplog.clear()
    api.call("GET", f"/C/{token}")
    api.call("GET", f"/v1/covers/{token[:-1]}/verification", headers=BROWSER)
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert json.loads(lines[0])["route"] == "/C/{token}"
    assert not [line for line in lines if token[:20] in line]


class Page(HTMLParser):
    """What a browser finds in the page."""

    VOID = frozenset({"meta", "br", "img", "link"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] != "style":
            self.words.append(data)


def page_of(answer: Any) -> Page:
    """The page, after what must hold of every page."""
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert len(answer.text.encode()) < PAGE_BYTES
    style = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{style}'")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Vary"] == "Accept"
    page = Page(answer.text)
    assert page.open == []
    tags = [tag for tag, _ in page.tags]
    assert {"script", "img", "link", "iframe", "form", "a"}.isdisjoint(tags)
    assert (tags.count("h1"), tags.count("main"), tags.count("title")) == (1, 1, 1)
    assert page.tags[0] == ("html", {"lang": "vi"})
    assert ("meta", {"name": "viewport", "content": "width=device-width,initial-scale=1"}) in page.tags
    assert not any(
        name.startswith("on") or name in {"style", "src", "href"} for _, found in page.tags for name in found
    )
    return page


@pytest.mark.parametrize(
    ("state", "outcome"),
    (
        (CoverState.ISSUED, "Tờ bìa còn hiệu lực"),
        (CoverState.REVOKED, "Tờ bìa đã bị thu hồi"),
        (CoverState.REPLACED, "Tờ bìa đã được thay thế"),
    ),
)
def test_a_browser_gets_a_page(drawn: House, api: Api, state: CoverState, outcome: str) -> None:
    become(drawn, state)
    answer = api.call("GET", f"/C/{token_of(drawn)}", headers=BROWSER)
    assert answer.status == 200
    words = " ".join(page_of(answer).words)
    for expected in (outcome, "N*** T*** H***", "06/02/2023", "Bảo hiểm xã hội thành phố Hồ Chí Minh"):
        assert expected in words
    assert "NGUYỄN" not in answer.text
    assert drawn.cover(CODE).snapshot.si_number not in answer.text


def test_a_browser_gets_a_page_for_an_unknown_code_as_well(drawn: House, api: Api) -> None:
    answer = api.call("GET", "/C/AAAA", headers=BROWSER)
    assert answer.status == 404
    assert "Không xác thực được" in " ".join(page_of(answer).words)


@pytest.mark.parametrize(
    ("accept", "html"),
    (
        ("text/html", True),
        ("TEXT/HTML;q=0.9, application/json;q=0.5", True),
        ("application/json", False),
        ("*/*", False),
        ("", False),
        ("text/html;q=0", False),
        ("text/html, application/json", False),
        ("text/html;q=x", True),
        (",;,text/html;;q=0.2;a=b", True),
    ),
)
def test_who_gets_a_page_and_who_json(house: House, api: Api, accept: str, html: bool) -> None:
    answer = api.call("GET", "/C/AAAA", headers={"Accept": accept})
    assert answer.headers["Content-Type"].startswith("text/html" if html else "application/problem+json")


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(each * 2 for each in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_stands_out_from_its_ground() -> None:
    """WCAG 2.2, 1.4.6: 7:1, which is more than AA asks for."""
    pairs = re.findall(r"\{[^}]*?(?:background:(#\w+);)?color:(#\w+)(?:;background:(#\w+))?", STYLE)
    assert len(pairs) >= 6
    for before, text, after in pairs:
        lighter, darker = sorted((_luminance(before or after or "#fff"), _luminance(text)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 7, (text, before or after)
