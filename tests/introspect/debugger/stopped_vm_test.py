# SPDX-License-Identifier: Apache-2.0
"""NAME.drgn: a test that stops in its guest's kernel, with drgn on it."""

from __future__ import annotations

import os
from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.kernel.kernel import Kernel
from tests.support.running import Ended, Running

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_KERNEL = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])
# what the scheduler calls once for each task: by its name in 6.13 and later, else by that before
_NAMES = ("scx_bpf_dsq_insert", "scx_bpf_dispatch")
_INSERT = next(name for name in _NAMES if _KERNEL.has_symbol(name))
_LAUNCHER = "_main/tests/introspect/debugger/watched.drgn"
_SCRIPT = """\
from drgn.helpers.linux import cpu_curr
print("function", here[0].name)
print("task", cpu_curr(prog, 0).comm.string_().decode())
print("seen", bpf.value("nr_enqueued") if bpf.scheduler.maps else "none")
print("clock", prog["jiffies"].value_())
"""


class StoppedTest(absltest.TestCase):
    def drgn(self, *arguments: str) -> Ended:
        directory = Path(self.create_tempdir().full_path)
        script = directory / "script.py"
        script.write_text(_SCRIPT)
        words = (*arguments, f"--script={script}")
        running = Running(_LAUNCHER, directory / "run", arguments=words)
        self.addCleanup(running.close)
        return running.wait()

    def test_it_stands_at_the_call_that_was_asked_for(self) -> None:
        first = self.drgn("--at=maps_enqueue_is_none")
        self.assertEqual(first.status, 3, first.text)
        self.assertIn("busy cannot be stopped at maps_enqueue_is_none: kernel", first.text)
        fifth = self.drgn("--test=busy", f"--at={_INSERT}", "--hit=5")
        self.assertEqual(fifth.status, 0, fifth.text)
        self.assertIn(f"runs busy up to {_INSERT}, time 5", fifth.text)
        self.assertIn(f"function {_INSERT}\n", fifth.text)
        self.assertIn("seen 5\n", fifth.text)

    def test_it_stands_after_a_time_at_the_same_instant_each_time(self) -> None:
        ended = [self.drgn("--after=1.5") for _ in range(2)]
        self.assertEqual([each.status for each in ended], [0, 0], ended[0].text)
        said = [each.text.partition("after 1.5 s")[2] for each in ended]
        self.assertIn("function sched_tick\n", said[0])
        self.assertEqual(said[0], said[1])

    def test_a_place_that_it_never_comes_to(self) -> None:
        ended = self.drgn("--at=scx_bpf_destroy_dsq")
        self.assertEqual(ended.status, 3, ended.text)
        self.assertIn("busy has ended (PASS) without coming to scx_bpf_destroy_dsq", ended.text)


if __name__ == "__main__":
    absltest.main()
