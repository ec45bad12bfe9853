"""What `make rehearse-restore` plays with hundreds of people, with a few; a release: `test_packaged_handlers.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.operation.restore import rehearse
from tests.operation.stage import staged
from tests.operation.versions import NoHistoryError, commit_of

from .harness import LocalRun

pytestmark = pytest.mark.slow


def test_a_stack_made_from_an_export_goes_on_where_the_lost_one_stood(tmp_path: Path) -> None:
    with staged(LocalRun(tmp_path / "first"), each=1) as stage:
        found = rehearse(stage, tmp_path / "second", ahead=4.0)
    assert found.good, list(found.lines())
    assert found.figures["items restored"] > 100
    assert found.figures["statuses published again"] == 0


def test_a_version_that_this_clone_lacks_is_said_so() -> None:
    with pytest.raises(NoHistoryError, match="git fetch --unshallow"):
        commit_of("0" * 40)
