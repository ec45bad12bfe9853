"""The house rules that a reader would otherwise have to trust: who imports whom, what lies where, what is not done."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / "chalicelib"
DOMAIN = PRODUCT / "domain"

FILES = tuple(sorted(PRODUCT.rglob("*.py")))
LONGEST_MODULE = 400
"""Lines."""

MAY_IMPORT: dict[str, frozenset[str]] = {
    "domain": frozenset(),
    "law": frozenset({"domain"}),
    "documents": frozenset({"domain"}),
    "storage": frozenset({"domain", "passing"}),
    # A register of the sandbox lies in the same table, so that it rides in the batch of the request.
    "registers": frozenset({"domain", "storage"}),
    "usecases": frozenset(
        {"domain", "storage", "documents", "registers", "law", "wiring", "clock", "lawbook", "log", "metrics"}
    ),
    "queues": frozenset({"domain", "usecases", "wiring", "log", "metrics", "storage"}),
    "workflows": frozenset({"domain", "usecases", "wiring", "log", "metrics", "passing"}),
    "http": frozenset({"domain", "usecases", "wiring", "log", "settings", "aws", "published", "queues", "passing"}),
}
"""The arrows of the house, by folder: a folder may import these and itself."""

NARROW = {
    # The relay reads its lines from the stream's own form, and nothing else of the storage.
    ("queues", "storage"): {"chalicelib.storage.codec", "chalicelib.storage.items.audit"},
    # The published contract holds the schemas of the queue and of the topic.
    ("http", "queues"): {"chalicelib.queues.messages"},
}
"""Arrows that hold for a few modules only."""

IMPURE = {
    "boto3",
    "botocore",
    "chalice",
    "pydantic",
    "random",
    "secrets",
    "os",
    "socket",
    "threading",
    "logging",
    "uuid",
}
STANDARD_ONLY = frozenset({"uuid"})
"""Of those, what the domain may use in its pure form (uuid5)."""

CLOCK = re.compile(r"\b(datetime\.now|datetime\.today|date\.today|datetime\.utcnow|time\.time|time\.monotonic)\b")
RANDOM = re.compile(r"\b(uuid\.uuid[14]|os\.urandom|random\.)")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file names in an import, absolute, wherever the import stands but for types alone."""
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    typing_only = {
        id(inner)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree(path)):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            start = ".".join(part for part in (base, node.module or "") if part)
            for alias in node.names:
                inner = f"{start}.{alias.name}"
                yield inner if _is_module(inner) else start


def _is_module(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def place_of(module: str) -> str:
    """The folder (or the module beside the folders) of `chalicelib` that a module lies in."""
    return module.split(".")[1] if module.startswith("chalicelib.") else ""


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def public_functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    """The public classes, functions and methods of a module."""
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                        yield f"{node.name}.{inner.name}", inner


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 60
    assert {place_of(module_name(path)) for path in FILES} >= set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_imports_follow_the_arrows(path: Path) -> None:
    here = place_of(module_name(path))
    if here not in MAY_IMPORT:
        return
    for module in imports(path):
        there = place_of(module)
        if not there or there == here:
            continue
        assert there in MAY_IMPORT[here], f"{here} does not import {module}"
        if (here, there) in NARROW:
            assert module in NARROW[here, there], f"{here} imports only {NARROW[here, there]} of {there}"


def test_the_app_registers_blueprints_and_nothing_else() -> None:
    body = tree(ROOT / "app.py").body
    allowed = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.For, ast.If)
    assert all(isinstance(node, allowed) for node in body)
    assert {place_of(module) for module in imports(ROOT / "app.py")} <= {"", "http", "queues", "workflows", "settings"}
    assert len((ROOT / "app.py").read_text("utf-8").splitlines()) < 60


@pytest.mark.parametrize("path", sorted(DOMAIN.rglob("*.py")), ids=ids)
def test_the_domain_is_pure(path: Path) -> None:
    """No AWS, no framework, no clock, no chance, no environment: the same facts give the same decision."""
    names = {module.split(".")[0] for module in imports(path)}
    assert not names & (IMPURE - STANDARD_ONLY), "the domain imports the standard library's pure part only"
    code = _without_strings(path)
    assert not CLOCK.search(code), "business time is given to the domain, never taken"
    assert not RANDOM.search(code)
    assert not re.search(r"\b(open|print|input)\(", code)


