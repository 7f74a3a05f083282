# SPDX-License-Identifier: Apache-2.0
"""How a guest's instructions are run."""

from __future__ import annotations

from enum import StrEnum


class Accel(StrEnum):
    """The accelerator of a run.

    KVM is for realism and speed.  VIRTUAL is TCG whose clock counts instructions: the same inputs
    give the same run on every machine, whatever the load.  TCG is multi-threaded TCG on the host's
    clock, for comparison and for interactive use.
    """

    KVM = "kvm"
    TCG = "tcg"
    VIRTUAL = "virtual"

    @property
    def has_thread_per_vcpu(self) -> bool:
        """Whether a vCPU is a host thread of its own, so that the host can take time from it."""
        return self is not Accel.VIRTUAL
