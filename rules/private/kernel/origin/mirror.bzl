# SPDX-License-Identifier: Apache-2.0
"""Repository rule `kernel_mirror`: a working tree on this machine, built further after each edit."""

load(
    ":repository.bzl",
    "KERNEL_REPOSITORY_ATTRS",
    "run_kernel_tool",
    "write_kernel_repository",
)
load(":tree.bzl", "directory_of_tree", "watch_tree")

visibility("private")

_COPY_SECONDS = 600
_ARCHIVE = "part.tar"

def _folder(rctx, tree):
    """Of this kernel of this workspace: two would build each other's objects anew."""
    cache = rctx.getenv("XDG_CACHE_HOME", "")
    if not cache.startswith("/"):
        cache = rctx.getenv("HOME", "") + "/.cache"
    told = "\0".join([str(tree), str(rctx.workspace_root), rctx.attr.label])
    return rctx.path("{}/ktstr/kernels/{}-{}".format(cache, tree.basename, hash(told) & 0xffffffff))

def _kernel_mirror_impl(rctx):
    tree = directory_of_tree(rctx)
    folder = _folder(rctx, tree)
    rctx.report_progress("copying what has changed in {}".format(tree))
    state = json.decode(run_kernel_tool(
        rctx,
        "mirror.py",
        ["--tree", tree, "--folder", folder, "--out", rctx.path(_ARCHIVE)],
        _COPY_SECONDS,
    ))
    watch_tree(rctx, tree, state.pop("watch"))

    # Whoever removes the folder, or copies into it, has it made anew.
    copied = folder.get_child("state")
    rctx.watch(copied)
    rctx.file("state", rctx.read(copied), executable = False)
    write_kernel_repository(
        rctx,
        _ARCHIVE,
        {"folder": str(folder), "kind": "incremental", "path": rctx.attr.path} | state,
        suffix = "_incremental",
        folder = str(folder),
    )

kernel_mirror = repository_rule(
    implementation = _kernel_mirror_impl,
    doc = """An incremental_kernel (`:kernel`) over a copy of a working tree (`:source` has a part of it).

The kernel is named ..._incremental, and is in no shared cache.""",
    attrs = KERNEL_REPOSITORY_ATTRS | {
        "path": attr.string(mandatory = True, doc = "The tree; a relative path begins at the workspace."),
    },
)
