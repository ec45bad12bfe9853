"""The pieces of packaging: packages for Lambda's platform, without what it never reads, as reproducible zips."""

from __future__ import annotations

import compileall
import gzip
import json
import os
import py_compile
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

AWS_SERVICES = frozenset(
    {"dynamodb", "kms", "lambda", "s3", "secretsmanager", "sns", "sqs", "ssm", "stepfunctions", "sts"}
)
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
    if (folder / "botocore" / "data").exists():
        _slim_descriptions(folder / "botocore" / "data")
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and path.name in CLUTTER:
            shutil.rmtree(path)
        elif path.is_file() and _is_clutter(path, folder):
            path.unlink()


def _slim_descriptions(data: Path) -> None:
    """Of botocore's descriptions keep what a client reads: every cold start parses them.

    The prose goes, the examples, and the addresses of services that are not called. The zip compresses them anyway,
    so they are stored as plain JSON.
    """
    prefixes = set()
    for path in sorted(data.glob("*/*/*.json.gz")):
        described = json.loads(gzip.decompress(path.read_bytes()))
        # Elsewhere botocore insists on the text.
        described |= {part: _without_prose(described[part]) for part in ("operations", "shapes") if part in described}
        prefixes.add(described.get("metadata", {}).get("endpointPrefix"))
        path.with_suffix("").write_text(_compact(described), "utf-8")
        path.unlink()
    for path in data.glob("*/*/examples-1.json"):
        path.unlink()
    addresses = json.loads((data / "endpoints.json").read_text("utf-8"))
    for partition in addresses["partitions"]:
        called = {name: places for name, places in partition["services"].items() if name in prefixes}
        partition["services"] = called
    (data / "endpoints.json").write_text(_compact(addresses), "utf-8")


def _without_prose(described: Any) -> Any:
    """The same description without texts named `documentation`; a field of an API may have that name, as an object."""
    if isinstance(described, dict):
        return {
            name: _without_prose(value)
            for name, value in described.items()
            if not (name == "documentation" and isinstance(value, str))
        }
    return [_without_prose(value) for value in described] if isinstance(described, list) else described


def _compact(described: Any) -> str:
    return json.dumps(described, ensure_ascii=False, separators=(",", ":"))


def _is_clutter(path: Path, folder: Path) -> bool:
    """Whether a file serves only installers, compilers or type checkers; licences stay."""
    if path.relative_to(folder).parts[0].endswith(".dist-info"):
        return not path.name.upper().startswith(KEPT_OF_METADATA)
    return path.suffix in (".pyi", ".pyx", ".pxd", ".c", ".h") or path.name in (".lock", "py.typed")


def compile_sources(folder: Path, prefix: str, only: Iterable[str] = (".",)) -> None:
    """Byte code beside every source, believed unseen: what is packed is never edited.

    Every cold start would read all sources only to find their hashes unchanged; times prove nothing, a zip's are fixed.

    `prefix` is where the folder will lie on Lambda; tracebacks and the bytes then do not depend on this machine.
    """
    for each in only:
        path = folder / each
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            compileall.compile_file(
                source,
                quiet=1,
                force=True,
                stripdir=str(folder),
                prependdir=prefix,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
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
