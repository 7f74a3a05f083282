# SPDX-License-Identifier: Apache-2.0
"""A guest of `watched` that stands still while a test looks into it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ktstr.introspect.debugger.bpf import Bpf
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.paging import PagedMemory, kernel_tables
from ktstr.introspect.memory.qemu import memory_of
from ktstr.model.errors import InfraError
from tests.support.running import Running

FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
KERNEL = Kernel.open(FILES["vmlinux"], FILES["vmlinux.index"])
_WITHIN_S = 120.0


def _look(pid: int) -> PagedMemory:
    physical = memory_of(pid)
    top, base = KERNEL.symbol("init_top_pgt"), KERNEL.symbol("phys_base")
    return PagedMemory(physical, kernel_tables(physical, top, base, None, None))


@contextmanager
def standing(running: Running) -> Iterator[tuple[int, PagedMemory]]:
    """QEMU's process and the guest's memory; its scheduler has seen tasks, and it stands."""
    qemu, problem = running.qemu(), "it has seen no tasks"
    ends_at = time.monotonic() + _WITHIN_S
    while True:
        try:
            memory = _look(qemu.pid)
            if Bpf(KERNEL, memory).scheduler.maps:
                os.kill(qemu.pid, signal.SIGSTOP)
                if Bpf(KERNEL, memory).value("nr_enqueued") > 20:
                    break
                os.kill(qemu.pid, signal.SIGCONT)
        except (InfraError, UnknownName) as error:
            # it has not come so far, and its memory is half filled
            os.kill(qemu.pid, signal.SIGCONT)
            problem = str(error)
        if time.monotonic() > ends_at:
            raise AssertionError(f"no scheduler within {_WITHIN_S} s: {problem}")
        time.sleep(0.02)
    try:
        yield qemu.pid, memory
    finally:
        os.kill(qemu.pid, signal.SIGCONT)
