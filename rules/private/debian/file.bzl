# SPDX-License-Identifier: Apache-2.0
"""Repository rule `debian_file`: one file out of one locked package."""

load(":download.bzl", "DOWNLOAD_ATTRS", "read_lock", "unpack_packages")

visibility(["//rules", "//rules/private/kernel/origin"])

_BUILD = """\
# SPDX-License-Identifier: Apache-2.0
package(default_visibility = ["//visibility:public"])

exports_files(["{name}"])

alias(
    name = "file",
    actual = "{name}",
)
"""

def _debian_file_impl(rctx):
    lock = read_lock(rctx, rctx.attr.set)
    if len(lock.packages) != 1:
        fail("{}: set {} has {} packages; debian.file takes one file of one package".format(
            rctx.attr.lock,
            rctx.attr.set,
            len(lock.packages),
        ))
    name = rctx.attr.member.rpartition("/")[2]
    unpack_packages(rctx, lock, ["--member", rctx.attr.member, "--out", name])
    rctx.file("BUILD.bazel", _BUILD.format(name = name), executable = False)

debian_file = repository_rule(
    implementation = _debian_file_impl,
    doc = "Extracts one file of the only package of a set of the lock; `:file` names it.",
    attrs = DOWNLOAD_ATTRS | {
        "member": attr.string(mandatory = True, doc = "Path of the file inside the package."),
        "set": attr.string(mandatory = True, doc = "The set of the lock."),
    },
)
