# SPDX-License-Identifier: Apache-2.0
"""What a worker's measuring costs it: its throughput beside that of a bare loop.

    tools/bazel run //tests/benchmarks:worker -- [--seconds=10]

One worker, natively, takes turns of about a millisecond: as every worker spins, and bare.  Time is
the task's own CPU time, and each measured turn is compared with the bare one beside it, so that
other load on the machine meets both alike.
"""

import os
import signal
import time

from absl import app, flags

from ktstr.guest.workers.argv import Descriptors, group_words, worker_words
from ktstr.guest.workers.launch import launch_program
from ktstr.guest.workers.shared import SharedMemory
from ktstr.model.work.types import CustomWork
from ktstr.model.work.work import Work

_PROGRAM = flags.DEFINE_string("program", None, "ktstr-worker with the work type.", required=True)
_SECONDS = flags.DEFINE_float("seconds", 10.0, "How long to compare.", lower_bound=0.1)

_PROMISED_PCT = 2.0


def main(argv: list[str]) -> int:
    """Prints what measuring costs; returns 1 when that is above what is promised."""
    if len(argv) > 1:
        raise app.UsageError(f"unexpected arguments: {argv[1:]}")
    cpu = max(os.sched_getaffinity(0))
    low, cost, high, count = _compare(cpu)
    kept = cost <= _PROMISED_PCT
    print(f"CpuSpin on CPU {cpu}, {count:.0f} turns each in {_SECONDS.value:g} s")
    print(f"cost of measuring: {cost:.2f} % of throughput (quartiles {low:.2f} to {high:.2f})")
    print(f"promised: at most {_PROMISED_PCT} %; {'kept' if kept else 'broken'}")
    return int(not kept)


def _compare(cpu: int) -> tuple[float, float, float, float]:
    """Quartiles of the cost (%), and of how many turns; the process is a worker like any other."""
    work, memory = Work(CustomWork("measured")), SharedMemory(1)
    start, output = os.pipe(), os.pipe()
    files = Descriptors(start[0], os.memfd_create("report"), memory.descriptor)
    words = group_words(work, 1, seed=1) + worker_words(work, "w0.0.0", 0, frozenset({cpu}), files)
    kept = os.dup(1)
    os.dup2(output[1], 1)
    pid = launch_program(_PROGRAM.value, words, [*files.given(), 1])
    os.dup2(kept, 1)
    for descriptor in (kept, output[1], start[0]):
        os.close(descriptor)
    memory.set_start(0, time.monotonic_ns())
    os.write(start[1], b"\1")
    time.sleep(_SECONDS.value)  # how long it is measured, and no wait for an event
    memory.stop()
    os.kill(pid, signal.SIGUSR1)
    with open(output[0], encoding="ascii") as file:
        text = file.read()
    if os.waitpid(pid, 0)[1] or not text:
        raise SystemExit("the worker failed")
    quartiles, count = [float(word) for word in text.split()[:3]], float(text.split()[3])
    low, cost, high = (100 * (1 - 1 / ratio) for ratio in quartiles)
    return low, cost, high, count


if __name__ == "__main__":
    app.run(main)
