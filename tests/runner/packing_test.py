# SPDX-License-Identifier: Apache-2.0
"""The runner learns from Bazel's test-setup.sh whether its files become an archive."""

import os
import subprocess
import sys

from absl.testing import absltest, parameterized

_ASK = "from ktstr.runner.packing import outputs_are_packed; print(outputs_are_packed())"
# As test-setup.sh does: the variables stay its own.
_SETUP = """
export -n TEST_UNDECLARED_OUTPUTS_MANIFEST
export -n TEST_UNDECLARED_OUTPUTS_ZIP
"$@"
exit $?
"""


class PackingTest(parameterized.TestCase):
    def asked(self, *program: str, **variables: str) -> str:
        """What a program that is started by a stand-in for test-setup.sh is told."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith("TEST_UNDECLARED")}
        done = subprocess.run(
            ["bash", "-c", _SETUP, "bash", *program, sys.executable, "-c", _ASK],
            env={**environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    @parameterized.parameters(
        ({"TEST_UNDECLARED_OUTPUTS_ZIP": "outputs.zip"}, "True"),
        ({"TEST_UNDECLARED_OUTPUTS_ZIP": ""}, "False"),
        ({}, "False"),
    )
    def test_the_variable_that_the_test_does_not_get_decides(
        self, variables: dict[str, str], answer: str
    ) -> None:
        variables = {"TEST_UNDECLARED_OUTPUTS_MANIFEST": "MANIFEST", **variables}
        self.assertEqual(self.asked(**variables), answer)
        self.assertEqual(self.asked("sh", "-c", '"$@"; exit $?', "sh", **variables), answer)

    def test_the_nearest_of_two_nested_ones_is_asked(self) -> None:
        inner = ("env", "TEST_UNDECLARED_OUTPUTS_MANIFEST=M", "bash", "-c", _SETUP, "bash")
        outer = {"TEST_UNDECLARED_OUTPUTS_MANIFEST": "M", "TEST_UNDECLARED_OUTPUTS_ZIP": "z"}
        self.assertEqual(self.asked(*inner, **outer), "False")


if __name__ == "__main__":
    absltest.main()
