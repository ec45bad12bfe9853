"""The page of a scan in a real browser at the width of a phone; where Chromium is not installed, there is no test."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from chalicelib.domain.covers.cover import CoverStatus
from chalicelib.http.covers.verification_page import outcome_page, unknown_page
from chalicelib.usecases.covers.verify_cover import Verification

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

LONGEST = Verification(
    CoverStatus.REPLACED,
    date(2023, 2, 6),
    "Bảo hiểm xã hội thành phố Hồ Chí Minh, cơ sở khu vực Bình Dương và Bà Rịa - Vũng Tàu",
    " ".join(["N***"] * 14),
    "79*****678",
)
FRAME = """<!doctype html><meta charset="utf-8"><iframe width="{width}" height="640" srcdoc="{page}"></iframe><script>
onload = () => {{
  const inner = document.querySelector("iframe").contentDocument, small = [];
  for (const each of inner.querySelectorAll("p,dt,dd,h1,strong,header,footer"))
    if (parseFloat(inner.defaultView.getComputedStyle(each).fontSize) < 16) small.push(each.tagName);
  document.body.dataset.measured = inner.documentElement.scrollWidth + " " + inner.title + " " + small.length;
}};
</script>"""


def measured(page: str, width: int, folder: Path) -> tuple[int, str, int]:
    """How wide the page wants to be, its title, and how many texts are smaller than 16 px."""
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(width=width, page=html.escape(page)), "utf-8")
    done = subprocess.run(
        [
            str(CHROMIUM),
            *("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"),
            *("--virtual-time-budget=2000", "--dump-dom", frame.as_uri()),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found = re.search(r'data-measured="(\d+) (.*?) (\d+)"', done.stdout)
    assert found is not None, done.stdout[:500]
    return int(found[1]), found[2], int(found[3])


@pytest.mark.slow
@pytest.mark.parametrize("page", (outcome_page(LONGEST), unknown_page()), ids=("outcome", "unknown"))
def test_the_page_fits_a_phone_without_scrolling_sideways(page: str, tmp_path: Path) -> None:
    width, title, small = measured(page, 320, tmp_path)
    assert width <= 320
    assert title.endswith("Xác thực tờ bìa sổ BHXH")
    assert small == 0
