# SPDX-License-Identifier: Apache-2.0
"""Where programs that were built for these tests are."""

from __future__ import annotations

from runfiles import Runfiles

WORKER = "ktstr/worker/ktstr-worker"


def program(path: str) -> str:
    """The file of this repository's target at `path`.

    Raises:
        FileNotFoundError: it is not among the test's runfiles.
    """
    runfiles = Runfiles.Create()
    found = runfiles.Rlocation(f"_main/{path}") if runfiles is not None else None
    if found is None:
        raise FileNotFoundError(f"{path} is not among the runfiles; add it to the test's data")
    return found
