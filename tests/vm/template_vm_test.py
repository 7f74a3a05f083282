# SPDX-License-Identifier: Apache-2.0
"""Guests that park, are saved, and cloned: what a clone sees, and what comes of a bad template."""

import hashlib
import mmap
import multiprocessing
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.host.accel import Accel
from ktstr.model.errors import InfraError
from ktstr.model.wire.mailbox import PAGE, capacity
from ktstr.vm.artifact import read_artifact, write_artifact
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.events import ConsoleOutput
from ktstr.vm.sampling import VcpuSampling
from ktstr.vm.save import SavedTemplate, save
from ktstr.vm.saved.template import GuestRefused, Template, TemplateError
from ktstr.vm.signals import Termination
from ktstr.vm.vm import Vm
from tests.vm import guests


@contextmanager
def _saved(
    machine: MachineSpec, boot_s: float = guests.PATIENCE_S
) -> Iterator[tuple[SavedTemplate, Path]]:
    """A template of a machine, and an empty directory, both gone after."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "more").mkdir()
        with Termination() as termination:
            saved = save(machine, Path(folder) / "saved", termination, boot_s)
        try:
            yield saved, Path(folder) / "more"
        finally:
            saved.close()


@contextmanager
def _busy(cpus: int) -> Iterator[None]:
    """As many processes beside that never sleep."""
    busy = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(cpus)]
    for process in busy:
        process.start()
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.join()


def _spin() -> None:
    while True:
        pass


def _followed(vm: Vm) -> tuple[str, bytes]:
    """The console and the frames of a guest that ends by itself."""
    vm.deadlines.start("the guest's own end", guests.PATIENCE_S)
    seen = b"".join(each.data for each in guests.events_of(vm) if isinstance(each, ConsoleOutput))
    assert seen == vm.files.console.read_bytes()
    return seen.decode().replace("\r", ""), vm.files.frames.read_bytes()


@contextmanager
def _mail(text: bytes) -> Iterator[tuple[Path]]:
    """A layer, as it were, with a text."""
    with tempfile.TemporaryDirectory() as folder:
        layer = Path(folder, "layer")
        layer.write_bytes(text.ljust(512, b"\0"))
        yield (layer,)


def _clone(machine: MachineSpec, template: Template, text: bytes) -> tuple[str, bytes]:
    with (
        _mail(text) as brings,
        guests.started(machine, template=template, brings=brings) as vm,
    ):
        return _followed(vm)


def _ram(saved: SavedTemplate) -> list[str]:
    result = []
    for fd in saved.memory:
        with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as memory:
            result.append(hashlib.sha256(memory).hexdigest())
    return result


class CloneTest(parameterized.TestCase):
    @parameterized.parameters(Accel.VIRTUAL, Accel.TCG)
    def test_clones_have_their_own_memory(self, accel: Accel) -> None:
        machine = guests.spec(accel=accel)
        with _saved(machine) as (saved, _):
            self.assertEqual(saved.frames, b"hello")
            before = _ram(saved)
            template = saved.template
            with (
                _mail(b"the first's") as one,
                _mail(b"another") as other,
                guests.started(machine, template=template, brings=one) as first,
                guests.started(machine, template=template, brings=other) as second,
            ):
                consoles = []
                for vm in (first, second):
                    console, frames = _followed(vm)
                    self.assertEqual(frames, b"again")
                    self.assertIn("parked: over", console)
                    self.assertIn("parked: kept its own", console)
                    # a guest writes into its own copy, not into the file
                    assert vm.files.mailbox is not None
                    self.assertNotIn(b"w", os.pread(vm.files.mailbox, PAGE, 0))
                    self.assertTrue(console.startswith(template.console.read_text()[:500]))
                    consoles.append(console)
            if accel is Accel.VIRTUAL:
                self.assertIn("parked: for 0 ms", consoles[0])
            self.assertIn("mail KTMBOX2 the first's\n", consoles[0])
            self.assertIn("mail KTMBOX2 another\n", consoles[1])
            self.assertEqual(_ram(saved), before)

    def test_time_stands_still_while_a_guest_is_saved(self) -> None:
        machine = guests.spec(accel=Accel.TCG)
        with _saved(machine) as (saved, _):
            # as long as this takes, a clock that went on would be ahead
            _clone(machine, saved.template, b"mail")
            began_s = time.monotonic()
            sampling = VcpuSampling()
            with (
                _mail(b"mail") as brings,
                guests.started(
                    machine, template=saved.template, brings=brings, listeners=[sampling]
                ) as vm,
            ):
                guests.until(vm, "parked: at")
                took_ms = 1000 * (time.monotonic() - began_s)
                self.assertEqual({sample.vcpu for sample in sampling.samples}, {0, 1})
                stood = re.search(r"parked: for (\d+) ms", vm.files.console.read_text())
        assert stood is not None
        self.assertLessEqual(int(stood[1]), took_ms)

    @parameterized.parameters("1n1l1c1t", "2n4l1c2t")
    def test_same_artifact_and_the_same_run(self, topology: str) -> None:
        machine = guests.spec(topology=topology)
        runs, artifacts = [], []
        for _ in range(2):
            with _saved(machine) as (saved, folder):
                write_artifact(saved, folder)
                artifacts.append({path.name: path.read_bytes() for path in folder.iterdir()})
                runs += [_clone(machine, saved.template, b"mail") for _ in range(2)]
                artifact = read_artifact(folder)
                with tempfile.TemporaryDirectory() as store:
                    paths = [Path(store, f"node{node}") for node in range(len(artifact.sizes))]
                    for node, path in enumerate(paths):
                        with path.open("wb") as file:
                            artifact.inflate(node, file.fileno())
                    template = artifact.template([str(path) for path in paths])
                    runs.append(_clone(machine, template, b"mail"))
        self.assertEqual(
            *[
                {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
                for files in artifacts
            ]
        )
        self.assertRegex(runs[0][0], "parked: looks [1-9]")
        self.assertLen(set(runs), 1)

    @parameterized.parameters("1n1l1c1t", "1n1l4c2t")
    def test_saved_at_once_whatever_the_host_does_beside(self, topology: str) -> None:
        machine = guests.spec(topology=topology)
        states = []
        for load in (0, 1, 3):
            with _busy(load):
                for _ in range(2):
                    with _saved(machine) as (saved, _):
                        states.append((saved.template.digest, *_ram(saved)))
        self.assertLen(set(states), 1)


class BadTemplateTest(parameterized.TestCase):
    def test_state_that_is_refused(self) -> None:
        machine = guests.spec()
        with _saved(machine) as (saved, folder):
            state = saved.template.state.read_bytes()
            files = _open_files()
            for data, message in (
                (
                    state[: len(state) // 2],
                    "(?s)QEMU ended when .* with status 1: .*load of migration",
                ),
                (state[:90], "QEMU ended when it was to load"),
                (b"", "QEMU ended when it was to load"),
            ):
                bad = folder / "state"
                bad.write_bytes(data)
                with self.assertRaisesRegex(TemplateError, message):
                    _clone(machine, replace(saved.template, state=bad), b"mail")
            self.assertEqual(_children(), [])
            memory = folder / "memory"
            memory.write_bytes(b"too short")
            with self.assertRaisesRegex(TemplateError, "QEMU ended at its start"):
                _clone(machine, replace(saved.template, memory=(str(memory),)), b"mail")
            large = folder / "large"
            with large.open("wb") as file:
                file.truncate(capacity() + 4)
            with (
                self.assertRaisesRegex(TemplateError, "bytes are too many for a guest's mailbox"),
                guests.started(machine, template=saved.template, brings=[large]),
            ):
                pass
            with self.assertRaisesRegex(TemplateError, "QEMU ended when it was to load"):
                _clone(guests.spec(topology="1n1l4c1t"), saved.template, b"mail")
            self.assertEqual(_children(), [])
            self.assertEqual(_open_files(), files)
            console, _ = _clone(machine, saved.template, b"mail")
            self.assertIn("parked: over", console)

    def test_guest_that_does_not_park(self) -> None:
        panicked = "(?s)panicked and was to be parked; its console ends with.*parked: about"
        with self.assertRaisesRegex(GuestRefused, panicked), _saved(guests.spec("parked=panic")):
            pass

    def test_guest_that_hangs(self) -> None:
        late = "(?s)boot to the parked guest: not reached within 1.0 s; its console ends with"
        with (
            self.assertRaisesRegex(TemplateError, late) as raised,
            _saved(guests.spec("parked=hang"), 1),
        ):
            pass
        # it might be the host that is slow
        self.assertNotIsInstance(raised.exception, GuestRefused)

    def test_signal(self) -> None:
        with tempfile.TemporaryDirectory() as folder, Termination() as termination:
            os.kill(os.getpid(), 15)
            with self.assertRaisesRegex(InfraError, "SIGTERM while a guest"):
                save(guests.spec(), Path(folder), termination, guests.PATIENCE_S)
        self.assertEqual(_children(), [])


def _open_files() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


if __name__ == "__main__":
    absltest.main()
