# SPDX-License-Identifier: Apache-2.0
"""Guests that hang or panic: what was found in them before their QEMU went."""

from pathlib import Path
from typing import Any

from absl.testing import absltest

from ktstr.introspect.memory.recorded import RecordedMemory
from tests.support.running import Ended, Running


class DyingTest(absltest.TestCase):
    def run_test(self, test: str) -> Ended:
        directory = Path(self.create_tempdir().full_path)
        launcher = "_main/tests/introspect/postmortem/dying"
        running = Running(launcher, directory, test_filter=test)
        self.addCleanup(running.close)
        ended = running.wait()
        self.assertEqual(0, ended.status, ended.text)
        return ended

    def post_mortem(self, ended: Ended, test: str) -> dict[str, Any]:
        result = ended.result(test)
        phases = {each["name"]: each["seconds"] for each in result["host"]["wall"]}
        self.assertBetween(phases["post-mortem"], 0.01, 30)
        found: dict[str, Any] = result["post_mortem"]
        core = RecordedMemory(ended.outputs / test / found["core"])
        self.addCleanup(core.close)
        self.assertLen(core.head.registers, 2)
        self.assertIn(b"OSRELEASE=", core.head.vmcoreinfo)
        return found

    def test_a_hang_says_who_waits_for_whom(self) -> None:
        ended = self.run_test("nobody_else_runs")
        found = self.post_mortem(ended, "nobody_else_runs")
        self.assertStartsWith(found["cause"], "the test's body: not reached within")
        words = "\n".join(found["waits"])
        self.assertRegex(words, r"CPU 0 runs hog0\[\d+\] of class rt, for ")
        # from 7.0 on sched_ext's server lets them on, a twentieth of the time, through local DSQs
        queue = r"(DSQ 0|the local DSQ of CPU \d)"
        self.assertRegex(words, rf"patient0\[\d+\] waits in {queue} for .* its CPU \d is with hog")
        self.assertRegex(words, r"ktstr-agent\[\d+\] waits in the rt class's queue of CPU ")
        stacks = {each["comm"]: each for each in found["stacks"]}
        self.assertStartsWith(stacks["patient1"]["frames"][0], "__schedule+")
        self.assertIn("sched_ext", found["log"][-1]["text"])
        report = (ended.outputs / "nobody_else_runs/report.txt").read_text()
        self.assertIn("--- who waits for what ---", report)
        self.assertIn("--- kernel log in memory ---", report)

    def test_a_panic_has_the_stack_of_who_panicked_and_goes_on_to_say_so(self) -> None:
        ended = self.run_test("the_kernel_panics")
        found = self.post_mortem(ended, "the_kernel_panics")
        self.assertEqual(found["cause"], "the guest panicked")
        panicked = next(each for each in found["stacks"] if each["comm"] == "ktstr-function")
        names = [frame.partition("+")[0] for frame in panicked["frames"]]
        self.assertIn("sysrq_handle_crash", names)
        # what the kernel had still to print came after the guest had been looked into
        self.assertIn("Kernel Offset: disabled", ended.console("the_kernel_panics"))


if __name__ == "__main__":
    absltest.main()
