"""The documents made from code and tables: docs/{states,retention,asvs}.md, the messages' schemas and samples.

    .venv/bin/python -m infra.docs

writes them anew; a test holds what is committed against what would be written.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from chalicelib.domain.people.data_request import AnswerTimes
from chalicelib.law.duties import duties
from chalicelib.published import examples, messages
from chalicelib.queues.messages import ContributionVoucherMessage, DossierStatusMessage, ManifestMessage, Message
from infra.diagrams import states_page

ROOT = Path(__file__).resolve().parent.parent

SCHEMAS: dict[str, type[Message]] = {
    "contribution-voucher": ContributionVoucherMessage,
    "manifest": ManifestMessage,
    "dossier-status": DossierStatusMessage,
}
"""By file name in docs/schemas, without `.schema.json`."""


def generated() -> dict[Path, str]:
    """Every generated document: where it lies and what it says."""
    schemas = {ROOT / f"docs/schemas/{name}.schema.json": schema_text(name) for name in SCHEMAS}
    pages = {"states": states_page(), "retention": retention_page(), "asvs": asvs_page()}
    samples = {
        ROOT / f"docs/integration/samples/{name}.json": _json(sample)
        for channel in examples().values()
        for name, sample in channel.items()
    }
    return {**{ROOT / f"docs/{name}.md": text for name, text in pages.items()}, **schemas, **samples}


def asvs_levels() -> dict[str, int]:
    """The requirements of ASVS 5.0.0 up to level 2, with the level of each."""
    lines = (ROOT / "infra/asvs-5.0.0.list").read_text("utf-8").splitlines()
    return {number: int(level) for number, level in (line.split() for line in lines if not line.startswith("#"))}


def asvs_page() -> str:
    """What is met of ASVS, requirement by requirement, from infra/asvs.yaml."""
    chapters: dict[str, Any] = yaml.safe_load((ROOT / "infra/asvs.yaml").read_text("utf-8"))
    because, levels = chapters.pop("because"), asvs_levels()
    parts, sums = [], []
    for chapter, rows in chapters.items():
        parts.append(f"\n## {chapter}\n\n| | level | what is asked | | by what, or why not |\n|---|---|---|---|---|")
        for number, (verdict, asked, by) in rows.items():
            told = because[by[1:]] if by.startswith("=") else by
            parts.append(f"| {number} | {levels[number]} | {asked} | {verdict} | {told} |")
        counted = Counter(verdict for verdict, _, _ in rows.values())
        sums.append(f"| {chapter} | " + " | ".join(str(counted[verdict] or "-") for verdict in VERDICTS) + " |")
    every = Counter(row[0] for rows in chapters.values() for row in rows.values())
    sums.append("| **all** | " + " | ".join(f"**{every[verdict]}**" for verdict in VERDICTS) + " |")
    head = ["| chapter | " + " | ".join(VERDICTS) + " |", "|---|---|---|---|---|"]
    return "\n".join([ASVS_HEAD, *head, *sums, *parts, ""])


VERDICTS = ("met", "part", "not", "n/a")

ASVS_HEAD = (
    "# OWASP ASVS 5.0.0, level 2, by requirement\n\n"
    "Made from `infra/asvs.yaml` by `python -m infra.docs`; tests hold that each of the 253 requirements of levels 1 "
    "and 2 stands here once and that every file named exists. What is asked is told in our words; the text that counts "
    "is OWASP's ([ASVS 5.0.0](https://github.com/OWASP/ASVS/tree/master/5.0), CC BY-SA 4.0). Nobody outside has judged "
    "this: it is our own reading, checked against the code on 2026-11-22. **part** is met with the gap named, **n/a** "
    "does not arise here.\n"
)


def retention_page() -> str:
    """How long each class of data is kept, from the table of duties."""
    rows = [
        f"| {each.what} | {each.where} | {_days(each.least_days)} | {_days(each.ends)} | {each.how} | {each.source} |"
        for each in duties().retention.values()
    ]
    times = [
        f"| from {row.effective_from} | {_first(row.value)} | {_final(row.value)} "
        f"| {row.value.extension_days} | {row.source} |"
        for row in duties().answer_times.rows
    ]
    return "\n".join([RETENTION_HEAD, *rows, ANSWERS_HEAD, *times, ""])


RETENTION_HEAD = (
    "# How long data is kept, and when a person is answered\n\n"
    "Made from `chalicelib/law/data/personal_data.json` by `python -m infra.docs`; tests hold the code and the "
    "template against the same table. Who may see what is in [architecture.md](architecture.md), who has seen what in "
    "the view log of each dossier.\n\n"
    "| data | where | at least | ends after | how | source |\n"
    "|---|---|---|---|---|---|"
)

ANSWERS_HEAD = (
    "\nA person who asks about their own data is answered from `POST /v1/officer/people/report`, which names the "
    "limits of the day of asking. The request itself stands in a register with its limits until it is answered "
    "(`/v1/officer/data-requests`, [officers.md](integration/officers.md)); what falls due is told every night "
    "([data-request-due](runbook.md#data-request-due)). Corrections go through the dossier (supplement request); who "
    "has looked stands in `GET /v1/dossiers/{code}/views`. Processing rests on the duty under the law of social "
    "insurance, not on consent: a withdrawal of consent ends nothing that the law asks for, and is answered saying "
    "so. A breach is reported within 72 hours.\n\n"
    "| asked | first answer | final answer, in days | one extension, in days | source |\n"
    "|---|---|---|---|---|"
)


def _days(days: int | None) -> str:
    return "-" if days is None else f"{days} days"


def _first(times: AnswerTimes) -> str:
    return f"{times.first_hours} hours" if times.first_hours else f"{times.first_working_days} working days"


def _final(times: AnswerTimes) -> str:
    told = (f"{kind}: {days}" for kind, days in times.final_days.items() if days is not None)
    return ", ".join(told) or "with the first"


def schema_text(name: str) -> str:
    """The JSON Schema (draft 2020-12) of a message, as published."""
    (channel,) = (channel for channel, model in messages().items() if model is SCHEMAS[name])
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:bhxh:602e:schema:{name}:1",
        **SCHEMAS[name].model_json_schema(),
        "examples": list(examples()[channel].values()),
    }
    return _json(schema)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Write what has changed, and say which."""
    for path, text in generated().items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
