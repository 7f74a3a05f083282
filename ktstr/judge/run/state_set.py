# SPDX-License-Identifier: Apache-2.0
"""What a test set of the state of kernel and scheduler, which is then no longer their own."""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.record.run import RunRecord

_SHOWN = 5


def state_remarks(run: RunRecord) -> Iterator[str]:
    """One sentence that names what was set; all of it is in the result."""
    if not run.state_set:
        return
    shown = ", ".join(
        f"{each.what} = {each.after} (was {each.before})" for each in run.state_set[:_SHOWN]
    )
    more = len(run.state_set) - _SHOWN
    rest = f", and {more} more" if more > 0 else ""
    yield f"the test set state of the kernel or the scheduler from outside: {shown}{rest}"
