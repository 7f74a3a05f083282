# SPDX-License-Identifier: Apache-2.0
"""The default fragments hold for each kernel of the locks: their configuration is made, no kernel.

That every line of them is in it is checked where it is made.
"""

from __future__ import annotations

import os
from pathlib import Path

from absl.testing import absltest, parameterized

from tools.kernel.config import parse_config

_CONFIGS = [Path(path) for path in os.environ["CONFIGS"].split()]
# what 7.3 does not know any more
_GONE = {"7.3": "PROC_SYSCTL"}


def _version(path: Path) -> str:
    """`7.3` of a configuration in .../defaults_7_3/configuration/config."""
    return path.parts[-3].removeprefix("defaults_").replace("_", ".")


class DefaultsTest(parameterized.TestCase):
    @parameterized.named_parameters((_version(path), path) for path in _CONFIGS)
    def test_they_hold(self, path: Path) -> None:
        text = path.read_text()
        self.assertIn(f"Linux/x86_64 {_version(path)}.", text)
        config = parse_config(text)
        for option in ("SCHED_CLASS_EXT", "DEBUG_INFO_BTF", "PVH", "EXT4_FS", "CGROUP_SCHED"):
            self.assertEqual(config.get(option), "y", option)
        gone = _GONE.get(_version(path))
        self.assertEqual(config.get("PROC_SYSCTL"), None if gone else "y")

    def test_all_kernels_of_the_locks_are_there(self) -> None:
        self.assertEqual([_version(each) for each in _CONFIGS], ["6.12", "7.2", "7.3"])


if __name__ == "__main__":
    absltest.main()
