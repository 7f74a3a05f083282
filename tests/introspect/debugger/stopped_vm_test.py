# SPDX-License-Identifier: Apache-2.0
"""NAME.drgn: a test that stops in its guest's kernel, with drgn on it."""

from __future__ import annotations

from pathlib import Path

from absl.testing import absltest

from tests.support.running import Ended, Running

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
        fifth = self.drgn("--test=busy", "--at=scx_bpf_dispatch", "--hit=5")
        self.assertEqual(fifth.status, 0, fifth.text)
        self.assertIn("runs busy up to scx_bpf_dispatch, time 5", fifth.text)
        self.assertIn("function scx_bpf_dispatch\n", fifth.text)
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
