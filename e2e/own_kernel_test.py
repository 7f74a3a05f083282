# SPDX-License-Identifier: Apache-2.0
"""A workspace of its own builds its own kernel, of a fragment of its own, and tests on it."""

from __future__ import annotations

from absl.testing import absltest

from e2e.workspace import Workspace, kernel_flags

_DEADLINE_SECONDS = 3000


class OwnKernelTest(absltest.TestCase):
    def test_everything_runs_on_it(self) -> None:
        flags = kernel_flags("//kernel:ours")
        with Workspace() as workspace:
            built = workspace.bazel.run("test", *flags, "//...", deadline_seconds=_DEADLINE_SECONDS)
            self.assertIn("//sched:ours_test", built.tests)
            self.assertEqual(built.warnings, ())
            config = workspace.directory / "bazel-bin/kernel/ours/config"
            self.assertIn("CONFIG_HZ_1000=y\n", config.read_text(encoding="utf-8"))


if __name__ == "__main__":
    absltest.main()
