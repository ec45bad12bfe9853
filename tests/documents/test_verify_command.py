"""`python -m chalicelib.documents.verify`: for people and machines, with a status that scripts can use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509

from chalicelib.documents import verify
from chalicelib.documents.token import key_set
from infra.local.authority import Authority
from tests.documents.covers import VIEW
from tests.documents.signed import code_keys, seal, signed
from tests.support.signing import authority

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cover, the roots and the published keys, as one who verifies has them."""
    folder = tmp_path_factory.mktemp("verify")
    (folder / "cover.pdf").write_bytes(signed())
    (folder / "ca.pem").write_bytes(authority().pem)
    (folder / "keys.json").write_text(json.dumps(key_set(code_keys())))
    return folder


def test_a_sound_cover(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [str(folder / "cover.pdf"), "--trust", str(folder / "ca.pem"), "--keys", str(folder / "keys.json")]
    assert verify.main(given) == verify.SOUND
    told = capsys.readouterr().out
    assert "KẾT LUẬN: HỢP LỆ" in told
    assert told.count("[ĐẠT ]") == len(verify.WORDS)
    assert "Mã QR do cơ quan phát hành" in told
    # What a signature can never say is always said.
    assert "hiện còn giá trị hay đã bị thu hồi" in told
    assert VIEW.full_name not in told


def test_for_machines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [str(folder / "cover.pdf"), "--trust", str(folder / "ca.pem"), "--json"]
    assert verify.main(given) == verify.SOUND
    told = json.loads(capsys.readouterr().out)
    assert (told["sound"], told["level"], told["signed_at"]) == (True, "B-B", "2026-11-22T10:05:00+07:00")
    assert told["data"]["full_name"] == VIEW.full_name
    assert {finding["check"] for finding in told["findings"]} == {str(check) for check in verify.WORDS}
    assert (told["code_proven"], told["time_proven"]) == (False, False)
    assert told["proves"]
    assert told["leaves_open"]


def test_without_roots_it_decides_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(folder / "cover.pdf")]) == verify.OPEN
    told = capsys.readouterr().out
    assert "CHƯA KẾT LUẬN ĐƯỢC" in told
    assert "Chứng minh được" not in told


def test_signed_by_another_authority(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cover.pdf").write_bytes(signed(using=seal(Authority.new())))
    assert verify.main([str(tmp_path / "cover.pdf"), "--trust", str(folder / "ca.pem")]) == verify.WRONG
    told = capsys.readouterr().out
    assert "KHÔNG HỢP LỆ" in told
    assert "[SAI ] Chứng thư số dẫn tới gốc tin cậy" in told


def test_what_cannot_be_read(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no.pdf").write_bytes(b"no PDF")
    (tmp_path / "no.pem").write_bytes(b"no PEM")
    cover, roots = str(folder / "cover.pdf"), str(folder / "ca.pem")
    for given in (
        [str(tmp_path / "no.pdf"), "--trust", roots],
        [str(tmp_path / "missing.pdf")],
        [cover, "--trust", str(tmp_path / "no.pem")],
        [cover, "--keys", str(tmp_path / "no.pem")],
    ):
        assert verify.main(given) == verify.UNREADABLE
    assert "KHÔNG ĐỌC ĐƯỢC" in capsys.readouterr().out


def test_as_a_command_of_its_own_without_any_account(folder: Path) -> None:
    files = [str(folder / "cover.pdf"), "--trust", str(folder / "ca.pem")]
    command = [sys.executable, "-m", "chalicelib.documents.verify", *files]
    environment = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "HỢP LỆ" in done.stdout


def test_the_root_is_the_one_of_the_authority(folder: Path) -> None:
    (root,) = verify.roots_from((folder / "ca.pem").read_bytes())
    assert x509.load_der_x509_certificate(root) == authority().certificate
