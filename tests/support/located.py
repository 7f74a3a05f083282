# SPDX-License-Identifier: Apache-2.0
"""Where a test's runfiles are."""

from pathlib import Path

from runfiles import Runfiles


def located(path: str) -> Path:
    """The runfile of this path, which begins with its repository's name.

    Raises:
      AssertionError: it is none.
    """
    runfiles = Runfiles.Create()
    assert runfiles is not None
    found = runfiles.Rlocation(path)
    assert found is not None, path
    return Path(found)
