# SPDX-License-Identifier: Apache-2.0
"""A machine that cannot run the runner: the end is ours, whatever is missing, and JUnit says so."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from absl.testing import absltest, parameterized

from tests.support.elsewhere import elsewhere
from tests.support.located import located

_RUNNER = """\
#!{interpreter}
import sys
print("runs", *sys.argv[1:])
"""


class LauncherTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.tree = Path(self.create_tempdir().full_path)
        self.junit = self.tree / "test.xml"
        (self.tree / "_main/ktstr/runner").mkdir(parents=True)
        (self.tree / "_main/my/a directory").mkdir(parents=True)
        (self.tree / "_main/my/file.txt").touch()
        (self.tree / "_main/my/a directory/.file").touch()
        self._runner_of(sys.executable)

    def _runner_of(self, interpreter: str) -> None:
        runner = self.tree / "_main/ktstr/runner/main"
        runner.write_text(_RUNNER.format(interpreter=interpreter))
        runner.chmod(0o755)

    def _launch(
        self, name: str = "launcher", before: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        program = located(f"_main/tests/rules/launcher/{name}.sh")
        environment = {"RUNFILES_DIR": str(self.tree), "XML_OUTPUT_FILE": str(self.junit)}
        return subprocess.run(
            [*before, program, "an argument"],
            env=environment,
            text=True,
            capture_output=True,
            check=False,
        )

    def _assert_not_run(self, done: subprocess.CompletedProcess[str], message: str) -> None:
        self.assertEqual(3, done.returncode, done.stdout + done.stderr)
        self.assertStartsWith(done.stdout, "ERROR //my:a&b: ")
        self.assertIn(message, done.stdout)
        suite = ElementTree.parse(self.junit).getroot()[0]
        self.assertEqual("//my:a&b", suite.get("name"))
        self.assertEqual(("0", "1"), (suite.get("failures"), suite.get("errors")))

    def test_the_runner_gets_configuration_and_arguments(self) -> None:
        done = self._launch()
        self.assertEqual(0, done.returncode, done.stderr)
        config = self.tree / "_main/my/a test.config.json"
        self.assertEqual(f"runs --config {config} an argument\n", done.stdout)
        self.assertFalse(self.junit.exists())

    @parameterized.parameters(
        ("/nowhere/python3 -I", "/nowhere/python3"),
        ("/usr/bin/env no-such-python", "no-such-python "),
        ("/usr/bin/env -S no-such-python -I", "-S no-such-python"),
        (" /etc", "/etc"),
    )
    def test_no_interpreter(self, line: str, named: str) -> None:
        self._runner_of(line)
        message = f"the interpreter of the tests' runner, {named}, is not on the machine"
        self._assert_not_run(self._launch(), message)

    def test_another_machine(self) -> None:
        arch = self.create_tempfile(content="aarch64\n").full_path
        done = self._launch(before=elsewhere(arch))
        message = f"the machine {os.uname().nodename} is aarch64, and tests run on x86_64;"
        self._assert_not_run(done, message)

    def test_a_shell_on_another_machine(self) -> None:
        arch = self.create_tempfile(content="aarch64\n").full_path
        done = self._launch("shell", before=elsewhere(arch))
        self.assertEqual((125, ""), (done.returncode, done.stdout))
        self.assertIn(f"the machine {os.uname().nodename} is aarch64", done.stderr)

    def test_an_interpreter_found_by_env(self) -> None:
        self._runner_of("/usr/bin/env sh\nexit 0 #")
        self.assertEqual(0, self._launch().returncode)

    def test_a_directory_that_arrives_empty(self) -> None:
        (self.tree / "_main/my/a directory/.file").unlink()
        message = "the directory _main/my/a directory of data has arrived empty"
        self._assert_not_run(self._launch(), message)

    def test_a_shell_ends_as_its_command_that_could_not_be_run(self) -> None:
        self._runner_of("/nowhere/python3")
        done = self._launch("shell")
        self.assertEqual((125, ""), (done.returncode, done.stdout))
        self.assertIn("is not on the machine", done.stderr)


if __name__ == "__main__":
    absltest.main()
