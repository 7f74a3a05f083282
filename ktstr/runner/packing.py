# SPDX-License-Identifier: Apache-2.0
"""Whether Bazel packs what a test leaves into test.outputs/outputs.zip.

It does so by default until Bazel 8 (--zip_undeclared_test_outputs), once the test has ended. Its
test-setup.sh keeps the variables that say so from what it starts (tools/test/test-setup.sh, 7.7.1).
"""

from __future__ import annotations

import psutil

# test-setup.sh alone has these; the first tells it, the second is empty or missing without packing.
_MARK = "TEST_UNDECLARED_OUTPUTS_MANIFEST"
_ARCHIVE = "TEST_UNDECLARED_OUTPUTS_ZIP"


def outputs_are_packed() -> bool:
    """Asks the nearest ancestor that is Bazel's test-setup.sh; False where there is none."""
    try:
        ancestors = psutil.Process().parents()
    except psutil.Error:
        return False  # one of them ended meanwhile, and Bazel's does not
    for process in ancestors:
        try:
            environ = process.environ()
        except (psutil.Error, OSError):
            continue
        if _MARK in environ:
            return bool(environ.get(_ARCHIVE))
    return False
