# SPDX-License-Identifier: Apache-2.0
"""Scripts and their interpreters, as the kernel's fs/binfmt_script.c reads the first line."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# BINPRM_BUF_SIZE of include/uapi/linux/binfmts.h: what the kernel reads of a file.
_LINE_MAX = 256
_MAGIC = b"#!"
# Where the guest's own programs look for others: the PATH of ktstr/guest/init/init.c.
_PATH = ("/usr/bin", "/usr/sbin", "/bin", "/sbin")


@dataclass(frozen=True)
class Shebang:
    """The interpreter of a script, and the one argument the kernel gives it, both as written."""

    interpreter: str
    argument: str


def read(head: bytes) -> Shebang | None:
    """The first line of a script; None for what is none.  `head`: 256 bytes from its start."""
    if not head.startswith(_MAGIC):
        return None
    line = head[len(_MAGIC) : _LINE_MAX].partition(b"\n")[0].decode(errors="replace").strip(" \t")
    interpreter, _, argument = line.replace("\t", " ").partition(" ")
    return Shebang(interpreter, argument.strip(" "))


def problem(shebang: Shebang, exists: Callable[[str], bool], path: Sequence[str]) -> str | None:
    """What keeps a script from running in a guest, as a clause, or None.

    Args:
      shebang: the script's first line.
      exists: whether the guest has a file of this absolute path.
      path: directories that come before the guest's own PATH.
    """
    interpreter = shebang.interpreter
    if not interpreter:
        return 'names no interpreter after "#!"'
    if not interpreter.startswith("/"):
        return f"names its interpreter {interpreter!r} by no absolute path"
    if interpreter.endswith("\r") and exists(interpreter.rstrip("\r")):
        return f"ends its first line {interpreter!r} with a carriage return; write line feeds alone"
    if not exists(interpreter):
        return f"wants the interpreter {interpreter}, which the guest lacks"
    if posixpath.basename(interpreter) == "env":
        wanted = shebang.argument.removeprefix("-S").split()
        if wanted and not any(exists(f"{each}/{wanted[0]}") for each in (*path, *_PATH)):
            return f"wants {wanted[0]} by way of {interpreter}, and no directory of PATH has it"
    return None
