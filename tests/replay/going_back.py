# SPDX-License-Identifier: Apache-2.0
"""How long gdb waits when it goes to an instant of a scenario of 5 s: bazel run :going_back

Prints host seconds of each way, and of all of them the median and the longest.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from pathlib import Path

from tests.replay.client import Gdb, free_port
from tests.support.running import Running

_LAUNCHER = "_main/tests/replay/subject.replay"
_WAYS, _SEED = 10, 1
# whoever looks does so for a while; guests that stand ready come to where they do meanwhile
_LOOKS_S = 5.0


def main() -> None:
    """Goes there and back."""
    port, chance = free_port(), random.Random(_SEED)
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        words = ("--at=4.5s", "--gdb", f"--port={port}")
        running = Running(_LAUNCHER, Path(folder) / "run", arguments=words)
        try:
            gdb = Gdb(port)
            gdb.ask("?")
            for _ in range(_WAYS):
                time.sleep(_LOOKS_S)
                at_s = round(chance.uniform(0.2, 5.0), 6)
                gdb.monitor(f"goto {at_s}s")
                began = time.monotonic()
                gdb.ask("vCont;c")
                took.append(time.monotonic() - began)
                print(f"to {at_s} s: {took[-1]:.2f} s; {gdb.monitor('time').strip()}", flush=True)
            gdb.ask("D")
        finally:
            running.close()
    print(f"median {statistics.median(took):.2f} s, longest {max(took):.2f} s", flush=True)


if __name__ == "__main__":
    main()
