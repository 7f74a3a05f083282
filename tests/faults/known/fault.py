# SPDX-License-Identifier: Apache-2.0
"""A known fault of the kernel, how it is switched on, and its two tests: with it and without."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ktstr import Checks, ExpectFail, test
from ktstr.model.errors import UsageError

if TYPE_CHECKING:
    from ktstr import Context

# kernel/sched/ktstr_fault.c of faults.patch
PARAMETERS = Path("/sys/module/kernel/parameters")
_SWITCH, _KNOWN = "ktstr_fault", "ktstr_faults"
WITHOUT = "__without"


@dataclass(frozen=True)
class Fault:
    """A fault that the kernel of this page has behind a switch, and what is to find it.

    Attributes:
      name: of the switch, and of the test.
      fixed: the kernel's commit that mended it, or "rule": no commit, but a rule that it breaks.
      what: what is wrong.
      users: what users had of it.
      play: plays, in the guest, what it shows in.
      expected: how a run with it must fail.
      elsewhere: what others need to show it: kSTEP's driver of this name, "" where it has none.
      checks: of both tests.
      duration: guest seconds.
      options: more of `ktstr.test`.
    """

    name: str
    fixed: str
    what: str
    users: str
    play: Callable[[Context], None]
    expected: ExpectFail
    elsewhere: str = ""
    checks: Checks = field(default_factory=Checks)
    duration: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)


def declare(namespace: dict[str, Any], *faults: Fault) -> None:
    """Puts two tests of each fault into a module: NAME must fail, NAME__without must pass."""
    for fault in faults:
        for name, on in ((fault.name, fault.name), (fault.name + WITHOUT, "")):
            function = _test(fault, on)
            function.__name__ = function.__qualname__ = name
            function.__module__ = namespace["__name__"]
            function.__doc__ = f"{fault.what} {'It is off.' if not on else ''}".strip()
            namespace[name] = test(
                duration=fault.duration,
                checks=fault.checks,
                expect_fail=fault.expected if on else None,
                **fault.options,
            )(function)


def _test(fault: Fault, on: str) -> Callable[[Context], None]:
    def body(ctx: Context) -> None:
        with switched_on(on or fault.name, really=bool(on)):
            fault.play(ctx)

    return body


@contextmanager
def switched_on(name: str, *, really: bool = True, root: Path = PARAMETERS) -> Iterator[None]:
    """The fault `name` is on meanwhile; with `really` unset it is only asked for.

    Raises:
      UsageError: this kernel has no faults to switch on, or none of this name.
    """
    switch = root / _SWITCH
    release = os.uname().release
    if not switch.exists():
        raise UsageError(
            f"fault {name!r}: Linux {release} has no faults to switch on; those of //sched/faults "
            f"are in a kernel of their own: kernel = '//sched/faults:linux_6_12_faults'"
        )
    known = (root / _KNOWN).read_text(encoding="ascii").strip().split(",")
    if name not in known:
        raise UsageError(f"fault {name!r}: Linux {release} has {', '.join(known)}")
    if really:
        _write(switch, name)
    try:
        yield
    finally:
        if really:
            _write(switch, "")


def _write(switch: Path, names: str) -> None:
    try:
        switch.write_text(names + "\n", encoding="ascii")
    except OSError as error:
        known = errno.errorcode.get(error.errno or 0, str(error.errno))
        raise UsageError(f"{switch}: {names!r}: {known}") from error
