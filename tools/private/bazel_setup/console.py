# SPDX-License-Identifier: Apache-2.0
"""Messages on standard error, with the seconds since the start."""

import sys
import time

_START = time.monotonic()


def say(text: str) -> None:
    """Prints one line, prefixed with the program's name and the time since it started."""
    print(f"tools/bazel: [{time.monotonic() - _START:5.1f} s] {text}", file=sys.stderr, flush=True)
