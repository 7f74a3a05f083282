# SPDX-License-Identifier: Apache-2.0
"""Counts false alarms: the catalogue under schedulers without a fault, beside a load on every core.

Arguments are the runfiles paths of the targets; as many run at once as the machine has CPUs.  An
alarm is a test that neither passed nor was skipped; what was only remarked is counted besides.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.support.load import load_on_every_core
from tests.support.running import run_to_end

_TIMEOUT_S = 3600


@dataclass(frozen=True)
class Page:
    """What one target's guests came to: verdicts, first causes of alarms, and remarks."""

    target: str
    verdicts: Counter[str]
    alarms: tuple[str, ...]
    remarks: tuple[str, ...]


def main(targets: Sequence[str]) -> int:
    """Prints each page's counts, alarms and remarks, and the sum; 0 if there was no alarm."""
    verdicts: Counter[str] = Counter()
    started = time.monotonic()
    with load_on_every_core(), ThreadPoolExecutor(os.cpu_count()) as pool:
        for page in pool.map(_run, targets):
            verdicts.update(page.verdicts)
            counts = ", ".join(f"{count} {name}" for name, count in sorted(page.verdicts.items()))
            print(f"{page.target}: {counts}", flush=True)
            for words in page.alarms:
                print(f"  ALARM {words}", flush=True)
            for words in page.remarks:
                print(f"  remark {words}", flush=True)
    alarms = sum(count for name, count in verdicts.items() if name not in ("PASS", "SKIP"))
    took = time.monotonic() - started
    print(f"{alarms} alarms in {sum(verdicts.values())} guests, in {took:.0f} s")
    return 1 if alarms or not verdicts["PASS"] else 0


def _run(target: str) -> Page:
    with run_to_end(target, _TIMEOUT_S) as ended:
        found = ended.results()
    verdicts = Counter(result["verdict"] for result in found.values())
    if not found:
        verdicts["NO RESULT"] = 1
    return Page(
        target,
        verdicts,
        tuple(
            f"{name}: {result['details'][0]['message']}"
            for name, result in found.items()
            if result["verdict"] not in ("PASS", "SKIP")
        ),
        tuple(
            f"{name}: {words}"
            for name, result in found.items()
            for words in result.get("remarks", ())
        ),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
