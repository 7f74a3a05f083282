# SPDX-License-Identifier: Apache-2.0
"""Many guests of one machine, saved one after another: each is what the build saved, to the byte.

    tools/bazel run //tests/determinism:saved -- [--guests=50] [--busy=25] [CONFIG...]

A CONFIG is the NAME.config.json of a target, as a runfiles path; without one those of 1, 4 and 8
vCPUs are saved. The last guests of each (--busy) boot beside a load on every core. A guest that
cannot be saved at the first try ends the program. Compared is the manifest, which has digests of
RAM, devices and console.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from absl import app, flags

from ktstr.host.accel import Accel
from ktstr.machine.load import load_target
from ktstr.machine.located import machine_files
from ktstr.machine.machine import TargetMachine, machine_of, qemu_of
from ktstr.machine.saving import save_guest, template_spec
from ktstr.machine.target_disks import TargetDisks
from ktstr.runner.files import RunfilesTree
from ktstr.vm.artifact import read_artifact, write_artifact
from ktstr.vm.signals import Termination
from tests.support.load import load_on_every_core

_GUESTS = flags.DEFINE_integer("guests", 50, "Guests of each target.", lower_bound=1)
_BUSY = flags.DEFINE_integer("busy", 25, "So many of them boot beside a load.", lower_bound=0)
_CONFIGS = [f"_main/tests/determinism/eevdf_{cpus}_subject.config.json" for cpus in (1, 4, 8)]


def main(argv: Sequence[str]) -> int:
    """Prints a line for each target; returns 1 where two guests differed."""
    differing = 0
    busy = min(_BUSY.value, _GUESTS.value)
    for config in argv[1:] or _CONFIGS:
        machine, built = _machine(config)
        found = Counter(_saved(machine) for _ in range(_GUESTS.value - busy))
        if busy:
            with load_on_every_core():
                found.update(_saved(machine) for _ in range(busy))
        differing += set(found) != {built}
        counts = ", ".join(f"{count} x {digest[:12]}" for digest, count in found.most_common())
        print(f"{config}: the build saved {built[:12]}, here were saved {counts}", flush=True)
    return int(differing > 0)


def _machine(config: str) -> tuple[TargetMachine, str]:
    """The machine of a target, and the digest of the guest that its build has saved."""
    tree = RunfilesTree()
    target = load_target(tree.path(config))
    files = machine_files(target, tree.path)
    if files.template is None:
        raise SystemExit(f"{config}: its build saved no guest: {files.no_template}")
    disks = TargetDisks()
    machine = machine_of(target, files, qemu_of(files), Accel.VIRTUAL, disks, host_is_amd=False)
    return machine, read_artifact(files.template).digest


def _saved(machine: TargetMachine) -> str:
    """Digest of a guest that was booted and saved."""
    with tempfile.TemporaryDirectory() as folder, Termination() as termination:
        place = Path(folder)
        saved = save_guest(template_spec(machine, place / "own.cpio"), place / "work", termination)
        try:
            write_artifact(saved, place / "made")
        finally:
            saved.close()
        return read_artifact(place / "made").digest


if __name__ == "__main__":
    app.run(main)