def _without_strings(path: Path) -> str:
    """The code of a module without its texts."""

    class Blank(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.Constant:
            return ast.Constant("") if isinstance(node.value, str) else node

    return ast.unparse(ast.fix_missing_locations(Blank().visit(ast.parse(path.read_text("utf-8")))))


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_no_module_grows_beyond_one_reading(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_module_opens_with_what_it_guarantees(path: Path) -> None:
    told = ast.get_docstring(tree(path))
    assert told, "one sentence at the top"


OBVIOUS_LINES = 6
"""A function of few lines whose signature says everything needs no docstring."""


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_what_is_public_is_explained(path: Path) -> None:
    """A public function has a docstring unless it is short; so has every public class that is no plain record."""
    silent = [
        name
        for name, node in public_functions(path)
        if ast.get_docstring(node) is None
        and not isinstance(node, ast.ClassDef)
        and len(ast.unparse(node).splitlines()) > OBVIOUS_LINES
        and not name.startswith(("SandboxRegisters.", "UnconnectedRegisters."))
    ]
    assert silent == []


KEY_OF_THE_TABLE = re.compile(
    r"^(DOSSIER|PERSON|VOUCHER|RECEIPT|IDEM|COUNTER|SI|COVER|HELD|OPEN|AUDIT|PENDING|PERIOD|DAY|QUARANTINE|RULE\w*)#"
)


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_every_key_of_the_table_is_made_in_one_place(path: Path) -> None:
    if path == PRODUCT / "storage" / "keys.py":
        return
    texts = [
        node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert not [text for text in texts if KEY_OF_THE_TABLE.match(text)]


MONEY = ("money", "contribution", "interest", "voucher", "participation", "refund", "law")


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.stem in MONEY or "storage" in path.parts or "law" in path.parts], ids=ids
)
def test_money_is_whole(path: Path) -> None:
    """No float, no true division, no fraction literal where amounts are reckoned or stored."""
    for node in ast.walk(tree(path)):
        assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _of_numbers(node)), node.lineno
        assert not (isinstance(node, ast.Name) and node.id == "float"), node.lineno
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            assert path.parts[-2] == "storage", f"line {node.lineno}"


def _of_numbers(node: ast.BinOp) -> bool:
    """Whether a `/` divides; between paths and texts it joins."""
    sides = (ast.unparse(node.left), ast.unparse(node.right))
    return not any(side.startswith(("Path", "folder", "DATA", "'", "f'")) for side in sides)


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_nothing_is_printed_and_logs_hold_allowed_facts_only(path: Path) -> None:
    """A log call has a fixed text; what varies goes through `facts()`, whose names are on the allow-list."""
    from chalicelib.log import FIELDS

    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        assert called not in {"print", "pprint"}
        if re.fullmatch(r"(\w+\.)*_?log\.(debug|info|warning|error|exception|critical)", called):
            assert len(node.args) == 1, f"{called} with values in line {node.lineno}"
            assert isinstance(node.args[0], ast.Constant), f"{called} with a text that varies in line {node.lineno}"
            assert {keyword.arg for keyword in node.keywords} <= {"extra", "exc_info"}
        if called == "facts" and path.name != "record_voucher.py":
            unknown = {keyword.arg for keyword in node.keywords if keyword.arg} - FIELDS
            assert not unknown, f"{unknown} would be left out of the log"


LEFTOVER = re.compile(
    r"/work\b|/tmp/|\.\./shared|\bTODO\b|\bFIXME\b|\bXXX\b|NotImplementedError|\bsession \d|\bissue #?\d", re.IGNORECASE
)


def everything_kept() -> list[Path]:
    kinds = {".py", ".md", ".json", ".yaml", ".toml", ".txt", ".in", ".typ", ".html"}
    places = [ROOT / name for name in ("chalicelib", "infra", "docs", "tests", ".chalice", ".ci")]
    found = [path for place in places if place.exists() for path in place.rglob("*") if path.suffix in kinds]
    found += [path for path in ROOT.iterdir() if path.is_file() and path.suffix in kinds]
    return sorted(path for path in found if "__pycache__" not in path.parts and path != Path(__file__).resolve())


def test_nothing_is_left_over_from_the_workbench() -> None:
    """Places of the machine it was made on, notes to oneself, half-done things."""
    found = [
        f"{ids(path)}:{number}: {line.strip()}"
        for path in everything_kept()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if LEFTOVER.search(line)
    ]
    assert found == []


def test_every_folder_of_the_house_is_where_the_plan_has_it() -> None:
    assert {path.name for path in PRODUCT.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(MAY_IMPORT)
