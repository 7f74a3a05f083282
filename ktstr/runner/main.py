# SPDX-License-Identifier: Apache-2.0
"""The program that a ktstr_test target runs."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence

# exit_status.ExitStatus.ERROR, which cannot be imported either where the runner cannot.
_ERROR = 3


def _put_library_first() -> None:
    """Has Python's library found first, then the runner's modules, and then the tops of workspaces.

    Bazel puts those before all else, and a test file there may be called queue.py.
    """
    library = os.path.dirname(os.__file__)
    archive = os.path.join(
        os.path.dirname(library), f"python{sys.version_info[0]}{sys.version_info[1]}.zip"
    )
    here = os.path.dirname(os.path.abspath(__file__))
    modules = [os.path.join(here, name) for name in ("modules.zip", "modules.native")]
    first = [archive, library, os.path.join(library, "lib-dynload"), *modules]
    sys.path += modules
    sys.path.sort(key=lambda entry: first.index(entry) if entry in first else len(first))


def _load() -> Callable[[Sequence[str], Mapping[str, str]], int]:
    """The runner, of which a Python that is not the build's may not be able to load a part.

    Python itself would end with status 1 then, which says that the scheduler failed. What is loaded
    stays to the end, so garbage is looked for in it neither meanwhile nor when we end: that was a
    sixth of what loading it took.
    """
    gc.disable()
    try:
        from ktstr.runner.program import main
    except Exception:  # noqa: BLE001 - whatever it is, it is not the scheduler's
        traceback.print_exc()
        version = ".".join(map(str, sys.version_info[:3]))
        print(
            f"ERROR {sys.executable} (Python {version}) cannot load the tests' "
            "runner; it comes with Python 3.13, and a toolchain of yours has to be that "
            "(docs/workspace.md)",
            flush=True,
        )
        sys.exit(_ERROR)
    gc.freeze()
    gc.enable()
    return main


if __name__ == "__main__":
    _put_library_first()
    sys.exit(_load()(sys.argv[1:], os.environ))
