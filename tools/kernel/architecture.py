# SPDX-License-Identifier: Apache-2.0
"""Kernels of another architecture than the root's: what make is told, and which options they have.

A fragment may serve several architectures.  Options that Kconfig files of another one alone define
are left out of it, as those of other versions are (tools/kernel/versions.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from tools.kernel.config import parse_fragment

# The versioned names of the root's LLVM, and the linker that a build action brings beside it.
_LLVM = "-19"
_LINKER = "/cross/usr/bin/ld.lld-19"


@dataclass(frozen=True)
class Architecture:
    """What the kernel's make has to know of an architecture.

    kbuild: its name there, and its directory below arch/.  image: the file that a machine boots,
    below the objects' directory; its make target is its name.
    """

    kbuild: str
    image: str

    def make_variables(self) -> tuple[str, ...]:
        """Arguments of every make: LLVM for the kernel, the root's gcc for the build's programs."""
        tools = (f"LLVM={_LLVM}", f"LD={_LINKER}", "HOSTCC=gcc", "HOSTLD=ld", "HOSTAR=ar")
        return (f"ARCH={self.kbuild}", *tools)


ARCHITECTURES = {"arm64": Architecture("arm64", "arch/arm64/boot/Image")}

_ARCH_FILE = re.compile(r"arch/([^/]+)/")


def architecture_of(path: str) -> str:
    """The architecture that a Kconfig file belongs to; empty for all."""
    match = _ARCH_FILE.match(path)
    return match[1] if match else ""


def of_architecture(name: str, text: str, elsewhere: Collection[str]) -> str:
    """A fragment without the options `elsewhere`, which other architectures alone have.

    What stands in their places are comments, so that all other lines keep their numbers.

    Raises:
        ConfigError: the fragment is not well-formed.
    """
    lines = text.split("\n")
    for each in parse_fragment(name, text):
        if each.option not in elsewhere:
            continue
        at = int(each.place.rpartition(":")[2]) - 1
        lines[at] = f"# {each.option}: of another architecture"
        if each.replaces:
            lines[at - 1] = f"# it would replace {each.option}"
    return "\n".join(lines)
