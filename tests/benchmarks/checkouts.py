# SPDX-License-Identifier: Apache-2.0
"""Two checkouts side by side: what `//sched/...` takes in each, and its parts.

    tools/bazel run //tests/benchmarks:checkouts -- BEFORE AFTER [--rounds=1] [--json]

BEFORE and AFTER are the top folders of clones. Each gets an output base of its own; repositories,
roots and the kernel are made first and are not measured, all else is cold. Both do each step in
turns, so that other load on the machine meets both alike. docs/scale.md says what is measured how.

Returns 0 where all goals are reached that have a ratio, 1 where one is missed, 3 for a mistake, a
build that fails or too little room, 130 when it is interrupted. Nothing is left behind but what
tools/bazel itself writes into a checkout (.bazelrc.local) and into its caches.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from absl import app, flags

from ktstr.model.errors import InfraError, UsageError
from tests.benchmarks.compare.checkout import Checkout, checkout_at
from tests.benchmarks.compare.figures import Readings, compared
from tests.benchmarks.compare.place import own_folder
from tests.benchmarks.compare.report import Sided, json_of, text_of
from tests.benchmarks.compare.side import Asked, Side, phases_of

_ROUNDS = flags.DEFINE_integer("rounds", 1, "How often all is measured.", lower_bound=1)
_TARGETS = flags.DEFINE_list("targets", ["//sched/..."], "Patterns that are tested.")
_KERNELS = flags.DEFINE_list(
    "kernels", ["//sched/kernels:linux_6_12"], "What is built before anything is measured."
)
_ANALYSIS = flags.DEFINE_string("analysis", "//...", "What is analysed; empty: nothing.")
_MEMORY = flags.DEFINE_string(
    "memory", "//sched/fifo:programs_test", "The test whose memory is measured; empty: none."
)
_KERNEL = flags.DEFINE_bool("kernel", False, "Measure a cold build of the kernel, too: minutes.")
_JOBS = flags.DEFINE_integer("jobs", 0, "Bazel's --jobs; 0: one for each CPU.", lower_bound=0)
_PLACE = flags.DEFINE_string(
    "fresh_output_base", "", "Folder for both output bases; else the one for temporary files."
)
_JSON = flags.DEFINE_bool("json", False, "Print JSON.")

_INTERRUPTED = 130
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(argv: Sequence[str]) -> int:
    """Prints the comparison."""
    for each in _ENDING:
        signal.signal(each, _interrupt)
    try:
        if len(argv) != 3:
            raise UsageError(f"checkouts: give two folders, BEFORE and AFTER, not {argv[1:]}")
        before, after = (checkout_at(_path(each)) for each in argv[1:])
        parent = _path(_PLACE.value) if _PLACE.value else Path(tempfile.gettempdir())
        return _compare(before, after, parent)
    except (UsageError, InfraError) as error:
        print(f"ERROR {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("checkouts: interrupted; nothing is left", file=sys.stderr)
        return _INTERRUPTED


def _compare(before: Checkout, after: Checkout, parent: Path) -> int:
    asked = Asked(
        targets=_TARGETS.value,
        kernels=_KERNELS.value,
        analysis=_ANALYSIS.value,
        memory=_MEMORY.value,
        jobs=_JOBS.value or len(os.sched_getaffinity(0)),
    )
    with ExitStack() as stack:
        place = stack.enter_context(own_folder(parent))
        sides = []
        for name, checkout in (("before", before), ("after", after)):
            sides.append(Side(checkout, place / name, asked))
            stack.callback(sides[-1].close)
        rounds = [_round(number, sides) for number in range(_ROUNDS.value)]
    told = [
        Sided(
            str(side.checkout.folder),
            side.checkout.commit,
            [each[index] for each in rounds],
            phases_of(side.phases),
        )
        for index, side in enumerate(sides)
    ]
    figures = compared(told[0].rounds, told[1].rounds)
    print((json_of if _JSON.value else text_of)(told[0], told[1], figures))
    return int(any(each.reached is False for each in figures))


def _round(number: int, sides: Sequence[Side]) -> list[Readings]:
    """All steps of both, in turns; every other round the second goes first."""
    readings: list[dict[str, float]] = [{} for _ in sides]
    order = list(range(len(sides)))[:: -1 if number % 2 else 1]
    asked = {
        Side.analyse: _ANALYSIS.value,
        Side.test: _TARGETS.value,
        Side.remember: _MEMORY.value,
        Side.build_kernel: _KERNEL.value,
    }
    steps = [step for step, wanted in asked.items() if wanted]
    for index in order:
        _say(number, "prepare", sides[index])
        sides[index].prepare()
    for step in steps:
        for index in order:
            _say(number, step.__name__, sides[index])
            readings[index].update(step(sides[index]))
    return list(readings)


def _say(number: int, what: str, side: Side) -> None:
    print(f"round {number + 1}: {what}: {side.checkout.folder}", file=sys.stderr, flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """The first signal ends us; others wait for our cleaning up."""
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _path(given: str) -> Path:
    """A path as the caller's shell has it: Bazel runs programs elsewhere."""
    return Path(os.environ.get("BUILD_WORKING_DIRECTORY", ".")) / given


if __name__ == "__main__":
    flags.FLAGS.set_gnu_getopt(True)
    app.run(main)
