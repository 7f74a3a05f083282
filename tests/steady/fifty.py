# SPDX-License-Identifier: Apache-2.0
"""Runs the steady tests again and again beside a load on every core, and counts who passed.

As many runs go on at once as the machine has CPUs, each CPU with a busy loop of its own besides.
argv[1], if given, is the number of runs; they are dealt over the targets in turns.
"""

import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.support.load import load_on_every_core
from tests.support.running import Ended, run_to_end

TARGETS = ("eevdf_steady", "fifo_steady")
_TIMEOUT_S = 1800


def main(runs: int) -> int:
    """Prints a line for every run and the count of each ending; 0 if all tests of all passed."""
    endings: Counter[str] = Counter()
    passed = 0
    started = time.monotonic()
    targets = [TARGETS[number % len(TARGETS)] for number in range(runs)]
    with load_on_every_core(), ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, (target, ended, cases) in enumerate(pool.map(_run, targets), start=1):
            endings.update(cases.values())
            passed += ended.status == 0
            print(f"{number:3} {target}: status {ended.status}, {len(cases)} tests, ", end="")
            print(f"{ended.seconds:.1f} s", flush=True)
            if ended.status != 0:
                print(ended.text, flush=True)
    tests = ", ".join(f"{count} {ending}" for ending, count in sorted(endings.items()))
    took = time.monotonic() - started
    print(f"{passed} of {runs} runs PASS ({tests}) beside a load on every core, in {took:.0f} s")
    return 0 if passed == runs else 1


def _run(target: str) -> tuple[str, Ended, dict[str, str]]:
    with run_to_end(f"_main/tests/steady/{target}", _TIMEOUT_S) as ended:
        return target, ended, ended.cases()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
