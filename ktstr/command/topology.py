# SPDX-License-Identifier: Apache-2.0
"""The topology of this machine, as a ktstr_test would write it."""

from __future__ import annotations

import argparse

from ktstr.command.context import Context, table
from ktstr.guest.system.view import seen_view
from ktstr.model.machine.cpulist import format_cpulist

HELP = "the topology of this machine"

_NO_DATA = 2


def add(parser: argparse.ArgumentParser) -> None:
    """Declares no arguments."""


def run(options: argparse.Namespace, context: Context) -> int:
    """Tells it; 2 where the kernel does not say."""
    view = seen_view()
    levels = {"nodes": view.nodes, "llcs": view.llcs, "cores": view.cores}
    lists = {name: [format_cpulist(each) for each in sets] for name, sets in levels.items()}
    known = all(levels.values())
    words = view.describe() if known else "unknown: this kernel does not tell all of it in sysfs"
    if options.json:
        context.answer({"topology": words if known else None, **lists})
    else:
        context.say(words)
        rows = [(name, len(each), " ".join(each) or "-") for name, each in lists.items()]
        context.say(*table([("", "count", "CPUs"), *rows]))
    return 0 if known else _NO_DATA
