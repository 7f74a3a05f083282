# SPDX-License-Identifier: Apache-2.0
"""Runs the steady tests again and again beside a load on every core, and counts who passed.

argv[1], if given, is the number of runs of each target; 25 of two targets make the fifty.
"""

import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.inner.load import load_on_every_core
from tests.inner.running import Running

TARGETS = ("eevdf_steady", "fifo_steady")


def main(runs: int) -> int:
    """Prints a line for every run and the count of each ending; 0 if all tests of all passed."""
    endings: Counter[str] = Counter()
    passed = 0
    started = time.monotonic()
    with load_on_every_core():
        for number in range(runs * len(TARGETS)):
            target = TARGETS[number % len(TARGETS)]
            directory = Path(tempfile.mkdtemp(prefix="ktstr-steady-"))
            running = Running(f"_main/tests/steady/{target}", directory, timeout_s=900)
            try:
                ended = running.wait(900)
            finally:
                running.close()
            cases = ended.cases()
            endings.update(cases.values())
            passed += ended.status == 0
            print(
                f"{number + 1:3} {target}: status {ended.status}, {len(cases)} tests, "
                f"{ended.seconds:.1f} s",
                flush=True,
            )
            if ended.status != 0:
                print(ended.text)
            shutil.rmtree(directory)
    total = runs * len(TARGETS)
    tests = ", ".join(f"{count} {ending}" for ending, count in sorted(endings.items()))
    print(f"{passed} of {total} runs passed ({tests}) in {time.monotonic() - started:.0f} s")
    return 0 if passed == total else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 25))
