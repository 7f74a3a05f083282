# SPDX-License-Identifier: Apache-2.0
"""Maps and programs of a scheduler that runs, seen from outside while its QEMU stands still.

What must be found is what maps.bpf.c puts there.
"""

from __future__ import annotations

import json
from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.debugger.bpf import Bpf
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.memory.paging import PagedMemory
from tests.introspect.debugger.guest import KERNEL, standing
from tests.support.running import Running


class BpfTest(absltest.TestCase):
    def test_a_scheduler_that_runs(self) -> None:
        directory = Path(self.create_tempdir().full_path)
        running = Running("_main/tests/introspect/debugger/watched", directory)
        self.addCleanup(running.close)
        with standing(running) as (_, memory):
            bpf = Bpf(KERNEL, memory)
            self.scheduler(bpf)
            self.elements(bpf)
            self.variables(bpf, memory)
            self.what_there_is_not(bpf)
        ended = running.wait()
        self.assertEqual(ended.status, 0, ended.text)

    def scheduler(self, bpf: Bpf) -> None:
        """Its own objects, and none of those that ktstr itself has loaded."""
        self.assertEqual(bpf.problems, [])
        names = {one.name for one in bpf.scheduler.maps}
        self.assertContainsSubset(
            {"cells", "by_number", "by_part", "cpu_ctx", "cpu_by_number", "task_ctxs"}, names
        )
        self.assertNotIn("witness.bss", names)
        self.assertIn("witness.bss", {one.name for one in bpf.maps})
        programs = {one.name: one for one in bpf.scheduler.programs}
        self.assertEqual(set(programs), {"maps_enqueue", "maps_dispatch", "maps_init", "maps_exit"})
        enqueue = programs["maps_enqueue"]
        self.assertGreater(enqueue.jited, 100)
        self.assertGreater(enqueue.verified or 0, 20)
        self.assertEqual((enqueue.runs, enqueue.misses), (None, 0))
        json.dumps(bpf.json())

    def elements(self, bpf: Bpf) -> None:
        self.assertEqual(bpf.map("cells")[3].nr_queued, 1003)
        self.assertEqual(
            bpf.map("cells").value(2).json(),
            {
                "nr_queued": 1002, "below": -12, "colour": "GREEN", "three": 5, "five": 21,
                "name": "c2", "parts": [{"low": 0, "high": 0}, {"low": 0xFFFFFFF0, "high": -2}],
                "hot": True,
            },
        )  # fmt: skip
        self.assertEqual(bpf.map("by_number")[2 << 32].below, -12)
        self.assertEqual(bpf.map("by_part").json()["elements"], [
            {"key": {"low": 3, "high": -3}, "value": 77}
        ])  # fmt: skip
        for cpu, part in enumerate(bpf.map("cpu_ctx")[0]):
            self.assertIn(part.low, (0, 100 + cpu))
        self.assertIn(2 << 32, bpf.map("cpu_by_number")[2])
        tasks = bpf.map("task_ctxs").json()["elements"]
        self.assertGreater(len(tasks), 2)
        for one in tasks:
            self.assertEqual(one["key"], one["value"]["pid"])

    def variables(self, bpf: Bpf, memory: PagedMemory) -> None:
        names = ("below_zero", "greeting", "answer")
        self.assertEqual([bpf.value(name) for name in names], [-5, "hello", 42])
        self.assertEqual(bpf.variable("parts").json()[2], {"low": 3, "high": -3})
        first = bpf.follow(bpf.variable("first"))
        self.assertEqual((first.value, bpf.follow(first, "next").value), (11, 33))
        with self.assertRaisesRegex(UnknownName, "next is NULL"):
            bpf.follow(bpf.follow(first, "next"), "next")
        with self.assertRaisesRegex(UnknownName, "value is no pointer"):
            bpf.follow(first, "value")
        bpf.variable("below_zero").write(memory, "", -1234)
        self.assertEqual(Bpf(KERNEL, memory).value("below_zero"), -1234)
        bpf.map("cells").value(1).write(memory, "five", 9)
        self.assertEqual((bpf.map("cells")[1].five, bpf.map("cells")[1].three), (9, 5))

    def what_there_is_not(self, bpf: Bpf) -> None:
        for message, question in {
            r"the guest has no BPF map 'cels' \(did you mean 'cells'\?\)": lambda: bpf.map("cels"),
            r"no BPF program of the guest has a variable 'anwser' \(did you mean 'answer'\?\)":
                lambda: bpf.variable("anwser"),
            r"the guest has no BPF program 'maps_enq'": lambda: bpf.program("maps_enq"),
            r"map 'cells' has 4 elements, and no 4": lambda: bpf.map("cells")[4],
            r"map 'by_number' has no element 5": lambda: bpf.map("by_number")[5],
            r"map 'scx_exit_events': elements of a map of type RINGBUF are not read":
                lambda: bpf.map("scx_exit_events")[0],
        }.items():  # fmt: skip
            with self.subTest(message), self.assertRaisesRegex(UnknownName, message):
                question()


if __name__ == "__main__":
    absltest.main()
