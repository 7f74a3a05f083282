# SPDX-License-Identifier: Apache-2.0
"""Failures of many kinds, each twenty times: in how many runs its replay shows what was wrong.

    tools/bazel run //tests/introspect/replay:often -- [--runs=20] [TEST...]

Without a TEST all of `expected.py` are run. Prints for each how many pages were right, what was
wrong with the others, and how long replays took by the failed run's own time behind its start, at
the median and at most; on a host that does other things these are larger. Returns 1 where a page
was wrong.
"""

import statistics
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from absl import app, flags

from tests.introspect.replay.expected import EXPECTED, Expected, times_of_the_run, wrong
from tests.support.running import Running

_RUNS = flags.DEFINE_integer("runs", 20, "Runs of each test.", lower_bound=1)
_PLACE = "_main/tests/introspect/replay/"


def main(argv: Sequence[str]) -> int:
    """Prints a line for each test; returns 1 where a page was wrong."""
    known = {each.test for each in EXPECTED}
    if unknown := set(argv[1:]) - known:
        raise SystemExit(f"no test is called {', '.join(sorted(unknown))}; there are {known}")
    right = True
    for expected in EXPECTED:
        if argv[1:] and expected.test not in argv[1:]:
            continue
        results = [_result(expected) for _ in range(_RUNS.value)]
        faults = Counter(filter(None, (wrong(each, expected) for each in results)))
        times = [times_of_the_run(each) for each in results]
        print(
            f"{expected.test}: {len(results) - faults.total()} of {len(results)} right; replays "
            f"took {statistics.median(times):.2f} of the run, {max(times):.2f} at most",
            *(f"  {count} x {words}" for words, count in faults.items()),
            sep="\n",
            flush=True,
        )
        right &= not faults
    return int(not right)


def _result(expected: Expected) -> dict[str, object]:
    """The result of one run."""
    with tempfile.TemporaryDirectory() as folder:
        place = _PLACE + expected.target
        running = Running(place, Path(folder) / "run", test_filter=expected.test)
        try:
            return running.wait().result(expected.test)
        finally:
            running.close()


if __name__ == "__main__":
    app.run(main)
