# SPDX-License-Identifier: Apache-2.0
"""The kernel of the tests' data."""

from __future__ import annotations

import os
from pathlib import Path

from ktstr.introspect.kernel.kernel import Kernel


def kernel() -> Kernel:
    """With the index that the build made of it."""
    index, *files = os.environ["KERNEL"].split()
    vmlinux = next(Path(each) for each in files if Path(each).name == "vmlinux")
    return Kernel.open(vmlinux, Path(index))
