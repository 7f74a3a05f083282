# SPDX-License-Identifier: Apache-2.0
"""Text as C keeps it: bytes up to a NUL."""

from __future__ import annotations


def c_text(data: bytes) -> str:
    """What stands before the first NUL; all of it where there is none.  What is no UTF-8 is `�`."""
    return data.split(b"\0", 1)[0].decode(errors="replace")
