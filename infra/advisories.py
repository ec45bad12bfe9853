"""Known weaknesses without the network: advisories in OSV's form, from a folder, answered on loopback.

`pip-audit` and `npm audit` ask the services that they know, OSV and the npm registry; this answers in their place
from a checkout of https://github.com/pypa/advisory-database (YAML) or https://github.com/github/advisory-database
(JSON). Which versions a weakness is in is decided as the OSV schema says:
https://ossf.github.io/osv-schema/#evaluation
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

PYPI, NPM = "PyPI", "npm"
_NAME = re.compile(r"""["']?name["']?: ["']?([A-Za-z0-9@/._-]+)""")
_PUBLISHED = re.compile(r"""^ *["']?published["']?: ["']?(\d{4}-\d{2}-\d{2})""", re.MULTILINE)
# C where the wheel has it: thousands of files are read.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Advisories:
    """What the files of some folders say of some packages. `newest` is the day on which the youngest was published."""

    def __init__(self, folders: Iterable[Path], names: Iterable[str]) -> None:
        """Read what is about packages of these names. Raises FileNotFoundError for a folder without an advisory."""
        wanted = {canonicalize_name(name) for name in names}
        self.newest = ""
        self.count = 0
        self.ecosystems: set[str] = set()
        self._by_package: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for folder in folders:
            before = self.count
            for path in sorted(folder.rglob("*.yaml")) + sorted(folder.rglob("*.json")):
                self._read(path, wanted)
            if self.count == before:
                raise FileNotFoundError(f"no advisory of the OSV form under {folder}")

    def _read(self, path: Path, wanted: set[Any]) -> None:
        text = path.read_text("utf-8")
        published = _PUBLISHED.search(text)
        if published is None:
            return
        self.count += 1
        self.newest = max(self.newest, published[1])
        self.ecosystems |= {each for each in (PYPI, NPM) if f"{each}\n" in text or f'"{each}"' in text}
        if not any(canonicalize_name(name) in wanted for name in _NAME.findall(text)):
            return
        read = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=_LOADER)  # noqa: S506
        if read.get("withdrawn"):
            return
        for each in read.get("affected", ()):
            package = each.get("package") or {}
            key = (package.get("ecosystem", ""), canonicalize_name(package.get("name", "")))
            about = self._by_package.setdefault(key, [])
            if read not in about:
                about.append(read)

    def of_python(self, name: str, version: str) -> list[dict[str, Any]]:
        """The advisories about this version of a package of PyPI."""
        known = self._by_package.get((PYPI, canonicalize_name(name)), ())
        return [each for each in known if any(_is_in(part, version) for part in _parts(each, PYPI, name))]

    def of_npm(self, name: str) -> list[dict[str, Any]]:
        """Every advisory about a package of npm in the registry's form; which versions are meant npm decides itself."""
        found = []
        for number, each in enumerate(self._by_package.get((NPM, canonicalize_name(name)), ())):
            for part in _parts(each, NPM, name):
                for span in _npm_ranges(part):
                    title = each.get("summary") or each["id"]
                    found.append(
                        {"id": f"{name}-{number}", "title": title, "url": each["id"], "vulnerable_versions": span}
                        | {"severity": "high", "name": name}
                    )
        return found


def _parts(advisory: Mapping[str, Any], ecosystem: str, name: str) -> list[Mapping[str, Any]]:
    """What an advisory says of one package; it may be about several."""
    return [
        each
        for each in advisory["affected"]
        if each["package"]["ecosystem"] == ecosystem
        and canonicalize_name(each["package"]["name"]) == canonicalize_name(name)
    ]


def _is_in(part: Mapping[str, Any], version: str) -> bool:
    asked = Version(version)
    if any(_version(each) == asked for each in part.get("versions", ())):
        return True
    return any(_in_range(each["events"], asked) for each in part.get("ranges", ()) if each["type"] == "ECOSYSTEM")


def _in_range(events: Iterable[Mapping[str, str]], asked: Version) -> bool:
    """The events are walked by version: introduced opens, fixed closes at, last_affected closes behind."""
    inside = False
    steps = [(_version(text), kind) for event in events for kind, text in event.items()]
    for version, kind in sorted((at, kind) for at, kind in steps if at is not None):
        if kind == "introduced" and asked >= version:
            inside = True
        elif (kind == "fixed" and asked >= version) or (kind == "last_affected" and asked > version):
            inside = False
    return inside


def _version(text: str) -> Version | None:
    """None for what PyPI would not take today; such old names are nobody's lock."""
    try:
        return Version(str(text))
    except InvalidVersion:
        return None


def _npm_ranges(part: Mapping[str, Any]) -> Iterator[str]:
    signs = {"introduced": ">=", "fixed": "<", "last_affected": "<="}
    for each in part.get("ranges", ()):
        if each["type"] != "GIT":
            bounds = [f"{signs[kind]}{text}" for event in each["events"] for kind, text in event.items()]
            yield " ".join(bounds)
    for version in part.get("versions", ()):
        yield f"={version}"


@contextlib.contextmanager
def service(advisories: Advisories) -> Iterator[str]:
    """The address of a service on loopback that answers `/v1/query` as OSV and the bulk question of `npm audit`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = json.loads(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            if self.path == "/v1/query":
                found = advisories.of_python(asked["package"]["name"], asked["version"])
                self._answer({"vulns": found} if found else {})
            else:
                self._answer({name: about for name in asked if (about := advisories.of_npm(name))})

        def _answer(self, value: object) -> None:
            body = json.dumps(value, default=str).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing: the audit says what was found."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
