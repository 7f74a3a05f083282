# SPDX-License-Identifier: Apache-2.0
"""drgn on the memory that a hung guest has left."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import zstandard
from absl.testing import absltest

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_SCRIPT = """\
from drgn.helpers.linux import list_for_each_entry
print("release", prog["UTS_RELEASE"].string_().decode())
# of what was kept: the pages that a post-mortem reads
tasks = list_for_each_entry("struct task_struct", prog["init_task"].tasks.address_of_(), "tasks")
print("tasks", sorted({one.comm.string_().decode() for one in tasks}))
for cpu, stack in enumerate(stacks):
    print("cpu", cpu, [frame.name for frame in stack])
"""


class CoreTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)
        self.core = self.directory / "guest.core"
        packed = Path(os.environ["CORE"]).read_bytes()
        self.core.write_bytes(zstandard.ZstdDecompressor().decompress(packed))

    def opened(self, core: Path) -> subprocess.CompletedProcess[str]:
        script = self.directory / "script.py"
        script.write_text(_SCRIPT)
        words = [os.environ["DRGN"], "--core", str(core), "--script", str(script)]
        words += ["--vmlinux", str(_FILES["vmlinux"]), "--index", str(_FILES["vmlinux.index"])]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    def test_tasks_and_stacks(self) -> None:
        ran = self.opened(self.core)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn(f"release {_FILES['release'].read_text().strip()}\n", ran.stdout)
        self.assertIn("'ktstr-agent'", ran.stdout)
        self.assertRegex(ran.stdout, r"(?m)^cpu 0 \['\w+'")

    def test_what_is_no_core(self) -> None:
        ran = self.opened(_FILES["release"])
        self.assertEqual(ran.returncode, 1)
        self.assertIn("is no core of a guest, or damaged", ran.stderr)


if __name__ == "__main__":
    absltest.main()
