"""CPU of a cold start in a new process, from the package as Lambda lays it out: imports, and a first request."""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import samples
from .stub import serving

FLOOR = Path(__file__).with_name("floor") / "app.py"
FLOOR_MODULE = "floor"
API_MODULE = "app"

_IMPORT = """
import sys, time
sys.path[:0] = {folders!r}
started = time.process_time_ns()
{load}
print((time.process_time_ns() - started) / 1e6)
"""
_FIRST_REQUEST = """
import sys, time
sys.path[:0] = {folders!r}
event = {event!r}
started = time.process_time_ns()
from {module} import app
answer = app(event, None)
spent = time.process_time_ns() - started
assert answer["statusCode"] == 201, answer["body"]
print(spent / 1e6)
"""


@dataclass(frozen=True, slots=True)
class Cold:
    """CPU milliseconds, the median of many processes; the ratio is the median of the rounds' ratios to the floor."""

    milliseconds: float
    floor: float
    ratio: float


def imports(loads: Mapping[str, str], task: Path, *, rounds: int, say: Callable[[str], None]) -> dict[str, Cold]:
    """Run what every handler starts with (`{name: statement}`) in turns with the floor's import.

    Layers are left out: no module needs one before its first event. Raises `subprocess.CalledProcessError` for a
    module that can't be imported from the package alone.
    """
    with _floor() as floor:
        programs = {"": _IMPORT.format(folders=[str(floor), str(task)], load=f"import {FLOOR_MODULE}")}
        programs |= {name: _IMPORT.format(folders=[str(task)], load=load) for name, load in loads.items()}
        return _compare(programs, rounds, say)


def first_request(task: Path, layer: Path, *, rounds: int, say: Callable[[str], None]) -> Cold:
    """Import and a first registration, against a stub behind a real socket; the API with its layer."""
    event = samples.registration_event(1)
    with _floor() as floor, serving() as address:
        programs = {
            "": _FIRST_REQUEST.format(folders=[str(floor), str(task)], module=FLOOR_MODULE, event=event),
            "api": _FIRST_REQUEST.format(folders=[str(task), str(layer / "python")], module=API_MODULE, event=event),
        }
        return _compare(programs, rounds, say, AWS_ENDPOINT_URL=address)["api"]


def _compare(programs: Mapping[str, str], rounds: int, say: Callable[[str], None], **more: str) -> dict[str, Cold]:
    """Run the programs in turns, first forwards, then backwards; the nameless one is the floor."""
    found: dict[str, list[float]] = {name: [] for name in programs}
    for program in programs.values():
        _run(program, more)
    for number in range(rounds):
        for name in programs if number % 2 else reversed([*programs]):
            found[name].append(_run(programs[name], more))
        if number % 3 == 2:
            say(f"round {number + 1} of {rounds}")
    floor = found.pop("")
    return {
        name: Cold(
            milliseconds=statistics.median(times),
            floor=statistics.median(floor),
            ratio=statistics.median(mine / other for mine, other in zip(times, floor, strict=True)),
        )
        for name, times in found.items()
    }


@contextmanager
def _floor() -> Iterator[Path]:
    """A folder with the floor's module and its byte code, believed as the packager lets ours be."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        shutil.copy(FLOOR, folder / f"{FLOOR_MODULE}.py")
        compileall.compile_dir(folder, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        yield folder


def _run(program: str, more: Mapping[str, str]) -> float:
    """The CPU milliseconds that a program prints, in a bare interpreter that finds only the packages it names."""
    environment = {**samples.ENVIRONMENT, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **more}
    command = [sys.executable, "-I", "-S", "-c", program]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)
