# SPDX-License-Identifier: Apache-2.0
"""Repository rule `kernel_tree`: a kernel's sources from a working tree on this machine."""

load(
    ":repository.bzl",
    "KERNEL_REPOSITORY_ATTRS",
    "run_kernel_tool",
    "write_kernel_repository",
)

visibility("private")

_PACK_SECONDS = 600
_ARCHIVE = "linux.tar"

# What a commit does not describe is nobody else's: its results stay on this machine.
_UNSHARED = ["no-cache", "no-remote"]

def directory_of_tree(rctx):
    """The path of the tree that the attribute `path` means.

    Args:
      rctx: the repository context of a rule with `path`.
    Returns:
      path
    """
    path = rctx.attr.path
    if path == "~" or path.startswith("~/"):
        path = rctx.getenv("HOME", "") + path[1:]
    return rctx.path(path if path.startswith("/") else "{}/{}".format(rctx.workspace_root, path))

def watch_tree(rctx, tree, files):
    """Asks Bazel to come again when a source, or the commit, has changed.

    Args:
      rctx: the repository context.
      tree: path.
      files: list of strings, what changes with the commit.
    """
    for entry in tree.readdir(watch = "yes"):
        if entry.basename == ".git":
            continue
        if entry.is_dir:
            rctx.watch_tree(entry)
        else:
            rctx.watch(entry)
    for file in files:
        rctx.watch(file)

def _kernel_tree_impl(rctx):
    tree = directory_of_tree(rctx)
    rctx.report_progress("packing {}".format(tree))
    state = json.decode(run_kernel_tool(
        rctx,
        "tree.py",
        ["--tree", tree, "--out", rctx.path(_ARCHIVE)],
        _PACK_SECONDS,
    ))
    watch_tree(rctx, tree, state.pop("watch"))
    clean = state["state"] == "clean"
    write_kernel_repository(
        rctx,
        _ARCHIVE,
        {"kind": "tree", "path": rctx.attr.path} | state,
        suffix = "" if clean else "_dirty",
        tags = [] if clean else _UNSHARED,
    )

kernel_tree = repository_rule(
    implementation = _kernel_tree_impl,
    doc = """A kernel_image (`:kernel`) over a working tree (`:source`, packed as it lies there).

The kernel of a tree that is not as its commit says is named ..._dirty, and is in no shared cache.""",
    attrs = KERNEL_REPOSITORY_ATTRS | {
        "path": attr.string(mandatory = True, doc = "The tree; a relative path begins at the workspace."),
    },
)
