# SPDX-License-Identifier: Apache-2.0
"""NAME.replay: a test that stands at an instant of its run, with drgn or a page of text on it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.kernel.kernel import Kernel
from tests.support.running import Ended, Running

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_KERNEL = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])
# what the scheduler calls once for each task: by its name in 6.13 and later, else by that before
_NAMES = ("scx_bpf_dsq_insert", "scx_bpf_dispatch")
_INSERT = next(name for name in _NAMES if _KERNEL.has_symbol(name))
_LAUNCHER = "_main/tests/introspect/debugger/watched.replay"
_TEST = "_main/tests/introspect/debugger/watched"
_SCRIPT = """\
from drgn.helpers.linux import cpu_curr
print("function", here[0].name)
print("line", here[0].source()[0])
print("task", cpu_curr(prog, 0).comm.string_().decode())
print("seen", bpf.value("nr_enqueued") if bpf.scheduler.maps else "none")
print("clock", prog["jiffies"].value_())
"""


class StoppedTest(absltest.TestCase):
    def replay(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Ended:
        directory = Path(self.create_tempdir().full_path)
        running = Running(_LAUNCHER, directory / "run", environ=environ, arguments=arguments)
        self.addCleanup(running.close)
        return running.wait()

    def drgn(self, *arguments: str) -> Ended:
        script = Path(self.create_tempdir().full_path) / "script.py"
        script.write_text(_SCRIPT)
        return self.replay(*arguments, f"--script={script}")

    def test_it_stands_at_the_call_that_was_asked_for(self) -> None:
        first = self.drgn("--function=maps_enqueue_is_none")
        self.assertEqual(first.status, 3, first.text)
        self.assertIn("has no symbol 'maps_enqueue_is_none'", first.text)
        self.assertNotIn("plays it", first.text)
        fifth = self.drgn("--test=busy", f"--function={_INSERT}", "--hit=5")
        self.assertEqual(fifth.status, 0, fifth.text)
        self.assertIn(f"busy: plays it up to {_INSERT}, call 5", fifth.text)
        self.assertIn(f"function {_INSERT}\n", fifth.text)
        self.assertIn("seen 5\n", fifth.text)

    def test_it_stands_at_a_program_by_its_name_or_its_callbacks(self) -> None:
        for name in ("maps_enqueue", "enqueue"):
            fifth = self.replay(f"--function=bpf:{name}", "--hit=5", "--print")
            self.assertEqual(fifth.status, 0, fifth.text)
            self.assertIn(", before bpf:maps_enqueue+0x0 on CPU", fifth.text)
        missing = self.replay("--function=bpf:maps_enqeue", "--print")
        self.assertEqual(missing.status, 3, missing.text)
        self.assertIn("(did you mean 'maps_enqueue'?)", missing.text)

    def test_how_often_it_was_called(self) -> None:
        for function in ("bpf:maps_enqueue", "schedule"):
            ended = self.replay(f"--function={function}", "--hit=5000000", "--print")
            self.assertEqual(ended.status, 3, ended.text)
            self.assertRegex(
                ended.text, f"without coming to {function}, call 5000000: it was called [1-9]"
            )

    def test_it_stands_at_a_time_at_the_same_instant_each_time(self) -> None:
        words = ("--function=sched_tick", "--at=1.5s")
        ended = [self.drgn(*words) for _ in range(2)]
        self.assertEqual([each.status for each in ended], [0, 0], ended[0].text)
        said = [each.text.partition("plays it up to sched_tick, 1.5s")[2] for each in ended]
        self.assertIn("function sched_tick\n", said[0])
        self.assertRegex(said[0], "line .*kernel/sched/core.c\n")
        self.assertEqual(said[0], said[1])

    def test_a_time_of_a_run_that_was_tested_is_gone_to_at_once(self) -> None:
        workspace = Path(self.create_tempdir().full_path)
        outputs = workspace / "bazel-testlogs/tests/introspect/debugger/watched/test.outputs"
        test = Running(_TEST, workspace / "test")
        self.addCleanup(test.close)
        tested = test.wait()
        self.assertEqual(tested.status, 0, tested.text)
        shutil.copytree(tested.outputs, outputs)
        environ = {"BUILD_WORKSPACE_DIRECTORY": str(workspace)}
        words = ("--at=1.5s", "--print")
        at_once, played = self.replay(*words, environ=environ), self.replay(*words)
        self.assertIn("busy: its instants are those of its last test", at_once.text)
        self.assertNotIn("plays it to its end", at_once.text)
        self.assertIn("plays it to its end", played.text)
        said = [each.text.partition("plays it up to 1.5s")[2] for each in (at_once, played)]
        self.assertIn("stands at 1.50", said[0])
        self.assertEqual(said[0], said[1])

    def test_an_event_is_printed_where_its_trace_has_it(self) -> None:
        ended = self.replay("--at=event:1200", "--print")
        self.assertEqual(ended.status, 0, ended.text)
        found = re.search(r"plays it up to event:1200, (\w+) on CPU (\d)", ended.text)
        assert found is not None, ended.text
        stands = re.search(
            r"stands at (\d+\.\d{9}) s of the time line, .*, before .* on CPU (\d)", ended.text
        )
        assert stands is not None, ended.text
        self.assertEqual(stands[2], found[2])
        self.assertIn("sched_ext: enabled, scheduler 'maps'", ended.text)

    def test_instants_that_there_are_not(self) -> None:
        late = self.replay("--at=20s", "--print")
        self.assertEqual(late.status, 3, late.text)
        self.assertRegex(
            late.text, r"20s is behind the end of busy, which is at 3\.\d+ s of the time"
        )
        never = self.replay("--at=event:5000000", "--print")
        self.assertIn("event:5000000 did not happen: busy has ", never.text)
        passed = self.replay("--before", "failure", "5ms", "--print")
        self.assertIn("busy has no failure to stand before: it has ended (PASS)", passed.text)

    def test_a_place_that_it_never_comes_to(self) -> None:
        ended = self.drgn("--function=scx_bpf_destroy_dsq")
        self.assertEqual(ended.status, 3, ended.text)
        self.assertRegex(
            ended.text, r"busy has ended \(PASS\) at .* without coming to scx_bpf_destroy_dsq"
        )


if __name__ == "__main__":
    absltest.main()
