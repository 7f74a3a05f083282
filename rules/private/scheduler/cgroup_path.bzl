# SPDX-License-Identifier: Apache-2.0
"""Paths of cgroups in a guest, as attributes give them: below the mount, e.g. "/tenants"."""

visibility(["//rules/private/scheduler", "//rules/private/test"])

# What the agent makes for itself (ktstr/guest/function/run.py).
_TAKEN = ["/ktstr-test"]

# NAME_MAX of a directory entry.
_NAME_MAX = 255

def is_at_or_below(path, other):
    """Whether a cgroup is another one, or lies below it.

    Args:
      path: string, the path of a cgroup.
      other: string, the same of the other.

    Returns:
      bool
    """
    return (path + "/").startswith(other + "/")

def cgroup_path_problem(path):
    """Says what is wrong with the path of a cgroup.

    Args:
      path: string.

    Returns:
      A clause to put after the path, or None when such a cgroup can be made.
    """
    if not path.startswith("/"):
        return "does not begin with \"/\"; expected a path below the guest's /sys/fs/cgroup, e.g. \"/tenants\""
    if path == "/":
        return "is the root of all cgroups; name one below it, e.g. \"/tenants\""
    for part in path[1:].split("/"):
        if part in ("", ".", ".."):
            return "has an empty, \".\" or \"..\" component"
        if len(part) > _NAME_MAX:
            return "has a component of more than %d characters" % _NAME_MAX
        if any([c.isspace() for c in part.elems()]):
            return "holds white space"
    for taken in _TAKEN:
        if is_at_or_below(path, taken):
            return "is the harness's own: test functions run in it"
    return None
