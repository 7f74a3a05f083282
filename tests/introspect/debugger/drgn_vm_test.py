# SPDX-License-Identifier: Apache-2.0
"""drgn's own helpers on a guest that runs, with types from BTF: no DWARF is anywhere."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from absl.testing import absltest

from tests.introspect.debugger.guest import FILES, KERNEL, standing
from tests.support.running import Running

_HERE = Path(__file__).parent


def _helpers(pid: int) -> dict[str, Any]:
    """What helpers.py prints."""
    words = [os.environ["DRGN"], "--pid", str(pid), "--script", str(_HERE / "helpers.py")]
    words += ["--vmlinux", str(FILES["vmlinux"]), "--index", str(FILES["vmlinux.index"])]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


class DrgnTest(absltest.TestCase):
    def test_helpers_on_a_guest(self) -> None:
        directory = Path(self.create_tempdir().full_path)
        running = Running("_main/tests/introspect/debugger/watched", directory)
        self.addCleanup(running.close)
        with standing(running) as (pid, _):
            found = _helpers(pid)
        self.assertEqual(found["release"], KERNEL.release)
        self.assertEqual(found["online"], [0, 1])
        self.assertLen(found["queues"], 2)
        self.assertEqual([found["tasks"][pid] for pid in ("1", "2")], ["init", "kthreadd"])
        self.assertEqual(found["state"], "S")
        self.assertIn('sched_ext: BPF scheduler "maps" enabled', found["log"])
        self.assertContainsSubset({"cells", "cpu_ctx", "maps.bss"}, found["maps"])
        self.assertIn("maps_enqueue", found["programs"])
        self.assertContainsSubset(["schedule", "kthreadd", "ret_from_fork_asm"], found["stack"])
        self.assertGreaterEqual(found["entities"], len(found["tasks"]))
        self.assertGreater(found["vmap"], 0)
        self.assertBetween(found["seconds"], 1, 600)
        self.assertBetween(found["pages"], 20_000, 98_304)
        self.assertEqual(found["cell"], 1003)
        self.assertEqual(running.wait().status, 0)


if __name__ == "__main__":
    absltest.main()
