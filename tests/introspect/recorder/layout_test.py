# SPDX-License-Identifier: Apache-2.0
"""The recorder's structures: C and Python put every member in the same place."""

from __future__ import annotations

import os
import subprocess

from absl.testing import absltest

from ktstr.introspect.plugin.watch import Read
from ktstr.introspect.recorder import layout
from ktstr.introspect.recorder.layout import (
    RUNNABLE,
    Entry,
    Flag,
    Happens,
    How,
    State,
    Stood,
    TaskEvent,
)


def _probe(*arguments: str, said: bytes = b"") -> list[str]:
    """What the recorder's C says, line by line."""
    ran = subprocess.run(
        [os.environ["PROBE"], *arguments], input=said, capture_output=True, check=True
    )
    return ran.stdout.decode().splitlines()


class LayoutTest(absltest.TestCase):
    def test_what_the_guest_writes_is_what_the_host_reads(self) -> None:
        said = [line.split() for line in _probe()]
        raw = {name: bytes.fromhex(data) for name, data, _ in said}
        state = State(1, 2, 3, 4, 5, 6, 7, 11)
        self.assertEqual(layout.state_of(raw["state"]), state)
        # what was told before the guest died has no last record
        self.assertEqual(layout.state_of(raw["told"]).ended, 0)
        stood = Stood("name", "program", How.FENTRY, How.KPROBE, -10, 11, 12)
        self.assertEqual(layout.stood_of(raw["target"]), stood)
        entry = Entry(1, 2, 3, 4, 5, 6, 7, True, "comm", b"readdata")
        self.assertEqual(layout.entry_of(raw["record"]), entry)
        self.assertEqual(layout.stack_of(raw["stack"]), (3, 4))
        events = (
            TaskEvent(6, 7, 8, 9, Happens.MIGRATES),
            TaskEvent(10, RUNNABLE, 11, 12, Happens.STOPS),
        )
        self.assertEqual(layout.log_of(raw["log"]), (3, "comm", events))

    def test_they_are_of_one_size(self) -> None:
        sizes = {name: int(size) for name, _, size in (line.split() for line in _probe())}
        sizes.pop("told")
        self.assertEqual(
            sizes,
            {
                "state": layout.STATE_BYTES,
                "target": layout.TARGET_BYTES,
                "record": layout.RECORD_BYTES,
                "stack": layout.STACK_BYTES,
                "log": layout.LOG_BYTES,
            },
        )

    def test_what_the_host_writes_is_what_the_guest_reads(self) -> None:
        plan = layout.plan_head(1, 2, 3, "subject", kernel_thread=True)
        reads = (
            (Read("rdi", (4, -5, 6), 7),),
            (Read("rsi", (), 8), Read("rdx", (9,), 10)),
            (Read("rax", (), 8),),
        )
        target = layout.target_bytes("name", Flag.ENDS, 11, reads, (12, 13), (14, 15))
        self.assertEqual(
            _probe("read", said=plan + target),
            [
                f"magic {layout.MAGIC} version {layout.VERSION} targets 1 ops_type 2 waits_ns 3 "
                "subject subject kernel 1",
                "name name program  flags 2 place 11 arguments 1 fields 2 results 1",
                "end 12 end_least 13 task 14 queue 15 how 0 how_return 0 error 0 missed 0 0",
                "argument 0 offsets 3 size 7 offset 4 -5 6",
                "argument 1 offsets 0 size 8 offset 0 0 0",
                "argument 2 offsets 1 size 10 offset 9 0 0",
                "argument 6 offsets 0 size 8 offset 0 0 0",
            ],
        )


if __name__ == "__main__":
    absltest.main()
