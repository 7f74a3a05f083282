# SPDX-License-Identifier: Apache-2.0
"""Repository rule `debian_root`: a complete small Debian in one directory."""

load(":download.bzl", "DOWNLOAD_ATTRS", "read_lock", "unpack_packages")

visibility(["//rules"])

# The directory enters an action as one artifact. Bazel calls that unsound because it may change unseen; here only this
# rule writes it, from the lock.
_BUILD = """\
# SPDX-License-Identifier: Apache-2.0
package(default_visibility = ["//visibility:public"])

exports_files(["root"])
"""

def _debian_root_impl(rctx):
    rctx.watch(rctx.attr.layout)
    unpack_packages(
        rctx,
        read_lock(rctx, rctx.attr.set),
        ["--layout", rctx.path(rctx.attr.layout), "--out", "root"],
    )
    rctx.file("BUILD.bazel", _BUILD, executable = False)

debian_root = repository_rule(
    implementation = _debian_root_impl,
    doc = "Unpacks one set of the lock, without maintainer scripts, into the directory `root`.",
    attrs = DOWNLOAD_ATTRS | {
        "layout": attr.label(mandatory = True, allow_single_file = [".json"], doc = "What is kept, which links are added."),
        "set": attr.string(default = "root", doc = "The set of the lock."),
    },
)
