"""`make bench`: what the system costs beside a minimal handler, as one table. Ends with status 1 over a budget.

Every budget is a ratio to a floor that is measured in the same run, in turns with ours, or an absolute limit with
room to spare: other machines give other milliseconds and the same verdict.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.package import API_ZIP_LIMIT, Package, build, unpack_roots

from . import cold, cover_bench, samples

STAGE = "sandbox"
MIB = 2**20
WARM_RATIO, COLD_RATIO = 1.3, 1.15
QUOTE_MS, MISSING_MS, COVER_MS = 0.3, 2.0, 60.0
COVERS = 60
SIGNED, SIGNED_MIB, GROWTH_MIB = 2000, 130.0, 8.0


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `budget` limits the ratio where there is a floor, the figure itself where there is none."""

    name: str
    figure: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    budget: float | None = None

    @property
    def over(self) -> bool:
        judged = self.figure if self.ratio is None else self.ratio
        return self.budget is not None and judged > self.budget

    def text(self) -> str:
        verdict = "" if self.budget is None else "OVER" if self.over else "ok"
        limit = "" if self.budget is None else f"{self.budget:g}{' x' if self.ratio is not None else ''}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} x"
        figure, floor = _number(self.figure, self.unit), "" if self.floor is None else _number(self.floor, self.unit)
        return f"{self.name:44}{figure:>13}{floor:>13}{ratio:>9}{limit:>9}  {verdict}".rstrip()


COMPLETE = "APIHandler, complete"

HEADING = f"{'':44}{'figure':>13}{'floor':>13}{'ratio':>9}{'budget':>9}"


def rows() -> Iterator[Row]:
    """Measure everything, saying what is being measured."""
    package = build(STAGE, say=_say)
    task, layers = unpack_roots(package)
    # From here on this process is like a function's; the packager must not take itself for one.
    os.environ.update(samples.ENVIRONMENT)
    yield from _warm()
    yield from _cold(package, task, layers / "auth")
    yield from _sizes(package)
    yield from _covers()


def _warm() -> Iterator[Row]:
    from . import warm

    _say("registrations and vouchers, in turns with the floor")
    found = warm.measured()
    yield Row(
        "registration, CPU",
        found.registration_ms,
        "ms",
        found.registration_floor_ms,
        found.registration_ratio,
        WARM_RATIO,
    )
    yield Row("  write transactions", found.registration_writes, "", budget=1)
    yield Row("  batches of reads", found.registration_reads, "", budget=1)
    yield Row(
        "voucher in a batch of ten, CPU",
        found.voucher_ms,
        "ms",
        found.voucher_floor_ms,
        found.voucher_ratio,
        WARM_RATIO,
    )
    yield Row("  write transactions", found.voucher_writes, "", budget=1)
    yield Row("  batches of reads, for all ten", found.voucher_reads * warm.BATCH, "", budget=1)
    yield Row("a quote (M1 to M12), CPU", found.quote_ms, "ms", budget=QUOTE_MS)
    yield Row("120 missing months with interest, CPU", found.missing_ms, "ms", budget=MISSING_MS)


def _cold(package: Package, task: Path, layer: Path) -> Iterator[Row]:
    loads = {"APIHandler": f"import {cold.API_MODULE}"}
    for name, resource in package.read_template()["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            loads[name] = f"import {resource['Properties']['Handler'].rpartition('.')[0]}"
    _say(f"cold imports of {len(loads)} functions from the unpacked package")
    complete = f"from {cold.API_MODULE} import app; app.complete()"
    measured = cold.imports({**loads, COMPLETE: complete}, task, rounds=9, say=_say)
    for name in loads:
        found = measured[name]
        yield Row(f"cold import, {name}, CPU", found.milliseconds, "ms", found.floor, found.ratio, COLD_RATIO)
        if name == "APIHandler":
            found = measured[COMPLETE]
            yield Row("  with what officers' first request adds", found.milliseconds, "ms", found.floor, found.ratio)
    _say("import and first registration in new processes")
    first = cold.first_request(task, layer, rounds=6, say=_say)
    yield Row("cold import and first registration, CPU", first.milliseconds, "ms", first.floor, first.ratio)


def _sizes(package: Package) -> Iterator[Row]:
    yield Row("code zip of all functions", package.code.stat().st_size / MIB, "MiB", budget=API_ZIP_LIMIT / MIB)
    for name, layer in package.layers.items():
        yield Row(f"  layer {name}", layer.stat().st_size / MIB, "MiB")


def _covers() -> Iterator[Row]:
    _say("drawing covers")
    floor, cover = cover_bench.measure(COVERS)
    yield Row("cover sheet drawn, CPU", cover.warm_ms, "ms", floor.warm_ms, budget=COVER_MS)
    yield Row("  first one of a process, with imports, CPU", cover.first_ms, "ms", floor.first_ms)
    yield Row("  memory at its peak", cover.peak_mib, "MiB", floor.peak_mib)
    _say(f"signing and examining {SIGNED:,} covers")
    signed = cover_bench.measure_signed(SIGNED)
    yield Row("cover drawn, signed and examined, CPU", signed.warm_ms, "ms", floor.warm_ms, budget=COVER_MS)
    yield Row("  first one of a process, with imports, CPU", signed.first_ms, "ms", floor.first_ms)
    yield Row(f"  memory at its peak over {SIGNED:,}", signed.peak_mib, "MiB", budget=SIGNED_MIB)
    yield Row("  memory gained after the first quarter", signed.growth_mib, "MiB", budget=GROWTH_MIB)
    yield Row("  largest file", signed.size / 1024, "KiB")


def _number(value: float, unit: str) -> str:
    text = f"{value:.3f}" if unit == "ms" and value < 10 else f"{value:.1f}" if unit else f"{value:g}"
    return f"{text} {unit}".rstrip()


def _machine() -> str:
    names = (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines())
    model = next((name for name in names if "GHz" in name or "CPU" in name or "Processor" in name), "")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores {platform.machine()} {model}".rstrip() + f", {python}"


_STARTED = time.monotonic()


def _say(text: str) -> None:
    print(f"[{time.monotonic() - _STARTED:5.1f} s] {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Print the table; 1 where a figure is over its budget."""
    measured = list(rows())
    print(f"\n{_machine()}\n\n{HEADING}")
    print("\n".join(row.text() for row in measured))
    over = [row for row in measured if row.over]
    print(f"\n{len(over)} over budget" if over else "\nEverything is within its budget.")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
