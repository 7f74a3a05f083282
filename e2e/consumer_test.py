# SPDX-License-Identifier: Apache-2.0
"""A workspace of its own builds and tests with what docs/workspace.md says, without a warning.

The kernel is the outer build's, given as a prebuilt one; the workspace's own is analysed, and built
by :own_kernel_test.
"""

from __future__ import annotations

import zipfile

from absl.testing import absltest

from e2e.workspace import KERNEL, Workspace, kernel_flags
from tests.support.nested import Built

_FLAGS = kernel_flags(KERNEL)
_GAUNTLET = "//sched:machines"
_WITHOUT_OWN_KERNEL = ("//...", _GAUNTLET, "-//kernel:ours", "-//sched:ours_test")
_TESTS = {
    "//sched:machines/tiny-1llc/default",
    "//sched:machines/tiny-1llc/long-turns",
    "//sched:steady_test",
    "//sched:tally_test",
}
_DEADLINE_SECONDS = 800
# Bazel's exit code where a test failed, and that of `ktstr show` then.
_TESTS_FAILED, _SHOWN_FAILED = 3, 1
# A test that no scheduler passes: none lets each of these run every microsecond.
_LATE = {
    "BUILD.bazel": """\
load("@ktstr//rules:defs.bzl", "ktstr_test")

ktstr_test(
    name = "late_test",
    srcs = ["late.py"],
    tags = ["manual"],
    topology = "1n2l2c1t",
)
""",
    "late.py": """\
from ktstr import CgroupDef, Checks, CpuSpin, Scenario, TopologyView, Work, defs, scenario


@scenario(duration=0.5, checks=Checks(max_gap_ms=0.001))
def crowd(machine: TopologyView) -> Scenario:
    return defs(CgroupDef("crowd", works=(Work(CpuSpin(), workers=2 * len(machine.cpus)),)))
""",
}


class ConsumerTest(absltest.TestCase):
    workspace: Workspace
    analysed: Built
    tested: Built

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.workspace = cls.enterClassContext(Workspace())
        run = cls.workspace.bazel.run
        cls.analysed = run("build", "--nobuild", *_FLAGS, "//...", _GAUNTLET)
        cls.tested = run(
            "test", *_FLAGS, "--", *_WITHOUT_OWN_KERNEL, deadline_seconds=_DEADLINE_SECONDS
        )

    def test_all_tests_pass_and_nothing_warns(self) -> None:
        self.assertEqual(set(self.tested.tests), _TESTS)
        self.assertEqual(self.analysed.warnings + self.tested.warnings, ())

    def test_a_workspace_with_its_own_kernel_builds_no_other(self) -> None:
        query = "kind(kernel_image, deps(//sched:steady_test))"
        for flags, kernels in (((), ["@ktstr//sched/kernels:linux_6_12"]), (_FLAGS, [])):
            found = self.workspace.bazel.output("cquery", *flags, query, "--output=label")
            labels = [line.partition(" ")[0] for line in found.splitlines()]
            self.assertEqual(labels, kernels)

    def test_results_are_where_the_report_says(self) -> None:
        # The workspace leaves Bazel its default, to pack them.
        outputs = self.workspace.directory / "bazel-testlogs/sched/steady_test/test.outputs"
        with zipfile.ZipFile(outputs / "outputs.zip") as archive:
            text = archive.read("spinners/result.json").decode()
        self.assertIn('"name": "outputs.zip"', text)

    def test_what_did_not_pass_stands_at_the_end(self) -> None:
        folder = self.workspace.directory / "late"
        folder.mkdir()
        for name, text in _LATE.items():
            (folder / name).write_text(text, encoding="utf-8")
        bazel = self.workspace.bazel
        ended = bazel.start("test", *_FLAGS, "//late:late_test").wait(_DEADLINE_SECONDS)
        self.assertEqual(ended.code, _TESTS_FAILED, ended.stderr)
        told = bazel.start("run", "@ktstr//:ktstr", "--", "show", "--last").wait(_DEADLINE_SECONDS)
        self.assertEqual(told.code, _SHOWN_FAILED, told.stderr)
        first, *more, again, last = told.stdout.splitlines()
        self.assertIn("FAIL //late:late_test::crowd — stuck: ", first)
        for line in ("bazel test //late:late_test --test_filter=crowd", "late_test.shell"):
            self.assertTrue(any(line in each for each in more), told.stdout)
        self.assertEqual(again, "again, with the same seeds: ktstr replay --last")
        self.assertRegex(last, r"^1 of \d+ results did not pass$")


if __name__ == "__main__":
    absltest.main()
