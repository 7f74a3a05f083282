# SPDX-License-Identifier: Apache-2.0
"""Repository rule `kernel_debian`: a kernel over the archive in a Debian source package."""

load(":repository.bzl", "KERNEL_REPOSITORY_ATTRS", "write_kernel_repository")

visibility("private")

def _kernel_debian_impl(rctx):
    write_kernel_repository(rctx, rctx.attr.archive, {
        "kind": "debian",
        "member": rctx.attr.member,
        "set": rctx.attr.set,
    })

kernel_debian = repository_rule(
    implementation = _kernel_debian_impl,
    doc = "A kernel_image (`:kernel`) over a debian_file (`:source`).",
    attrs = KERNEL_REPOSITORY_ATTRS | {
        "archive": attr.string(mandatory = True, doc = "Label of the debian_file's file."),
        "member": attr.string(mandatory = True, doc = "Path of the archive inside the package."),
        "set": attr.string(mandatory = True, doc = "The set of the lock."),
    },
)
