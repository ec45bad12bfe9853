"""docs/states.md, drawn from the code: what a dossier and a cover may become, and what the workflows do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from chalicelib.domain.access import Role
from chalicelib.domain.covers.cover import (
    Cover,
    CoverSnapshot,
    CoverState,
    RevocationRequest,
    StoredFile,
    approve_revocation,
    check,
    issue,
    renewed,
    revoke_checked,
    revoke_unissued,
)
from chalicelib.domain.covers.reissue import take_place
from chalicelib.domain.errors import Conflict
from chalicelib.domain.people.identity import BirthDate, Gender
from chalicelib.domain.registration.dossier import ENDED, NATIONAL_STATUS, TRANSITIONS, State

MACHINES = Path(__file__).resolve().parent / "statemachines"

Edge: TypeAlias = tuple[str, str, str]
"""From, to, and what leads there (may be empty)."""

_SOME_DAY = datetime(2023, 2, 6, 9, 15, tzinfo=UTC)
_SOME_FILE = StoredFile("covers/2023/02/x-C1/v1.pdf", "0" * 64, 1, "x")
_SOMEBODY = CoverSnapshot("Nguyễn Thị Hòa", BirthDate(1985), Gender("NU"), "VN", "079185012345", "7912345678")
_DECISIONS: dict[str, Callable[[Cover], Cover]] = {
    "check": lambda cover: check(cover, expected_version=None, signer="signer", at=_SOME_DAY),
    "issue": lambda cover: issue(cover, _SOME_FILE, _SOME_DAY),
    "renewed": lambda cover: renewed(cover, _SOMEBODY),
    "revoke_unissued": revoke_unissued,
    "revoke_checked": lambda cover: revoke_checked(cover, by="accounting", reason="x", at=_SOME_DAY),
    "approve_revocation": lambda cover: approve_revocation(
        replace(cover, revocation=RevocationRequest("officer", "x", _SOME_DAY, Role.OFFICER)),
        by="signer",
        role=Role.SIGNER,
        at=_SOME_DAY,
    ),
    "take_place": lambda cover: take_place(cover, cover, _SOME_DAY)[0],
}
"""Every decision about a cover, by the name of its function in `domain.covers.cover` and `domain.covers.reissue`."""


def states_page() -> str:
    """The whole page, as it lies in docs/states.md."""
    return "\n".join(
        [
            "# States",
            "",
            "Made by `.venv/bin/python -m infra.docs` from the code and the workflow definitions; do not edit.",
            "",
            "## Dossier",
            "",
            "`chalicelib/domain/registration/dossier.py`, `TRANSITIONS`: every move that is allowed. Any other move is "
            "refused with `INVALID_TRANSITION`. Overdue is computed from the due moment, it is not a state.",
            "",
            *_mermaid(_dossier_edges(), starts=[State.AWAITING_PAYMENT], ends=sorted(_last_states())),
            "",
            "| state | national status | processing is over |",
            "|---|---:|---|",
            *(f"| `{state}` | {NATIONAL_STATUS[state]} | {'yes' if state in ENDED else ''} |" for state in State),
            "",
            "## Cover sheet",
            "",
            "`chalicelib/domain/covers/cover.py`, `chalicelib/domain/covers/reissue.py`: each decision tried on a "
            "cover in each state; an arrow where it is allowed. "
            f"{_unreached()} lasts within one transaction: the trail tells of it.",
            "",
            *_mermaid(_cover_edges(), starts=[CoverState.DATA_CREATED], ends=[CoverState.REVOKED, CoverState.REPLACED]),
            "",
            "## Workflow of a dossier",
            "",
            *_machine("dossier.asl.json"),
            "",
            "## Workflow of a cover sheet",
            "",
            *_machine("cover.asl.json"),
            "",
            "## Workflow of a campaign",
            "",
            *_machine("campaign.asl.json"),
            "",
        ]
    )


def _dossier_edges() -> Iterator[Edge]:
    return ((source, target, "") for source in State for target in State if target in TRANSITIONS[source])


def _last_states() -> Iterator[State]:
    return (state for state in State if not TRANSITIONS[state])


def _cover_edges() -> Iterator[Edge]:
    for state in CoverState:
        for name, decision in _DECISIONS.items():
            cover = Cover("x-C1", "x", 1, "79", _SOMEBODY, state, 1, _SOME_DAY)
            try:
                yield state, decision(cover).state, name
            except Conflict:
                continue


def _unreached() -> str:
    reached = {CoverState.DATA_CREATED, *(target for _, target, _ in _cover_edges())}
    return ", ".join(f"`{state}`" for state in CoverState if state not in reached)


def _machine(file_name: str) -> list[str]:
    """A state machine: its comment, its diagram, and what each state is for in the words of the definition."""
    definition: dict[str, Any] = json.loads((MACHINES / file_name).read_text("utf-8"))
    states: dict[str, dict[str, Any]] = definition["States"]
    ends = [name for name, state in states.items() if state["Type"] in {"Succeed", "Fail"} or state.get("End")]
    edges = [edge for name, state in states.items() for edge in _machine_edges(name, state)]
    return [
        f"`infra/statemachines/{file_name}`. {definition['Comment']}",
        "",
        *_mermaid(edges, starts=[started(definition)], ends=ends),
        "",
        "| state | kind | what for |",
        "|---|---|---|",
        *(f"| `{name}` | {state['Type']} | {state.get('Comment', '')} |" for name, state in states.items()),
    ]


def started(definition: dict[str, Any]) -> str:
    """The first state; of a machine whose parameter names it, `AwaitEnd`, which is that parameter's default."""
    first: str = definition["StartAt"]
    return {"${DossierStartsAt}": "AwaitEnd"}.get(first, first)


def _machine_edges(name: str, state: dict[str, Any]) -> Iterator[Edge]:
    if "Next" in state:
        yield name, state["Next"], ""
    for choice in state.get("Choices", ()):
        yield name, choice["Next"], _condition(choice)
    if "Default" in state:
        yield name, state["Default"], "otherwise"
    for catch in state.get("Catch", ()):
        errors = ", ".join(catch["ErrorEquals"])
        ends = "Retry" in state or errors != "States.ALL"
        yield name, catch["Next"], errors if errors != "States.ALL" else "lasting fault" if ends else "any other fault"


def _condition(choice: dict[str, Any]) -> str:
    """The value that a choice looks for; tests of presence go without saying."""
    values = [
        f"{rule['Variable'].rpartition('.')[2]} = {str(value).lower() if isinstance(value, bool) else value}"
        for rule in choice.get("And", [choice])
        for operator, value in rule.items()
        if operator.endswith("Equals")
    ]
    return " and ".join(values)


def _mermaid(edges: Iterable[Edge], *, starts: Iterable[str], ends: Iterable[str]) -> list[str]:
    return [
        "```mermaid",
        "stateDiagram-v2",
        *(f"    [*] --> {start}" for start in starts),
        *(f"    {source} --> {target}" + (f" : {why}" if why else "") for source, target, why in edges),
        *(f"    {end} --> [*]" for end in ends),
        "```",
    ]
