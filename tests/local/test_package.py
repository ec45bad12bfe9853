"""The package holds what the functions need, nothing else, and the same bytes each time."""

from __future__ import annotations

import importlib.util
import json
import sys
import zipfile
from pathlib import Path

import pytest

from infra.bundle import AWS_SERVICES, write_zip
from infra.package import API_ZIP_LIMIT, Package, build


@pytest.fixture(scope="module")
def package() -> Package:
    return build("sandbox")


@pytest.fixture(scope="module")
def names(package: Package) -> set[str]:
    with zipfile.ZipFile(package.code) as archive:
        return set(archive.namelist())


def test_the_code_zip_is_small(package: Package) -> None:
    assert package.code.stat().st_size <= API_ZIP_LIMIT


def test_it_holds_the_application_and_its_dependencies(names: set[str]) -> None:
    assert {"app.py", "chalicelib/wiring.py", "chalice/app.py", "pydantic/__init__.py", "boto3/__init__.py"} <= names


def test_it_holds_nothing_that_is_only_for_developers_or_a_layer(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert not tops & {"tests", "infra", "moto", "pytest", "ministack", "typst", "jwt", "cryptography", "bin"}
    assert not [name for name in names if name.endswith((".pyi", "RECORD", "INSTALLER")) or "/tests/" in name]


def test_it_describes_only_the_services_that_are_called(names: set[str]) -> None:
    services = {name.split("/")[2] for name in names if name.startswith("botocore/data/") and name.count("/") > 2}
    assert services == AWS_SERVICES


def test_every_module_has_byte_code_that_is_checked_by_its_hash(package: Package, names: set[str]) -> None:
    tag = sys.implementation.cache_tag
    sources = [name for name in names if name.endswith(".py")]
    compiled = {name: importlib.util.cache_from_source(name) for name in sources}
    assert all(tag in path for path in compiled.values())
    missing = [name for name, path in compiled.items() if path not in names]
    # Templates of other versions' syntax may not compile; the application's own all do.
    assert not [name for name in missing if name.startswith(("app.py", "chalice"))]
    assert len(missing) < 5
    with zipfile.ZipFile(package.code) as archive:
        for name in ("app.py", "chalicelib/wiring.py", "chalice/app.py"):
            flags = int.from_bytes(archive.read(compiled[name])[4:8], "little")
            assert flags == 0b01, name  # hash-based, not checked (PEP 552)


def test_byte_code_names_no_folder_of_this_machine(package: Package) -> None:
    with zipfile.ZipFile(package.code) as archive:
        for name in archive.namelist():
            if name.endswith(".pyc"):
                assert b"/build/" not in archive.read(name), name


def test_layers_hold_what_the_template_promises(package: Package) -> None:
    assert set(package.layers) == {"auth", "cover"}
    with zipfile.ZipFile(package.layers["auth"]) as archive:
        assert {"python/jwt/__init__.py", "python/cryptography/__init__.py"} <= set(archive.namelist())
    with zipfile.ZipFile(package.layers["cover"]) as archive:
        held = set(archive.namelist())
    assert "python/typst/__init__.py" in held
    assert any(name.startswith("cover/fonts/") for name in held)
    assert any(name.startswith("cover/templates/") for name in held)


def test_layers_fit_where_they_go(package: Package) -> None:
    """50 MiB of zip for a direct upload; 250 MiB unzipped for a function with all its layers (Lambda quotas)."""
    unzipped = {}
    for name, layer in package.layers.items():
        assert layer.stat().st_size <= 50 * 2**20, name
        with zipfile.ZipFile(layer) as archive:
            unzipped[name] = sum(entry.file_size for entry in archive.infolist())
    assert sum(unzipped.values()) <= 200 * 2**20


def test_the_template_names_files_of_the_package(package: Package) -> None:
    resources = json.loads(package.template.read_text("utf-8"))["Resources"].values()
    paths = {
        properties[name]
        for properties in (resource.get("Properties", {}) for resource in resources)
        for name in ("CodeUri", "ContentUri")
        if name in properties
    }
    assert paths
    assert all((package.folder / path).exists() for path in paths)


def test_what_has_not_changed_is_not_made_again(package: Package) -> None:
    said: list[str] = []
    again = build("sandbox", say=said.append)
    assert again == package
    assert said == []


def test_a_zip_has_the_same_bytes_whenever_and_in_whatever_order_it_is_made(tmp_path: Path) -> None:
    for folder, order in (("one", ("b.py", "a.py")), ("two", ("a.py", "b.py"))):
        (tmp_path / folder / "sub").mkdir(parents=True)
        for name in order:
            (tmp_path / folder / "sub" / name).write_text(name, "utf-8")
        write_zip(tmp_path / f"{folder}.zip", [(tmp_path / folder, "python")])
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["python/sub/a.py", "python/sub/b.py"]
