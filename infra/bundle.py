"""The pieces of packaging: packages for Lambda's platform, without what it never reads, as reproducible zips."""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

AWS_SERVICES = frozenset({"dynamodb", "kms", "s3", "secretsmanager", "sns", "sqs", "ssm", "stepfunctions", "sts"})
"""The services whose API descriptions the functions load; the other four hundred are most of botocore."""

KEPT_OF_METADATA = ("METADATA", "LICENSE", "LICENCE", "NOTICE", "COPYING")
CLUTTER = ("tests", "test", "testing", "examples", "__pycache__")
FIXED_TIME = (1980, 1, 1, 0, 0, 0)


def install(lock: Path, target: Path) -> None:
    """Install a hashed lock file for Lambda (x86_64, the packaging Python's version), wheels only.

    Raises `subprocess.CalledProcessError`; uv's own message is on stderr.
    """
    # Lambda's python3.11 is Amazon Linux 2 (glibc 2.26), later ones are Amazon Linux 2023 (glibc 2.34).
    platform = "x86_64-manylinux2014" if sys.version_info < (3, 12) else "x86_64-manylinux_2_28"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    target_python = ["--python", sys.executable, "--python-platform", platform, "--python-version", version]
    only_locked = ["--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy"]
    subprocess.run(
        [_uv(), "pip", "install", *only_locked, *target_python, "--target", str(target), "-r", str(lock)],
        check=True,
    )


def trim(folder: Path) -> None:
    """Remove what a function never reads: other services' API descriptions, tests, scripts, install records."""
    for data in (folder / "botocore" / "data", folder / "boto3" / "data"):
        for service in data.iterdir() if data.exists() else ():
            if service.is_dir() and service.name not in AWS_SERVICES:
                shutil.rmtree(service)
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and path.name in CLUTTER:
            shutil.rmtree(path)
        elif path.is_file() and _is_clutter(path, folder):
            path.unlink()


def _is_clutter(path: Path, folder: Path) -> bool:
    """Whether a file serves only installers, compilers or type checkers; licences stay."""
    if path.relative_to(folder).parts[0].endswith(".dist-info"):
        return not path.name.upper().startswith(KEPT_OF_METADATA)
    return path.suffix in (".pyi", ".pyx", ".pxd", ".c", ".h") or path.name in (".lock", "py.typed")


def compile_sources(folder: Path, prefix: str, only: Iterable[str] = (".",)) -> None:
    """Byte code beside every source, checked by hash: zip times are fixed, so times prove nothing.

    `prefix` is where the folder will lie on Lambda; tracebacks and the bytes then do not depend on this machine.
    """
    for each in only:
        path = folder / each
        if path.is_dir():
            compileall.compile_dir(
                path,
                quiet=1,
                force=True,
                stripdir=str(folder),
                prependdir=prefix,
                invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
            )
        elif path.exists():
            compileall.compile_file(
                path,
                quiet=1,
                force=True,
                stripdir=str(folder),
                prependdir=prefix,
                invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
            )


def write_zip(target: Path, parts: Iterable[tuple[Path, str]], *, level: int = 9) -> None:
    """Zip folders, each under a prefix, reproducibly: entries sorted, one time, one mode. Replaces `target` at once."""
    entries = sorted(
        (f"{prefix}/{path.relative_to(folder).as_posix()}" if prefix else path.relative_to(folder).as_posix(), path)
        for folder, prefix in parts
        for path in folder.rglob("*")
        if path.is_file()
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    making = target.with_suffix(".making")
    with zipfile.ZipFile(making, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, path in entries:
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if os.access(path, os.X_OK) else 0o644) << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=level)
    making.replace(target)


def _uv() -> str:
    """The uv of this environment, which the lock file pins."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise FileNotFoundError("uv is not installed: run `make install`")
    return found
