# SPDX-License-Identifier: Apache-2.0
"""Boot to the agent's hello, beside the earliest any user space could speak.

    tools/bazel run //tests/benchmarks:boot -- [--rounds=7] [--topology=1n1l2c1t]

Prints, for tcg and virtual, the median seconds from QEMU's start to the first bytes on the frames
port: once of a static C init in an initramfs of its own, once of the agent in the guest's base.
Both are booted in turns, so that other load on the machine meets both alike.
"""

import statistics
import tempfile
from pathlib import Path

from absl import app, flags

from ktstr.host.accel import Accel
from ktstr.model.machine.topology import Topology
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.qemu import QemuTree
from ktstr.vm.signals import Termination
from ktstr.vm.vm import Vm
from tests.benchmarks.answer import first_bytes_s

_QEMU = flags.DEFINE_string("qemu", None, "The QEMU tree.", required=True)
_VMLINUX = flags.DEFINE_string("vmlinux", None, "The kernel, a PVH ELF.", required=True)
_LIGHT = flags.DEFINE_string("light", None, "Layer of the static C init.", required=True)
_BASE = flags.DEFINE_multi_string("base", None, "Layers of the guest's base.", required=True)
_ROUNDS = flags.DEFINE_integer("rounds", 7, "Boots of each kind.", lower_bound=1)
_TOPOLOGY = flags.DEFINE_string("topology", "1n1l2c1t", "The machine that boots.")

_MEMORY_MIB = 512
_DEADLINE_S = 120.0
# Hello comes within this many times the C init's time.
_PROMISED_RATIO = 2.0


def main(argv: list[str]) -> int:
    """Prints a table; returns 1 when a ratio is above what is promised."""
    if len(argv) > 1:
        raise app.UsageError(f"unexpected arguments: {argv[1:]}")
    print(f"{_TOPOLOGY.value}, {_ROUNDS.value} boots each, median seconds to the first bytes")
    print(f"{'accel':8} {'C init':>8} {'hello':>8} {'ratio':>6}")
    worst = 0.0
    for accel in (Accel.TCG, Accel.VIRTUAL):
        lights, hellos = [], []
        for _ in range(_ROUNDS.value):
            lights.append(_boot(accel, [_LIGHT.value]))
            hellos.append(_boot(accel, _BASE.value))
        light, hello = statistics.median(lights), statistics.median(hellos)
        worst = max(worst, hello / light)
        print(f"{accel:8} {light:8.2f} {hello:8.2f} {hello / light:6.2f}", flush=True)
    print(
        f"promised: at most {_PROMISED_RATIO}; {'kept' if worst <= _PROMISED_RATIO else 'broken'}"
    )
    return int(worst > _PROMISED_RATIO)


def _boot(accel: Accel, layers: list[str]) -> float:
    """Seconds from QEMU's start to the first bytes on the frames port."""
    spec = MachineSpec(
        qemu=QemuTree.at(Path(_QEMU.value)),
        kernel=Path(_VMLINUX.value).absolute(),
        initramfs=tuple(Path(layer).absolute() for layer in layers),
        cmdline=(),
        topology=Topology.parse(_TOPOLOGY.value),
        memory_mib=_MEMORY_MIB,
        accel=accel,
    )
    with tempfile.TemporaryDirectory() as folder, Termination() as termination:
        return first_bytes_s(Vm(spec, Path(folder), termination), _DEADLINE_S)


if __name__ == "__main__":
    app.run(main)
