# SPDX-License-Identifier: Apache-2.0
"""The memory of a guest of ours, by nothing but the number of its QEMU's process.

What memory a machine has stands on QEMU's command line: `-object memory-backend-file,id=m0,...`
for each node (`ktstr.vm.command.shape`), with a path that is QEMU's own, such as /proc/self/fd/5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ktstr.introspect.memory.process import ProcessMemory, RamFile
from ktstr.model.errors import InfraError

_SELF = "/proc/self/"
_NODE = re.compile(r"m(\d+)")
# a comma ends an option's value, two are one in it
_OPTION = re.compile(r"((?:[^,]|,,)*)(?:,|$)")
_MIB = 1 << 20


def memory_of(pid: int) -> ProcessMemory:
    """The physical memory of the guest of that QEMU.

    Raises:
      InfraError: QEMU is gone, is not ours to look at, or has no memory that can be found.
    """
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError as error:
        raise InfraError(f"cannot look at QEMU's memory (process {pid}): {error}") from None
    words = command.decode(errors="surrogateescape").split("\0")
    files = dict(_files(words, pid))
    if not files or sorted(files) != list(range(len(files))):
        raise InfraError(
            f"QEMU (process {pid}) has no memory of nodes in files on its command line: "
            f"{', '.join(f'm{node}' for node in sorted(files)) or 'none'}"
        )
    return ProcessMemory(pid, [files[node] for node in sorted(files)])


def _files(words: list[str], pid: int) -> Iterator[tuple[int, RamFile]]:
    """Node and file of each object that is a node's memory."""
    for word in words:
        kind, _, rest = word.partition(",")
        if kind != "memory-backend-file":
            continue
        options = dict(
            part.replace(",,", ",").partition("=")[::2] for part in _OPTION.findall(rest) if part
        )
        node = _NODE.fullmatch(options.get("id", ""))
        size = options.get("size", "")
        if node is None or not re.fullmatch(r"\d+M", size):
            continue
        path = options.get("mem-path", "")
        if path.startswith(_SELF):
            path = f"/proc/{pid}/{path.removeprefix(_SELF)}"
        yield int(node.group(1)), RamFile.at(path, int(size[:-1]) * _MIB)
