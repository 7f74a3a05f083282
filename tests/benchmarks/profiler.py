# SPDX-License-Identifier: Apache-2.0
"""What calls of a scheduler cost by exact count, and by a profiler inside the guest.

    tools/bazel run //tests/benchmarks:profiler -- [--runs=5]

A guest counts runs and time of its BPF programs itself (kernel.bpf_stats_enabled), in virtual and
in real time, while this machine is idle and while it has a busy loop on each CPU; and the same
calls' instructions are counted from outside, which needs virtual time, with the profiler and
without.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from absl import app, flags

from tests.support.load import load_on_every_core
from tests.support.running import Running

_RUNS = flags.DEFINE_integer("runs", 5, "Of each target, idle and busy.", lower_bound=2)
_TARGETS = ("virtual", "tcg")
_PROGRAM = "fifo_enqueue"
_FIGURES = ("count", "instructions_p50", "instructions_total")


def main(argv: list[str]) -> int:
    """Prints what each says; returns 1 where an exact count was not the same in all runs."""
    if len(argv) > 1:
        raise app.UsageError(f"unexpected arguments: {argv[1:]}")
    exact: set[tuple[tuple[float, ...], ...]] = set()
    print(f"{'guest':<9}{'host':<6}{'ns a call, by the profiler':>28}{'spread':>8}  runs")
    for target in _TARGETS:
        for host, load in (("idle", contextlib.nullcontext()), ("busy", load_on_every_core())):
            calls = []
            with load:
                for _ in range(_RUNS.value):
                    results = _results(target)
                    calls.append(_profiled(results["profiled"]))
                    if target == "virtual":
                        exact.add(tuple(_counted(results[each]) for each in sorted(results)))
            costs = [ns / count for count, ns in calls]
            spread = (max(costs) - min(costs)) / statistics.median(costs)
            counts = sorted({count for count, _ in calls})
            print(
                f"{target:<9}{host:<6}{statistics.median(costs):>28.1f}{spread:>8.2%}  "
                f"{counts[0]} to {counts[-1]}",
                flush=True,
            )
    for number, found in enumerate(sorted(exact), 1):
        for name, (count, middle, total) in zip(("left alone", "profiled"), found, strict=True):
            print(
                f"instructions of op.enqueue, {name}: {middle:.0f} at the median, "
                f"{total / count:.1f} on average, of {count:.0f} calls"
            )
        print(f"answer {number} of {len(exact)} in {2 * _RUNS.value} runs, idle and busy")
    return int(len(exact) != 1)


def _results(target: str) -> dict[str, dict[str, Any]]:
    """What a run of the target left of both tests."""
    with tempfile.TemporaryDirectory() as folder:
        running = Running(f"_main/tests/benchmarks/profiled_{target}", Path(folder, "run"))
        try:
            ended = running.wait(600)
            results = ended.results()
        finally:
            running.close()
    if ended.status or len(results) != 2:
        raise SystemExit(ended.text)
    return results


def _profiled(result: Mapping[str, Any]) -> tuple[int, int]:
    """Runs of the program, and their nanoseconds, by the guest's kernel."""
    notes = {each["name"]: int(each["value"]) for each in result["test_function"]["notes"]}
    return notes[f"{_PROGRAM} runs"], notes[f"{_PROGRAM} ns"]


def _counted(result: Mapping[str, Any]) -> tuple[float, ...]:
    """By exact count."""
    figures = {each["name"]: float(each["value"]) for each in result["figures"]}
    return tuple(figures[f"op.enqueue.{name}"] for name in _FIGURES)


if __name__ == "__main__":
    app.run(main)
