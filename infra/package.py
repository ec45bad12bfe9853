"""Makes what is deployed: the finished template, one code zip for all functions, and the layers.

The same inputs give the same bytes (sorted entries, fixed times), and what has not changed is not made again.

    python -m infra.package --stage production
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import merge
from infra.bundle import compile_sources, install, trim, write_zip

ROOT = Path(__file__).resolve().parent.parent
STAGES = ("sandbox", "staging", "production")
API_ZIP_LIMIT = 8 * 1024 * 1024
"""Bytes; a larger zip makes every cold start slower (the budget of the architecture)."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Package:
    """Where the parts of one stage's package lie. `layers` maps a layer's name to its zip."""

    stage: str
    folder: Path
    template: Path
    code: Path
    layers: dict[str, Path]

    @property
    def root(self) -> Path:
        """The source tree whose `build` it lies in."""
        return self.folder.resolve().parents[2]

    def read_template(self) -> dict[str, Any]:
        """The finished template, as deployed; `CodeUri` and `ContentUri` are relative to `folder`."""
        template: dict[str, Any] = json.loads(self.template.read_text("utf-8"))
        return template


def build(stage: str, *, say: Say = print, root: Path = ROOT) -> Package:
    """Make the package of a stage, or answer the one made before from the same inputs.

    Raises `subprocess.CalledProcessError` when uv or chalice fails, `ValueError` when the zip is over its limit.
    """
    with _alone(root / "build"):
        layers = {name: _layer(root, name, say) for name in _layer_names(root)}
        digest = _digest([*_app_inputs(root), *layers.values()], stage, sys.version)[:16]
        folder = root / "build" / "packages" / f"{stage}-{digest}"
        package = _package(stage, folder, layers)
        for left in (root / "build").glob("staging-*"):
            shutil.rmtree(left, ignore_errors=True)  # of a run that failed or was killed
        if not folder.exists():
            started = time.monotonic()
            say(f"packaging for {stage}")
            making = _package(stage, folder.with_suffix(".making"), layers)
            shutil.rmtree(making.folder, ignore_errors=True)
            making.folder.mkdir(parents=True)
            _app(root, making, say)
            for name, made in layers.items():
                _link(made, making.layers[name])
            making.folder.rename(folder)
            say(f"packaged in {time.monotonic() - started:.1f} s: code {package.code.stat().st_size / 2**20:.2f} MiB")
        _point(root / "build" / stage, folder)
        _forget_old(folder)
    return package


def made(folder: Path) -> Package:
    """A package that was made before, by this or another version: its folder. Raises FileNotFoundError."""
    folder = folder.resolve()
    if not (folder / "template.json").exists():
        raise FileNotFoundError(f"no package in {folder}")
    layers = [path.stem for path in (folder / "layers").glob("*.zip")]
    return _package(folder.name.partition("-")[0], folder, layers)


def _package(stage: str, folder: Path, layers: Iterable[str]) -> Package:
    zips = {name: folder / "layers" / f"{name}.zip" for name in layers}
    return Package(stage, folder, folder / "template.json", folder / "deployment.zip", zips)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One packager at a time: tests, a local run and `make package` may want the same parts at once."""
    folder.mkdir(exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _point(link: Path, folder: Path) -> None:
    """Make build/<stage> show the package just made."""
    making = link.with_suffix(".link")
    making.unlink(missing_ok=True)
    making.symlink_to(folder.relative_to(link.parent))
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)
    making.replace(link)


def _forget_old(folder: Path, keep: int = 6) -> None:
    """Remove packages that nobody has asked for lately; a local run may still read a recent one."""
    folder.touch()
    packages = sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in packages[keep:]:
        shutil.rmtree(old, ignore_errors=True)


def unpack_roots(package: Package) -> tuple[Path, Path]:
    """The package unpacked, once: the task root (`/var/task` on Lambda) and a folder that holds each layer's `/opt`."""
    root = package.root
    target = root / "build" / "unpacked" / _digest([package.code, *package.layers.values()])[:16]
    with _alone(root / "build"):
        if not target.exists():
            making = target.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            shutil.unpack_archive(package.code, making / "task", "zip")
            for name, layer in package.layers.items():
                shutil.unpack_archive(layer, making / "opt" / name, "zip")
            making.rename(target)
        _forget_old(target, keep=2)
    return target / "task", target / "opt"


