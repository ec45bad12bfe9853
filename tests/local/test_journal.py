"""The journal and the generations behind the local run: whole after a crash at any moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.journal import JOURNAL, Generations, Journal, read_journal


def test_entries_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / JOURNAL)
    journal.append(["items", "Nguyễn Thị Hòa"])
    journal.append(["items", {"a": 1}])
    journal.close()
    assert list(read_journal(tmp_path / JOURNAL)) == [["items", "Nguyễn Thị Hòa"], ["items", {"a": 1}]]


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    for number in range(3):
        journal = Journal(tmp_path / JOURNAL)
        journal.append([number])
        journal.close()
    assert list(read_journal(tmp_path / JOURNAL)) == [[0], [1], [2]]


@pytest.mark.parametrize("kept", (0, 1, 5, 11))
def test_a_line_cut_short_was_never_acknowledged(tmp_path: Path, kept: int) -> None:
    # given a crash while the second line was written
    path = tmp_path / JOURNAL
    path.write_bytes(b'["first"]\n' + b'["second", 2]\n'[:kept])
    assert list(read_journal(path)) == [["first"]]


def test_damage_in_the_middle_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL
    path.write_bytes(b'["first"]\n["sec\n["third"]\n')
    with pytest.raises(ValueError, match="line 2 is damaged"):
        list(read_journal(path))


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert list(read_journal(tmp_path / JOURNAL)) == []


def test_a_generation_counts_only_once_committed(tmp_path: Path) -> None:
    # given a valid generation
    generations = Generations(tmp_path)
    assert generations.current() is None
    first = generations.begin()
    (first / "table.json").write_text("1", "ascii")
    generations.commit(first)

    # when the next one is begun and the process dies
    second = generations.begin()
    (second / "table.json").write_text("half", "ascii")

    # then the first is still the valid one, and the half one is made anew
    assert Generations(tmp_path).current() == first
    again = Generations(tmp_path).begin()
    assert again == second
    assert list(again.iterdir()) == []


def test_old_generations_are_removed(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    for _ in range(3):
        generations.commit(generations.begin())
    assert [folder.name for folder in tmp_path.glob("g*")] == ["g00000003"]
