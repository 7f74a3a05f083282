# SPDX-License-Identifier: Apache-2.0
"""How git is asked of a repository that a folder names, whoever started us."""

from __future__ import annotations

import os
from collections.abc import Mapping

# By these git's hooks and aliases say which repository, tree and index their commands are of
# (git(1), githooks(5)), and a folder given with -C counts for nothing.
_OF_ANOTHER = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"}
)


def git_environ() -> Mapping[str, str]:
    """Our environment, by which git takes the repository of its folder, with its own index."""
    return {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
