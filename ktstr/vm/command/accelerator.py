# SPDX-License-Identifier: Apache-2.0
"""What QEMU has to be told for each accelerator."""

from __future__ import annotations

from ktstr.host.accel import Accel
from ktstr.vm.qemu import Arch

# Every executed instruction advances the virtual clock by 2**3 ns, so that a busy second costs
# 125 million instructions however many vCPUs share them.
ICOUNT_SHIFT = 3
# The date the guest's clock starts at where nothing of the host may leak in.
_FIXED_DATE = "2026-01-01T00:00:00"
# QEMU's "max" with an Intel identity: with an AMD one the guest loses SMT and sees one LLC. It is
# that of Haswell, whose instructions TCG has: programs choose code by family and model alone (GCC's
# target_clones), so that a newer one would have them run AVX-512. Without fast string instructions
# the kernel copies eight bytes a step instead of one, and TCG takes a step for each.
_TCG_CPU = "max,vendor=GenuineIntel,family=6,model=60,stepping=3,-erms,-fsrm"


# Pointers are signed by a hash of QEMU's own, some times faster to emulate than Arm's.
_TCG_CPUS = {Arch.X86_64: _TCG_CPU, Arch.ARM64: "max,pauth-impdef=on"}


def qemu_arguments(
    accel: Accel, *, seed: int, host_is_amd: bool, arch: Arch = Arch.X86_64
) -> tuple[str, ...]:
    """The accelerator, CPU model, clock and seed arguments of QEMU."""
    model = _TCG_CPUS[arch]
    seeded = ("-seed", str(seed))
    match accel:
        case Accel.KVM:
            # An AMD guest learns of SMT siblings and shared caches through TOPOEXT only.
            cpu = "host,topoext=on" if host_is_amd else "host"
            return ("-accel", "kvm", "-cpu", cpu, *seeded)
        case Accel.TCG:
            return ("-accel", "tcg,thread=multi", "-cpu", model, *seeded)
        case Accel.VIRTUAL:
            counting = (
                "-accel",
                "tcg,thread=single",
                "-icount",
                f"shift={ICOUNT_SHIFT},sleep=off",
            )
            return (*counting, "-rtc", f"base={_FIXED_DATE},clock=vm", "-cpu", model, *seeded)
