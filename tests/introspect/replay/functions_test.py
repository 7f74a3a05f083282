# SPDX-License-Identifier: Apache-2.0
"""Functions of a real kernel that are watched, and what their arguments' bytes say."""

from __future__ import annotations

import os
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.combined import Combined
from ktstr.introspect.plugin.encode import encode
from ktstr.introspect.plugin.facts import kernel_facts
from ktstr.introspect.plugin.watch import MOST_PROBES, MOST_READS, Read, When
from ktstr.introspect.replay.cause import Cause, What
from ktstr.introspect.replay.functions import Shown, Slot, Watched, watched
from ktstr.introspect.replay.kinds import KINDS
from ktstr.introspect.replay.part import STOP, ReplayPart
from ktstr.introspect.replay.traced import LateTracePart
from tests.support.plans import plan

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_READ = Read("rdi", (), 8)


class FunctionsTest(parameterized.TestCase):
    kernel: Kernel

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.kernel = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])

    def watched(self, name: str) -> Watched:
        found = watched(self.kernel, name)
        assert found is not None, name
        return found

    @parameterized.parameters(list(What))
    def test_most_of_what_is_to_be_watched_is_there(self, what: What) -> None:
        wanted = KINDS[what].functions
        known = [watched(self.kernel, each) for each in wanted if self.kernel.has_symbol(each)]
        found = [each for each in known if each is not None]
        self.assertGreater(len(found), len(wanted) / 2)
        for each in found:
            probes = each.probes(each.function, 5, 7)
            self.assertEqual([each.when for each in probes], [When.ENTRY, When.RETURN])
            self.assertTrue(all(each.begins and each.limit == 7 for each in probes))

    @parameterized.parameters(list(What))
    def test_a_watch_takes_all_of_it_in_two_windows(self, what: What) -> None:
        function = "panic" if what is What.PANICKED else ""
        cause = Cause(what, "", "", 9_000_000_000, True, 8_000_000_000, function)
        part = ReplayPart(cause).look(self.kernel, plan(), 2)
        probes = part.wanted.probes
        trace = LateTracePart(8_000_000_000).look(self.kernel, plan(), 2)
        wanted = {"decisions": trace.wanted, "replay": part.wanted}
        both = Combined.of(wanted, 2, kernel_facts(self.kernel))
        self.assertNotEmpty(encode(both.watch))
        self.assertLess(len(probes), MOST_PROBES - 100)
        # who is held at the stop has been seen by the others
        self.assertEqual((probes[-1].name, probes[-1].hold), (STOP, True))
        self.assertTrue(all(each.begins or each.learns or each.forgets for each in probes))
        self.assertTrue(all(len(each.reads) <= MOST_READS for each in probes))

    def test_of_callbacks_fields_of_both_tasks_that_they_may_get_are_read(self) -> None:
        part = ReplayPart(Cause(What.EJECTED, "", "", 9, True, 9)).look(self.kernel, plan(), 2)
        assert part.seen is not None
        first, second = part.seen.of_ops
        ours = {each.name: each.read for each in second}
        self.assertContainsSubset({"scx.slice", "scx.dsq_vtime", "scx.dsq"}, ours)
        self.assertEqual(ours["scx.slice"].offsets[0], 8)
        self.assertEqual(ours["scx.slice"].base, "rdi")
        reads = tuple(each.read for each in (*first, *second))
        for name in ("called", "entered"):
            (probe,) = (each for each in part.wanted.probes if each.name == name)
            self.assertEqual(probe.reads[-len(reads) :], reads)

    def test_arguments_are_what_their_types_say(self) -> None:
        enqueue = self.watched("enqueue_task_scx")
        names = [(each.name, each.slots[0].shown, each.is_task) for each in enqueue.arguments]
        self.assertEqual(names[:2], [("rq", Shown.CPU, False), ("p", Shown.TEXT, True)])
        self.assertIsNone(enqueue.result)
        fields = {each.name for each in enqueue.fields}
        self.assertContainsSubset({"rq.nr_running", "p.scx.slice", "p.scx.dsq"}, fields)
        pick = self.watched("pick_task_scx").result
        assert pick is not None
        self.assertEqual(pick.says((b"hog\0", (70).to_bytes(4, "little"))), "hog[70]")
        self.assertEqual(pick.says((bytes(16), bytes(4))), "NULL")
        # what follows the named arguments is as many as the caller likes
        self.assertEqual([each.name for each in self.watched("panic").arguments], ["fmt"])

    @parameterized.parameters(
        (Slot("n", _READ, Shown.NUMBER, 4, True), b"\xff\xff\xff\xff\1\0\0\0", "-1"),
        (Slot("n", _READ, Shown.NUMBER), b"\0\0\0\0\0\1\0\0", "0x10000000000"),
        (
            Slot("n", _READ, Shown.NUMBER, 4, False, ((1026, "STALL"),)),
            b"\2\4\0\0\0\0\0\0",
            "STALL",
        ),
        (Slot("n", _READ, Shown.ADDRESS), bytes(8), "NULL"),
        (Slot("n", _READ, Shown.ADDRESS), b"\x10" + bytes(7), "0x10"),
        (Slot("n", _READ, Shown.TEXT), b"a\x1b[2J\0b", "a\\x1b[2J"),
        (Slot("n", _READ, Shown.CPU), b"\1\0\0\0", "CPU 1"),
        (Slot("n", _READ, Shown.DSQ), b"\2\0\0\0\0\0\0\x80", "local"),
        (Slot("n", _READ, Shown.DSQ), b"\7\0\0\0\0\0\0\0", "7"),
    )
    def test_bytes_are_said_as_what_they_are(self, slot: Slot, data: bytes, says: str) -> None:
        self.assertEqual(slot.says(data), says)


if __name__ == "__main__":
    absltest.main()
