# SPDX-License-Identifier: Apache-2.0
"""The program that a ktstr_test target runs."""

from __future__ import annotations

import os
import sys


def _put_library_first() -> None:
    """Has Python's library found first, then ktstr, and then the tops of workspaces.

    Bazel puts those before all else, and a test file there may be called queue.py.
    """
    library = os.path.dirname(os.__file__)
    ktstr = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    first = [library, os.path.join(library, "lib-dynload"), ktstr]
    sys.path.sort(key=lambda entry: first.index(entry) if entry in first else len(first))


if __name__ == "__main__":
    _put_library_first()
    from ktstr.runner.program import main

    sys.exit(main(sys.argv[1:], os.environ))
