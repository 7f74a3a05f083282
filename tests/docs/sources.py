# SPDX-License-Identifier: Apache-2.0
"""Where this repository's sources are, for tests that read them."""

import os
import pathlib

from runfiles import Runfiles


def sources() -> pathlib.Path:
    """The tree of @lint_sources; `A_PAGE` of the environment is the runfiles path of one file."""
    runfiles = Runfiles.Create()
    assert runfiles is not None
    page = runfiles.Rlocation(os.environ["A_PAGE"].split()[0])
    assert page is not None
    return pathlib.Path(page.partition("/src/")[0]) / "src"
