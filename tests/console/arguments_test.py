# SPDX-License-Identifier: Apache-2.0
"""Arguments that a real kernel does not know, or refuses, make the run inconclusive."""

from pathlib import Path

from absl.testing import absltest

from tests.support.running import Running


class ArgumentsTest(absltest.TestCase):
    def test_arguments_without_effect(self) -> None:
        directory = Path(self.create_tempdir().full_path)
        running = Running("_main/tests/console/arguments", directory)
        self.addCleanup(running.close)
        ended = running.wait()
        self.assertEqual(ended.status, 2, ended.text)
        first = "INCONCLUSIVE .*::steady .*boot_parameter: the kernel does not know"
        self.assertRegex(ended.text, f"{first} 'hung_task_panik=1', 'quiet-please', asked")
        refused = "the kernel did not take 'sysctl.kernel.nothing=1'.* parameter not found"
        self.assertRegex(ended.text, refused)
        self.assertNotIn("mine.flag", ended.text)
        guest = ended.result("steady")["guest"]
        self.assertCountEqual(guest["unknown_arguments"], ["quiet-please", "hung_task_panik=1"])


if __name__ == "__main__":
    absltest.main()
