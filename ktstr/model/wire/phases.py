# SPDX-License-Identifier: Apache-2.0
"""How a guest tells whoever looks in from outside how far its test is.

The agent calls getpriority(MARK, phase).  The kernel knows no such `which` and says EINVAL
(kernel/sys.c), which is all that happens where nobody looks: the guest waits for nobody.
"""

from __future__ import annotations

from enum import IntEnum

# include/uapi/linux/resource.h knows 0 to 2; this one is "ktMk"
MARK = 0x6B744D6B


class Phase(IntEnum):
    """SCHEDULER: the scheduler is about to be started.  BODY: what the test itself does begins.
    AFTER: it is over, and the scheduler is about to end.  GONE: that has ended, too.
    """

    SCHEDULER = 1
    BODY = 2
    AFTER = 3
    GONE = 4
