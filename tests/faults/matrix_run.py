# SPDX-License-Identifier: Apache-2.0
"""Plays the matrix of faults, and writes what came of it: docs/faults.md.

    tools/bazel run //tests/faults:matrix                 # prints the page
    tools/bazel run //tests/faults:matrix -- --write      # replaces docs/faults.md by it

Ends with 1 if a fault passed, or if a test without one did not.  Figures are guest time, so that
the page is the same wherever virtual time is.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ktstr.model.machine.topology import Topology
from tests.faults.matrix import FAULTS, LOADS, Unseen
from tests.support.page import page_to_write, write_page
from tests.support.running import run_to_end

# the fault in which nothing is wrong
NONE = "none"
PAGE = "docs/faults.md"
_SKIPPED = "SKIP"
_TIMEOUT_S = 3600
_INTRO = """# Faults and what finds them

Made by `tools/bazel run //tests/faults:matrix -- --write`, from the results of its guests; edit
`tests/faults/matrix.py` instead. Each fault of [//sched/faulty](../sched/faulty/README.md) was
played under each load on each machine, with the same checks everywhere. A cell has the kind of the
first cause, and the guest seconds from the scenario's beginning until the run had what it says: an
ejection ends a run at once, a check speaks at its end. *Inconclusive* is not a pass: nobody ran
under the scheduler, and the result says so. The row `none` has the same scheduler with no fault
switched on, and must pass. Faults of the kernel's own are in [kernel_faults.md](kernel_faults.md).
"""


@dataclass(frozen=True)
class Cell:
    """One test's end: its verdict, the kind of its first cause, and guest seconds until then."""

    verdict: str
    kind: str
    seconds: float | None

    @property
    def text(self) -> str:
        """As it stands in the table."""
        if self.verdict in ("PASS", _SKIPPED):
            return "pass" if self.verdict == "PASS" else "-"
        kind = self.kind.lower() if self.verdict == "FAIL" else self.verdict.lower()
        return kind if self.seconds is None else f"{kind}, {self.seconds:.1f}"

    def wrong(self, fault: str) -> bool:
        """Whether a fault passed, or a test without one did not."""
        return (self.verdict == "PASS") != (fault == NONE)


def main() -> int:
    """Prints or writes the page; returns the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true", help=f"replace {PAGE}")
    parser.add_argument("topologies", nargs="+", help="those of the targets matrix_TOPOLOGY")
    options = parser.parse_args()
    page = page_to_write(parser, PAGE) if options.write else None
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(options.topologies, pool.map(_play, options.topologies), strict=True))
    text = render(found)
    if page is not None:
        write_page(page, text)
    else:
        print(text)
    wrong = list(mistakes(found))
    print("\n".join(wrong) or "every fault was found, and none where there is none")
    return 1 if wrong else 0


def render(found: dict[str, dict[str, Cell]]) -> str:
    """The page, from the cells of each topology by the names of their tests."""
    parts = [_INTRO]
    for topology, cells in found.items():
        parts.append(f"\n## {topology}\n\n| fault | {' | '.join(LOADS)} |\n")
        parts.append(f"|---|{'---|' * len(LOADS)}\n")
        for fault in FAULTS:
            texts = [_text(cells.get(f"{fault}__{load}")) for load in LOADS]
            parts.append(f"| `{fault}` | {' | '.join(texts)} |\n")
    unseen = [
        f"- `{fault}` under `{load}` on less than {unseen.cpus} CPUs: {unseen.why}.\n"
        for fault, declared in FAULTS.items()
        for load, unseen in declared.unseen.items()
    ]
    if unseen:
        parts += ["\nNot played (-):\n\n", *unseen]
    return "".join(parts)


def mistakes(found: dict[str, dict[str, Cell]]) -> Iterable[str]:
    """A line for each cell that is wrong or missing."""
    for topology, cells in found.items():
        for fault, declared in FAULTS.items():
            for load in LOADS:
                cell = cells.get(f"{fault}__{load}")
                if cell is None or not _is_right(cell, fault, declared.unseen.get(load), topology):
                    yield f"{topology} {fault}__{load}: {_text(cell)}"


def _is_right(cell: Cell, fault: str, unseen: Unseen | None, topology: str) -> bool:
    if cell.verdict != _SKIPPED:
        return not cell.wrong(fault)
    return unseen is not None and Topology.parse(topology).cpus < unseen.cpus


def cell_of(result: dict[str, Any]) -> Cell:
    """What a saved result (result.json) comes to."""
    details = result.get("details", ())
    kind = details[0]["kind"] if details else ""
    return Cell(result["verdict"], kind, _seconds(result))


def _seconds(result: dict[str, Any]) -> float | None:
    phases = result.get("timeline", {}).get("phases", ())
    span = next((phase for phase in phases if phase["name"] == "scenario"), None)
    if span is None or "end_ns" not in span:
        return None
    return (int(span["end_ns"]) - int(span["start_ns"])) / 1e9


def _text(cell: Cell | None) -> str:
    return "no result" if cell is None else cell.text


def _play(topology: str) -> dict[str, Cell]:
    with run_to_end(f"_main/tests/faults/matrix_{topology}", _TIMEOUT_S) as ended:
        return {name: cell_of(result) for name, result in ended.results().items()}


if __name__ == "__main__":
    sys.exit(main())