def _app(root: Path, package: Package, say: Say) -> None:
    """`chalice package` in a clean copy of the project, then our own zip around what it collected."""
    staging = Path(tempfile.mkdtemp(prefix="staging-", dir=root / "build"))
    shutil.copy2(root / "app.py", staging)
    for each in ("chalicelib", ".chalice"):
        # A stale __pycache__ would go into the zip, and with it byte code of another Python.
        shutil.copytree(root / each, staging / each, ignore=shutil.ignore_patterns("__pycache__", "deploy*"))
    # Dependencies come from the hashed lock, not from chalice's own pip.
    (staging / "requirements.txt").write_text("", "utf-8")
    (staging / "overlay.json").write_text(json.dumps(merge.merged_overlay(package.stage)), "utf-8")
    say("  chalice package")
    chalice = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())"]
    subprocess.run(
        [*chalice, "package", "--stage", package.stage, "--merge-template", "overlay.json", "out"],
        cwd=staging,
        env={**os.environ, "AWS_DEFAULT_REGION": "ap-southeast-1", "STAGE": package.stage},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    template = json.loads((staging / "out" / "sam.json").read_text("utf-8"))
    finished = merge.finish(template, package.stage)
    package.template.write_text(json.dumps(finished, indent=1, ensure_ascii=False), "utf-8")

    bundle = staging / "bundle"
    shutil.copytree(_dependencies(root, root / "requirements.txt", say), bundle)
    shutil.unpack_archive(staging / "out" / "deployment.zip", bundle, "zip")
    say("  byte code and zip")
    compile_sources(bundle, "/var/task", only=("app.py", "chalicelib", "chalice"))
    write_zip(package.code, [(bundle, "")])
    shutil.rmtree(staging)
    size = package.code.stat().st_size
    if size > API_ZIP_LIMIT:
        raise ValueError(f"deployment.zip has {size:,} bytes, more than {API_ZIP_LIMIT:,}")


def _dependencies(root: Path, lock: Path, say: Say, prefix: str = "/var/task") -> Path:
    """The packages of a lock file, installed for Lambda, trimmed and compiled; kept by the lock's content."""
    digest = _digest([lock, Path(__file__).with_name("bundle.py")], prefix, sys.version)[:16]
    target = root / "build" / "cache" / f"packages-{digest}"
    if not target.exists():
        say(f"  installing the packages of {lock.relative_to(root)} for Lambda")
        making = target.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        install(lock, making)
        trim(making)
        compile_sources(making, prefix)
        making.rename(target)
    return target


def _layer_names(root: Path) -> list[str]:
    return sorted(lock.parent.name for lock in (root / "infra" / "layers").glob("*/requirements.txt"))


def _layer(root: Path, name: str, say: Say) -> Path:
    """One layer's zip: packages under `python/`, the layer's own files under its name (`/opt/<name>`)."""
    source = root / "infra" / "layers" / name
    assets = source / "assets"
    lock = source / "requirements.txt"
    files = [lock, *_files(assets)] if assets.exists() else [lock]
    digest = _digest([*files, Path(__file__).with_name("bundle.py")], sys.version)[:16]
    target = root / "build" / "cache" / f"layer-{name}-{digest}.zip"
    if not target.exists():
        say(f"layer {name}: packing {source.relative_to(root)}")
        packages = _dependencies(root, lock, say, "/opt/python")
        parts = [(packages, "python"), *([(assets, name)] if assets.exists() else [])]
        # The cover layer holds one library of 84 MB: level 9 takes twice the time for 1 % less.
        write_zip(target, parts, level=6)
        say(f"layer {name}: {target.stat().st_size / 2**20:.1f} MiB")
    return target


def _app_inputs(root: Path) -> list[Path]:
    """Every file that decides the template or the code zip."""
    folders = ("chalicelib", ".chalice", "infra/template", "infra/statemachines")
    singles = ["app.py", "requirements.txt", *(str(p.relative_to(root)) for p in (root / "infra").glob("*.py"))]
    found = [path for folder in folders for path in _files(root / folder)]
    return [*found, *(root / single for single in singles if (root / single).exists())]


def _files(folder: Path) -> list[Path]:
    if not folder.exists():
        return []
    return sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def _digest(files: Iterable[Path], *also: str) -> str:
    """SHA-256 over names and contents, in a fixed order."""
    total = hashlib.sha256("\0".join(also).encode())
    for path in sorted(files):
        total.update(f"{path.name}\0{path.parent.name}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _link(source: Path, target: Path) -> None:
    """A hard link: the cover layer has tens of megabytes and every stage names it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    os.link(source, target)


def main() -> None:
    """The command line: package one stage and say what was made."""
    parser = argparse.ArgumentParser(prog="make package", description=__doc__)
    parser.add_argument("--stage", choices=STAGES, default="sandbox")
    package = build(parser.parse_args().stage)
    for path in (package.template, package.code, *package.layers.values()):
        print(f"{path.stat().st_size:>12,} bytes  {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
