# SPDX-License-Identifier: Apache-2.0
"""Repository rule `kernel_git`: a kernel's sources from a git repository."""

load(
    ":repository.bzl",
    "KERNEL_REPOSITORY_ATTRS",
    "run_kernel_tool",
    "write_kernel_repository",
)

visibility("private")

_FETCH_SECONDS = 3600
_ARCHIVE = "linux.tar"

def _kernel_git_impl(rctx):
    remote, ref = rctx.attr.remote, rctx.attr.ref
    rctx.report_progress("fetching {} of {}".format(ref, remote))
    arguments = ["--remote", remote, "--ref", ref, "--out", rctx.path(_ARCHIVE)]
    commit = json.decode(run_kernel_tool(rctx, "revision.py", arguments, _FETCH_SECONDS))["commit"]
    write_kernel_repository(rctx, _ARCHIVE, {
        "commit": commit,
        "kind": "git",
        "ref": ref,
        "remote": remote,
    })
    if ref == commit:
        return None

    # Bazel tells the author which commit the reference means now.
    return {
        "name": rctx.name,
        "base": rctx.attr.base,
        "fragments": rctx.attr.fragments,
        "label": rctx.attr.label,
        "patches": rctx.attr.patches,
        "ref": commit,
        "remote": remote,
        "versions": rctx.attr.versions,
    }

kernel_git = repository_rule(
    implementation = _kernel_git_impl,
    doc = "A kernel_image (`:kernel`) over a git revision (`:source`, packed from its checkout).",
    attrs = KERNEL_REPOSITORY_ATTRS | {
        "ref": attr.string(mandatory = True, doc = "A branch, a tag, or a whole commit id."),
        "remote": attr.string(mandatory = True, doc = "The repository's address, as git takes it."),
    },
)
