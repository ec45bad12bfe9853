"""Same view, same bytes: in another process, time zone, hash seed, thread and second, and from the unpacked layer."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from chalicelib.documents.cover import render_cover
from chalicelib.documents.typesetting import RENDERER_VERSION, TYPST_VERSION, DocumentError, assets_folder
from tests.documents.covers import ADDRESS, ISSUED_AT, VIEW, view

ROOT = Path(__file__).resolve().parents[2]
DRAW = (
    "import hashlib; from tests.documents.covers import ADDRESS, VIEW;"
    "from chalicelib.documents.cover import render_cover;"
    "print(hashlib.sha256(render_cover(VIEW, ADDRESS)).hexdigest())"
)


def _in_another_process(code: str, cwd: Path = ROOT, **environment: str) -> str:
    clean = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "SYSTEMROOT"}}
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean | environment, cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_the_same_bytes_in_any_process_at_any_time() -> None:
    here = hashlib.sha256(render_cover(VIEW, ADDRESS)).hexdigest()
    time.sleep(2)  # a clock read anywhere would show within two seconds

    assert _in_another_process(DRAW, TZ="Asia/Tokyo", PYTHONHASHSEED="1", LC_ALL="C") == here
    assert _in_another_process(DRAW, TZ="America/St_Johns", PYTHONHASHSEED="4242", PYTHONUTF8="1") == here


def test_the_zone_in_which_the_instant_is_told_does_not_matter() -> None:
    elsewhere = ISSUED_AT.astimezone(timezone(timedelta(hours=-3, minutes=-30)))

    assert render_cover(view(issued_at=elsewhere), ADDRESS) == render_cover(VIEW, ADDRESS)


def test_another_instant_gives_other_bytes() -> None:
    assert render_cover(view(issued_at=ISSUED_AT + timedelta(seconds=1)), ADDRESS) != render_cover(VIEW, ADDRESS)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        render_cover(view(issued_at=ISSUED_AT.replace(tzinfo=None)))


def test_threads_do_not_mix_their_covers() -> None:
    views = [view(si_number=f"{number:010d}", full_name="LÊ " + "A" * (number % 7 + 1)) for number in range(24)]
    alone = [render_cover(each) for each in views]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(render_cover, views)) == alone


def test_typst_is_loaded_by_drawing_only() -> None:
    loaded = _in_another_process(
        "import sys, chalicelib.documents.cover; print(any(name.startswith('typst') for name in sys.modules))"
    )

    assert loaded == "False"


def test_it_draws_the_same_from_the_unpacked_layer(tmp_path: Path) -> None:
    """As on Lambda: the code in one folder, the layer's `python` and `cover` in another, no source tree."""
    typst = importlib.util.find_spec("typst")
    assert typst is not None
    assert typst.origin is not None
    code, layer = tmp_path / "task", tmp_path / "opt"
    shutil.copytree(ROOT / "chalicelib", code / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
    (code / "tests" / "documents").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "documents" / "covers.py", code / "tests" / "documents")
    shutil.copytree(ROOT / "infra" / "layers" / "cover" / "assets", layer / "cover")
    (layer / "python").mkdir()
    (layer / "python" / "typst").symlink_to(Path(typst.origin).parent)

    code_to_run = f"{DRAW}; from chalicelib.documents.typesetting import assets_folder; print(assets_folder())"
    drawn, folder = _in_another_process(code_to_run, code, PYTHONPATH=str(layer / "python")).split()

    assert drawn == hashlib.sha256(render_cover(VIEW, ADDRESS)).hexdigest()
    assert Path(folder) == layer / "cover"


def test_without_the_layer_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COVER_ASSETS", str(tmp_path))

    with pytest.raises(DocumentError, match="layer"):
        assets_folder()


def test_the_version_recorded_is_the_one_of_the_layer() -> None:
    lock = (ROOT / "infra" / "layers" / "cover" / "requirements.txt").read_text()

    assert f"typst=={TYPST_VERSION} " in lock
    assert f"typst-{TYPST_VERSION}" == RENDERER_VERSION
