# SPDX-License-Identifier: Apache-2.0
"""A machine's life: how it starts, what reaches us, every way it may end, and what is left."""

import mmap
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.host.accel import Accel
from ktstr.host.ending import EndingKind
from ktstr.model.errors import InfraError
from ktstr.vm.ending import ending_of
from ktstr.vm.events import Exited, Expired, Interrupted
from ktstr.vm.sampling import VcpuSampling
from ktstr.vm.vm import Vm
from tests.vm import guests

# Starts a guest as a runner does, tells QEMU's pid, and waits to be killed.
_RUNNER = """
import sys
from pathlib import Path
from absl import flags
from ktstr.vm.signals import Termination
from ktstr.vm.vm import Vm
from tests.vm import guests

folder = flags.FLAGS(sys.argv)[1]
with Termination() as termination, Vm(guests.spec("trouble=hang"), Path(folder), termination) as vm:
    vm.start()
    guests.until(vm, "trouble: hang")
    print(vm.pid, flush=True)
    vm.next_event()
"""


def _end_of(vm: Vm) -> Exited:
    (*_, last) = guests.events_of(vm)
    assert isinstance(last, Exited)
    return last


class StartTest(absltest.TestCase):
    def test_refused_arguments_are_told_in_qemus_words(self) -> None:
        machine = replace(guests.spec(), kernel=Path("/no/such/vmlinux"))
        refused = self.assertRaisesRegex(InfraError, "QEMU ended at its start .*/no/such/vmlinux")
        with refused, guests.started(machine):
            pass

    def test_command_file_boots_the_same_machine(self) -> None:
        done = guests.run_command_file(guests.spec("trouble=none"))
        self.assertIn("trouble: over", done.stdout, done.stderr)


class EndTest(absltest.TestCase):
    def test_guest_that_hangs_runs_into_the_deadline(self) -> None:
        with guests.started(guests.spec("trouble=hang")) as vm:
            guests.until(vm, "trouble: hang")
            vm.deadlines.start("agent hello", 1)
            expired = next(each for each in guests.events_of(vm) if isinstance(each, Expired))
            vm.quit(10)
            exited = _end_of(vm)
            ending = ending_of(exited, panicked=False, expired=expired.deadline, interrupted="")
            self.assertEqual((ending.kind, ending.detail), (EndingKind.DEADLINE, "agent hello"))
            self.assertIn("trouble: hang", vm.files.console.read_text())

    def test_qemu_killed_from_outside(self) -> None:
        with guests.started(guests.spec("trouble=hang")) as vm:
            guests.until(vm, "trouble: hang")
            memory = _find_in_memory(vm, b"trouble: hang")
            os.kill(vm.pid, signal.SIGKILL)
            exited = _end_of(vm)
            ending = ending_of(exited, panicked=False, expired=None, interrupted="")
            self.assertEqual((ending.kind, ending.detail), (EndingKind.KILLED, "SIGKILL"))
            self.assertIn("trouble: hang", vm.files.console.read_text())
            self.assertTrue(memory and _find_in_memory(vm, b"trouble: hang"))

    def test_flood_of_output_is_ended(self) -> None:
        limit = 100_000
        with guests.started(guests.spec("trouble=flood"), output_bytes=limit) as vm:
            exited = _end_of(vm)
            ending = ending_of(exited, panicked=False, expired=None, interrupted="")
            self.assertEqual(ending.kind, EndingKind.QEMU_ERROR)
            self.assertIn("output grew to all", ending.detail)
            self.assertEqual(vm.files.console.stat().st_size, limit)

    def test_signal_to_us(self) -> None:
        with guests.started(guests.spec("trouble=hang")) as vm:
            guests.until(vm, "trouble: hang")
            os.kill(os.getpid(), signal.SIGTERM)
            interrupted = next(
                each for each in guests.events_of(vm) if isinstance(each, Interrupted)
            )
            self.assertEqual(interrupted.signal_name, "SIGTERM")
            pid = vm.pid
        self.assertFalse(Path(f"/proc/{pid}").exists())

    def test_killed_runner_leaves_no_qemu(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            runner = subprocess.Popen(
                [sys.executable, "-c", _RUNNER, *guests.arguments(), folder],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                stdout=subprocess.PIPE,
            )
            assert runner.stdout is not None
            self.addCleanup(runner.stdout.close)
            pidfd = os.pidfd_open(int(runner.stdout.readline()))
            self.addCleanup(os.close, pidfd)
            runner.kill()
            runner.wait()
            self.assertTrue(select.select([pidfd], [], [], 20)[0], "QEMU outlived the runner")
            self.assertIn("trouble: hang", Path(folder, "console.log").read_text())


class RunTest(parameterized.TestCase):
    def test_same_inputs_give_the_same_run(self) -> None:
        machine = guests.spec("trouble=memcg", "ignore_loglevel", topology="1n2l2c1t")
        first, second = guests.run(machine), guests.run(machine)
        self.assertEqual(first.console, second.console)
        self.assertGreater(first.console.count("\n"), 100)

    @parameterized.parameters(Accel.TCG, Accel.VIRTUAL)
    def test_host_times_exist_where_vcpus_are_threads(self, accel: Accel) -> None:
        sampling = VcpuSampling()
        machine = guests.spec("trouble=none", accel=accel)
        with guests.started(machine, listeners=[sampling]) as vm:
            exited = _end_of(vm)
            self.assertEqual(exited.reason, "guest-reset")
            vcpus = {sample.vcpu for sample in sampling.samples}
            self.assertEqual(vcpus, {0, 1} if accel is Accel.TCG else set())
            if accel is Accel.TCG:
                first, last = (
                    [each for each in sampling.samples if each.vcpu == 0][end] for end in (0, -1)
                )
                self.assertGreater(last.run_ns, first.run_ns)
                self.assertGreater(last.at_s, first.at_s)

    @parameterized.parameters("1n1l1c1t", "1n2l2c2t", "2n4l1c2t")
    def test_guest_sees_the_topology_asked_for(self, text: str) -> None:
        console = guests.run(guests.spec("trouble=topology", topology=text)).console
        seen = dict(re.findall(r"^seen (\w+): (.*?)\r?$", console, re.MULTILINE))
        expected = {
            "1n1l1c1t": {"llcs": "0", "cores": "0", "nodes": "0"},
            "1n2l2c2t": {"llcs": "0-3 4-7", "cores": "0-1 2-3 4-5 6-7", "nodes": "0-7"},
            "2n4l1c2t": {
                "llcs": "0-1 2-3 4-5 6-7",
                "cores": "0-1 2-3 4-5 6-7",
                "nodes": "0-3 4-7",
            },
        }
        self.assertEqual(seen, expected[text])


def _find_in_memory(vm: Vm, text: bytes) -> bool:
    for fd in vm.files.memory:
        with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as memory:
            if memory.find(text) >= 0:
                return True
    return False


if __name__ == "__main__":
    absltest.main()
