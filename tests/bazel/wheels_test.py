# SPDX-License-Identifier: Apache-2.0
"""Every locked wheel that the runner needs imports from the lock, not from the host."""

import importlib
import sys

from absl.testing import absltest, parameterized


class WheelsTest(parameterized.TestCase):
    @parameterized.parameters(
        "absl", "runfiles", "google.protobuf", "psutil", "elftools", "xxhash", "hypothesis"
    )
    def test_comes_from_the_lock(self, module: str) -> None:
        path = importlib.import_module(module).__file__
        self.assertIsNotNone(path)
        self.assertRegex(str(path), r"pypi(_dev)?/site/")

    def test_interpreter_is_new_enough(self) -> None:
        self.assertGreaterEqual(sys.version_info, (3, 11))


if __name__ == "__main__":
    absltest.main()
