# SPDX-License-Identifier: Apache-2.0
"""Repository rule `debian_file`: one file out of one locked package."""

load(":debian_download.bzl", "read_locked_set", "unpack_packages")

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
    packages = read_locked_set(rctx, rctx.attr.set)
    if len(packages) != 1:
        fail("{}: set {} has {} packages; debian.file takes one file of one package".format(
            rctx.attr.lock,
            rctx.attr.set,
            len(packages),
        ))
    name = rctx.attr.member.rpartition("/")[2]
    unpack_packages(rctx, packages, ["--member", rctx.attr.member, "--out", name])
    rctx.file("BUILD.bazel", _BUILD.format(name = name), executable = False)

debian_file = repository_rule(
    implementation = _debian_file_impl,
    doc = "Extracts one file of the only package of a set of the lock; `:file` names it.",
    attrs = {
        "lock": attr.label(mandatory = True, allow_single_file = [".json"], doc = "What //tools/debian:lock wrote."),
        "member": attr.string(mandatory = True, doc = "Path of the file inside the package."),
        "set": attr.string(mandatory = True, doc = "The set of the lock."),
        "_unpack": attr.label(default = "//tools/debian:unpack.py"),
    },
)
