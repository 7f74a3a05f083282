# SPDX-License-Identifier: Apache-2.0
"""The cgroups that workers of CgroupChurn make beside their own."""

from __future__ import annotations

import contextlib
import os

_MOUNT = "/sys/fs/cgroup"


def remove_churned(label: str) -> None:
    """Removes those of the group `label` whose worker was killed before it could.

    One that a task is still in stays, as that task does.
    """
    for folder, names, _ in os.walk(_MOUNT):
        for name in names:
            # ktstr/worker/types/cgroup_churn.c names them
            if name.startswith(f".churn-{label}."):
                with contextlib.suppress(OSError):
                    os.rmdir(os.path.join(folder, name))
