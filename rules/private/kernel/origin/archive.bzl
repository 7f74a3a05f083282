# SPDX-License-Identifier: Apache-2.0
"""Repository rule `kernel_archive`: a kernel's sources from any archive."""

load("//rules/private/kernel:archives.bzl", "ARCHIVES", "archive_suffix")
load(
    ":repository.bzl",
    "KERNEL_REPOSITORY_ATTRS",
    "download_archive",
    "run_kernel_tool",
    "write_kernel_repository",
)

visibility("private")

_PACK_SECONDS = 600

def _kernel_archive_impl(rctx):
    suffix = archive_suffix(rctx.attr.urls[0])
    if not suffix:
        fail("{}: urls: {} is no archive that can be read; its name must end in one of {}".format(
            rctx.attr.label,
            rctx.attr.urls[0],
            ", ".join(ARCHIVES),
        ))
    archive = "source" + suffix
    digest = download_archive(rctx, rctx.attr.urls, archive, rctx.attr.sha256)
    source = {"kind": "archive", "sha256": digest, "urls": rctx.attr.urls}
    if rctx.attr.strip_prefix:
        rctx.extract(archive = archive, output = "tree", stripPrefix = rctx.attr.strip_prefix)
        rctx.delete(archive)
        archive = "linux.tar"
        run_kernel_tool(rctx, "archive.py", ["--tree", rctx.path("tree"), "--out", rctx.path(archive)], _PACK_SECONDS)
        rctx.delete("tree")
    write_kernel_repository(rctx, archive, source)

kernel_archive = repository_rule(
    implementation = _kernel_archive_impl,
    doc = "A kernel_image (`:kernel`) over an archive (`:source`).",
    attrs = KERNEL_REPOSITORY_ATTRS | {
        "sha256": attr.string(mandatory = True, doc = "The archive's digest."),
        "strip_prefix": attr.string(doc = "The folder of the kernel in the archive; left out: its only top folder."),
        "urls": attr.string_list(mandatory = True, doc = "Addresses of the same file."),
    },
)
