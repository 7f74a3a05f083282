# SPDX-License-Identifier: Apache-2.0
"""Whether the Debian root came whole: every file that its unpacker listed, as long as it was."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Mapping

# Written by tools/debian/unpack.py: a line for each file, its bytes, a blank and its path.
LISTING = "files.txt"


def defects(listing: str, found: Mapping[str, int]) -> list[str]:
    """What is wrong with the files of a listing, a few words each, in its order.

    found: path -> bytes of what is there. What is not listed does not matter.
    """
    wrong = []
    for line in listing.splitlines():
        size, _, path = line.partition(" ")
        if path not in found:
            wrong.append(f"{path} is missing")
        elif found[path] != int(size):
            wrong.append(f"{path} has {found[path]} of {size} bytes")
    return wrong


def problem_of(root: pathlib.Path) -> str | None:
    """Why a root did not come whole, or None."""
    try:
        listing = (root / LISTING).read_text(encoding="utf-8")
    except OSError as error:
        return f"{LISTING} cannot be read: {error.strerror}"
    if not listing.endswith("\n"):
        return f"{LISTING} is cut short"
    found = {}
    for line in listing.splitlines():
        path = line.partition(" ")[2]
        with contextlib.suppress(OSError):
            found[path] = os.stat(root / path).st_size
    wrong = defects(listing, found)
    if not wrong:
        return None
    return f"of {len(listing.splitlines())} files {len(wrong)} are not as they were: {wrong[0]}"
