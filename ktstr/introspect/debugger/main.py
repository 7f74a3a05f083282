# SPDX-License-Identifier: Apache-2.0
"""Opens drgn on a guest: main.py --vmlinux F --index F [--dwarf F] (--pid N | --core F) [...]

`prog` is the guest, and `bpf` its BPF objects: `bpf.map("cpu_ctx")[3].nr_queued`. `here` is the
stack of the CPU that stands, where its registers are given, and `stacks` those of all CPUs of a
core. A living guest may go on while it is looked at, unless whoever started this holds it.
"""

from __future__ import annotations

import argparse
import json
import runpy
import sys
from pathlib import Path
from typing import Any

from drgn.cli import default_globals, run_interactive

from ktstr.introspect.debugger.bpf import Bpf
from ktstr.introspect.debugger.program import debugger, stack_of
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import PhysicalMemory
from ktstr.introspect.memory.paging import PagedMemory, kernel_tables
from ktstr.introspect.memory.qemu import memory_of
from ktstr.introspect.memory.recorded import RecordedMemory
from ktstr.model.errors import KtstrError


def main(arguments: list[str]) -> int:
    """Returns 1 where the guest cannot be looked at, else when the user has had enough."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--vmlinux", type=Path, required=True)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--dwarf", type=Path, help="debug information of that vmlinux")
    parser.add_argument("--script", type=Path, help="runs this instead of asking")
    parser.add_argument("--title", default="")
    parser.add_argument("--registers", type=json.loads, default={}, help="of the CPU that stands")
    guest = parser.add_mutually_exclusive_group(required=True)
    guest.add_argument("--pid", type=int)
    guest.add_argument("--core", type=Path)
    options = parser.parse_args(arguments)
    try:
        kernel = Kernel.open(options.vmlinux, options.index)
        if options.core:
            physical: PhysicalMemory = RecordedMemory(options.core)
        else:
            physical = memory_of(options.pid)
        tables = kernel_tables(
            physical, kernel.symbol("init_top_pgt"), kernel.symbol("phys_base"), None, None
        )
        memory = PagedMemory(physical, tables)
        program = debugger(kernel, memory, physical, options.dwarf)
        bpf = Bpf(kernel, memory)
    except KtstrError as error:
        print(error, file=sys.stderr)
        return 1

    ours = {"bpf": bpf, "kernel": kernel, "memory": memory}
    if options.registers:
        ours["here"] = stack_of(program, options.registers)
    if isinstance(physical, RecordedMemory):
        ours["stacks"] = [stack_of(program, each) for each in physical.head.registers]

    def names(known: dict[str, Any]) -> dict[str, Any]:
        return known | ours

    if options.script:
        runpy.run_path(str(options.script), names(default_globals(program)))
    else:
        banner = f"{options.title}\n{ours.get('here', '')}\n"
        run_interactive(program, lambda text: banner + text, names)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
