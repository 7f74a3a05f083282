# SPDX-License-Identifier: Apache-2.0
"""Where the sources of an action lie inside the Debian root."""

visibility(["//rules/private/scheduler"])

SOURCE_ROOT = "/src"

def by_include_path(files):
    """Binds files under their paths in their repository, where `#include "a/b.h"` finds them.

    Args:
      files: list of File.

    Returns:
      dict of path inside the root, below SOURCE_ROOT, to File: inputs for run_in_root.
    """
    return {"%s/%s" % (SOURCE_ROOT, include_path(file)): file for file in files}

def include_path(file):
    """The file's path in its own repository.

    Args:
      file: File.

    Returns:
      The same path whether its repository is the main one or somebody's dependency.
    """
    if file.short_path.startswith("../"):
        return file.short_path.split("/", 2)[2]
    return file.short_path
