# SPDX-License-Identifier: Apache-2.0
"""What gdb's packets get of a real guest: to go on, to step, and to go back."""

from __future__ import annotations

import os
from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.kernel.kernel import Kernel
from tests.replay.client import Gdb, free_port
from tests.support.running import Running

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_KERNEL = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])
_LAUNCHER = "_main/tests/introspect/debugger/watched.replay"
_TICK, _JIFFIES = _KERNEL.symbol("sched_tick"), _KERNEL.symbol("jiffies_64")


class GdbTest(absltest.TestCase):
    def gdb(self, *arguments: str) -> tuple[Gdb, Running]:
        port = free_port()
        words = (*arguments, "--gdb", f"--port={port}")
        running = Running(_LAUNCHER, Path(self.create_tempdir().full_path) / "run", arguments=words)
        self.addCleanup(running.close)
        gdb = Gdb(port)
        self.addCleanup(gdb.close)
        return gdb, running

    def test_it_goes_on_and_back(self) -> None:
        gdb, running = self.gdb("--function=sched_tick", "--at=1.5s")
        self.assertEqual(gdb.ask("qfThreadInfo"), "m1,2")
        first = gdb.monitor("time")
        self.assertRegex(first, r"stands at 1\.50\d+ s of the time line, .* before sched_tick\+0x0")
        self.assertEqual(gdb.rip(), _TICK)
        self.assertStartsWith(gdb.monitor("stack"), "CPU 0: ")

        # a breakpoint, a step, and what is behind a write
        self.assertEqual(gdb.ask(f"Z0,{_TICK:x},1"), "OK")
        self.assertRegex(gdb.ask("vCont;c"), "^T05swbreak:;thread:[12];$")
        self.assertEqual(gdb.rip(), _TICK)
        thread = gdb.ask("qC").removeprefix("QC")
        self.assertEqual(gdb.ask(f"vCont;s:{thread}"), f"T05thread:{thread};")
        stepped = gdb.rip()
        self.assertBetween(stepped, _TICK + 1, _TICK + 15)
        self.assertEqual(gdb.ask(f"z0,{_TICK:x},1"), "OK")
        self.assertEqual(gdb.ask(f"Z2,{_JIFFIES:x},8"), "OK")
        before = gdb.ask(f"m{_JIFFIES:x},8")
        self.assertRegex(gdb.ask("vCont;c"), f"^T05watch:{_JIFFIES:x};thread:[12];$")
        self.assertNotEqual(gdb.ask(f"m{_JIFFIES:x},8"), before)
        self.assertEqual(gdb.ask(f"z2,{_JIFFIES:x},8"), "OK")

        # back to before all of that, and to where it began
        self.assertIn("`continue` goes to 1.2", gdb.monitor("goto 1.2s"))
        self.assertRegex(gdb.ask("vCont;c"), "^T05thread:[12];$")
        there = gdb.ask("g")
        self.assertRegex(gdb.monitor("time"), r"stands at 1\.20000\d+ s of the time line")
        gdb.ask(f"Z0,{_TICK:x},1")
        gdb.monitor("goto 1.45s")
        gdb.ask("vCont;c")
        while "1.50" not in gdb.monitor("time"):
            self.assertRegex(gdb.ask("vCont;c"), "^T05swbreak:")
        self.assertEqual(gdb.monitor("time"), first)
        gdb.monitor("goto 1.2s")
        # as gdb goes on from a breakpoint: first one CPU, then all
        self.assertEqual(gdb.ask(f"vCont;s:{thread}"), f"T05thread:{thread};")
        self.assertEqual(gdb.ask("vCont;c"), f"T05thread:{gdb.ask('qC')[2:]};")
        self.assertEqual(gdb.ask("g"), there)

        # it may be interrupted wherever it goes
        gdb.ask(f"z0,{_TICK:x},1")
        self.assertRegex(gdb.interrupted("vCont;c"), "^T02thread:[12];$")
        self.assertRegex(gdb.monitor("time"), r"stands at 1\.25\d+ s of the time line")

        # nobody writes, and a step back is a step
        self.assertStartsWith(gdb.ask(f"M{_JIFFIES:x},1:00"), "E.this is a recorded run")
        at = gdb.monitor("time")
        self.assertEqual(gdb.ask("bs"), f"T05thread:{gdb.ask('qC')[2:]};")
        self.assertNotEqual(gdb.monitor("time"), at)
        self.assertIn("is behind the end of busy", gdb.monitor("goto 50s"))
        self.assertEqual(gdb.ask("D"), "OK")
        ended = running.wait(60)
        self.assertEqual(ended.status, 0, ended.text)

    def test_who_writes_is_told_what_comes_of_it(self) -> None:
        gdb, running = self.gdb("--at=3.1s", "--write")
        self.assertEqual(gdb.ask(f"M{_JIFFIES + 7:x},1:00"), "OK")
        self.assertEqual(gdb.ask("c"), "W00")
        ended = running.wait(60)
        self.assertEqual(ended.status, 0, ended.text)
        self.assertIn("this is another run than the recorded one", ended.text)
        self.assertIn("busy has ended (PASS)", ended.text)


if __name__ == "__main__":
    absltest.main()
