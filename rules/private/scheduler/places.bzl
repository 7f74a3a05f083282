# SPDX-License-Identifier: Apache-2.0
"""Where a scheduler looks in its guest: cgroups that are there before it, its configuration, its files."""

load("//rules/private/initramfs:initramfs.bzl", "guest_path_problem")
load(":cgroup_path.bzl", "cgroup_path_problem", "is_at_or_below")

visibility(["//rules/private/test"])

# Merge into a rule's `attrs`: cgroups of any scheduler.
CGROUP_ATTRS = {
    "workload_root_cgroup": attr.string(
        doc = "Path below the guest's /sys/fs/cgroup, e.g. \"/tenants\", which is made before the " +
              "scheduler starts, with the cpu and cpuset controllers on; its children are the " +
              "tests' cgroups. A test's own goes over it; left out: \"/ktstr\", made when the first " +
              "of them is.",
    ),
}

# The same for a scheduler that has a process.
PLACE_ATTRS = CGROUP_ATTRS | {
    "cgroup_parent": attr.string(
        doc = "Path below the guest's /sys/fs/cgroup of the cgroup that the scheduler's process " +
              "runs in; made before it starts. Left out: the root.",
    ),
    "config": attr.string(
        doc = "For `binary`: a configuration, written into the guest; `{config}` in `args_in_guest` is its " +
              "path there. json.encode({...}) writes JSON.",
    ),
    "config_file": attr.label(
        allow_single_file = True,
        doc = "The same as a file.",
    ),
    "data": attr.label_keyed_string_dict(
        allow_files = True,
        doc = "For `binary`: file -> its path in the guest below `{data}`, as args_in_guest may call it.",
    ),
}

# What arguments may hold in braces, and the attributes that give it a value.
_NAMES = {
    "cgroup_parent": ["cgroup_parent"],
    "config": ["config", "config_file"],
    "data": ["data"],
    "workload_root_cgroup": ["workload_root_cgroup"],
}

def cgroups_problem(attr):
    """Says what is wrong with the cgroups of a scheduler.

    Args:
      attr: of a rule with CGROUP_ATTRS.

    Returns:
      A sentence, or None.
    """
    for name in ["cgroup_parent", "workload_root_cgroup"]:
        path = getattr(attr, name, "")
        problem = cgroup_path_problem(path) if path else None
        if problem:
            return "%s: %r %s" % (name, path, problem)
    return apart_problem(getattr(attr, "cgroup_parent", ""), attr.workload_root_cgroup)

def apart_problem(parent, root):
    """Says that a scheduler's process and the cgroups of the tests' workers would not lie apart.

    Args:
      parent: string, the path of the cgroup of its process; empty: the root.
      root: string, the workload's; empty: the default.

    Returns:
      A sentence, or None.
    """
    root = root or "/ktstr"
    if parent and is_at_or_below(root, parent):
        return ("cgroup_parent: %r holds the scheduler's process, and workload_root_cgroup %r lies there: " +
                "cgroup v2 keeps processes in leaves; take a sibling, e.g. %r") % (
            parent,
            root,
            parent + "-scheduler",
        )
    if parent and is_at_or_below(parent, root):
        return ("cgroup_parent: %r lies among the tests' cgroups, below workload_root_cgroup %r: what a test " +
                "function leaves there is killed; take a path beside it, e.g. %r") % (
            parent,
            root,
            root + "-scheduler",
        )
    return None

def _mentioned(arguments):
    return [name for name in _NAMES if any(["{%s}" % name in each for each in arguments])]

def places_problem(ctx, arguments):
    """Says what is wrong with where a scheduler looks.

    Args:
      ctx: of a rule with PLACE_ATTRS and `binary`.
      arguments: list of string, what it is started with, and values of `set`.

    Returns:
      A sentence, or None.
    """
    attr = ctx.attr
    problem = cgroups_problem(attr)
    if problem:
        return problem
    if attr.config and attr.config_file:
        return "give either config (its text) or config_file; both are given"
    for name in ["config", "config_file", "data"]:
        if getattr(attr, name) and not attr.binary:
            return "%s is for a scheduler with its own user space (binary); one in BPF C reads no files: set a variable with set = {...}" % name
    mentioned = _mentioned(arguments)
    for name in mentioned:
        if not any([getattr(attr, each) for each in _NAMES[name]]):
            return "an argument has {%s}, and there is no %s to put there" % (name, " or ".join(_NAMES[name]))
    for name in ["config", "data"]:
        given = [each for each in _NAMES[name] if getattr(attr, each)]
        if given and name not in mentioned:
            return ("%s is given, and no argument has {%s}: the scheduler would not know where it lies; " +
                    "e.g. args_in_guest = [\"--%s={%s}\"]") % (given[0], name, name, name)
    return _data_problem(attr)

def _data_problem(attr):
    seen = {}
    for target, path in attr.data.items():
        problem = guest_path_problem(path)
        if problem:
            return "data: guest path %r %s" % (path, problem)
        if path in seen:
            return "data: guest path %r is given to both %s and %s" % (path, seen[path], target.label)
        seen[path] = target.label
        files = target[DefaultInfo].files.to_list()
        if len(files) != 1:
            return "data: %s gives %d files; one is expected" % (target.label, len(files))
    return None

def places_files(ctx):
    """What the scheduler's folder in the guest holds of it.

    Args:
      ctx: of a rule with PLACE_ATTRS.

    Returns:
      dict of path in the folder to (File, mode)
    """
    files = {
        "data/" + path: (target[DefaultInfo].files.to_list()[0], "0644")
        for target, path in ctx.attr.data.items()
    }
    if ctx.file.config_file:
        files["config/" + ctx.file.config_file.basename] = (ctx.file.config_file, "0644")
    return files

def _config_name(ctx):
    if ctx.file.config_file:
        return ctx.file.config_file.basename
    return "config.json" if json.decode(ctx.attr.config, default = None) != None else "config"

def places_of(ctx, folder):
    """Where the scheduler looks.

    Args:
      ctx: of a rule with PLACE_ATTRS.
      folder: string, its own in the guest, without a slash in front.

    Returns:
      dict: the fields of ktstr.machine.target.SchedulerFiles that are about it
    """
    has_config = ctx.attr.config or ctx.file.config_file
    return {
        "cgroup_parent": ctx.attr.cgroup_parent,
        "config": "/%s/config/%s" % (folder, _config_name(ctx)) if has_config else "",
        "config_text": ctx.attr.config,
        "data": "/%s/data" % folder if ctx.attr.data else "",
        "workload_root_cgroup": ctx.attr.workload_root_cgroup,
    }

# What a scheduler without any of it has.
NO_PLACES = {
    "cgroup_parent": "",
    "config": "",
    "config_text": "",
    "data": "",
    "workload_root_cgroup": "",
}
