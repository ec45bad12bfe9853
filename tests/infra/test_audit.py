"""`make audit` lets nothing pass that is not argued, and no argument outlive its finding."""

from __future__ import annotations

from infra.audit import ARGUED, unargued


def test_a_finding_needs_a_line_and_a_line_a_finding() -> None:
    found = ["B105 chalicelib/storage/keys.py", "B603 infra/bundle.py", "B603 infra/demo.py"]
    assert unargued(found, ["B105 chalicelib/storage/keys.py", "B603 infra/"]) == ([], [])
    assert unargued(found, ["B603 infra/"]) == (["B105 chalicelib/storage/keys.py"], [])
    assert unargued(found, ["B105", "B603", "B999"]) == ([], ["B999"])


def test_every_line_has_a_reason() -> None:
    for tool, lines in ARGUED.items():
        for line, reason in lines.items():
            assert len(reason) > 10, (tool, line)
