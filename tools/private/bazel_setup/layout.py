# SPDX-License-Identifier: Apache-2.0
"""Where things lie: the cache directory, the private Bazel, the workspace."""

import hashlib
import os
import pwd
from collections.abc import Mapping
from pathlib import Path

BAZEL_VERSION = "7.7.1"

# The files whose text decides the content of the private Bazel.
_RECIPE = ("assemble.py", "packages.py", "wheels.txt", "words.py")


def cache_directory(environment: Mapping[str, str]) -> Path:
    """ktstr's directory below the user's cache directory (XDG base directory specification)."""
    base = environment.get("XDG_CACHE_HOME", "")
    # The specification has relative values ignored.
    if not base.startswith("/"):
        base = str(Path(environment.get("HOME") or Path.home()) / ".cache")
    return Path(base) / "ktstr"


def tests_store(cache: Path) -> Path | None:
    """The store below `cache` (ktstr/store), where it is the one that tests take; else None.

    Bazel keeps XDG_CACHE_HOME and HOME from tests, so theirs is in the account's home directory.
    """
    try:
        home = pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return None
    return cache / "store" if cache == Path(home, ".cache", "ktstr") else None


def prefix_directory(cache: Path) -> Path:
    """The private Bazel's final place, named by its version and its recipe."""
    here = Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for name in _RECIPE:
        digest.update((here / name).read_bytes())
    return cache / f"bazel-{BAZEL_VERSION}-{digest.hexdigest()[:12]}"


def workspace_of(directory: Path) -> Path | None:
    """The innermost Bazel workspace around a directory."""
    for candidate in (directory, *directory.parents):
        if (candidate / "MODULE.bazel").is_file():
            return candidate
    return None
