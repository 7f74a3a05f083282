# SPDX-License-Identifier: Apache-2.0
"""The kernel's selftests of sched_ext, each a test: what the runner says is the verdict."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from ktstr import Checks, ExpectFail, test

if TYPE_CHECKING:
    from ktstr import Context

    Test = Callable[[Context], None]

_TIMEOUT_S = 120.0
_TROUBLE = re.compile("WARNING:|BUG:|Oops|lockup|stall on|self-detected stall")


def _trouble() -> str:
    """The first message in which the kernel complains of itself, not of a scheduler; or nothing."""
    log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    try:
        while True:
            text = os.read(log, 8192).decode(errors="replace").partition(";")[2].partition("\n")[0]
            if _TROUBLE.search(text):
                return text
    except BlockingIOError:
        return ""
    finally:
        os.close(log)


def selftest(name: str, expect_fail: ExpectFail | None = None) -> Test:
    """The selftest `name` as a test: it fails, passes or is skipped as the runner counts it.

    Many have the kernel throw a scheduler out, so its log is no clean one; what it says besides
    that counts.
    """

    def run(ctx: Context) -> None:
        result = ctx.payload("scx_selftests").args("-t", name).timeout(_TIMEOUT_S).run()
        if not result.ok:
            return  # The host tells which of the payload's checks failed.
        passed, skipped = result.metric("passed"), result.metric("skipped")
        if (passed, skipped) == (0, 1):
            ctx.skip(f"the runner skipped {name}")
        if (passed, skipped) != (1, 0):
            ctx.fail(f"the runner passed {passed:.0f} and skipped {skipped:.0f} of one test")
        if said := _trouble():
            ctx.fail(f"the kernel says {said!r}")

    run.__name__ = run.__qualname__ = name
    checks = Checks(clean_kernel_log=False)
    return test(timeout=_TIMEOUT_S + 10, checks=checks, expect_fail=expect_fail)(run)
