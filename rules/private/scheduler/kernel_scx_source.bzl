# SPDX-License-Identifier: Apache-2.0
"""The rule `kernel_scx_source`: what a kernel's tree has of sched_ext for user space."""

load("//rules/private/build:guest_mode.bzl", "native_guest_mode")
load("//rules/private/build:root_action.bzl", "ROOT_ATTRS", "run_in_root")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")

visibility(["//rules"])

# Repacked without anything of the archive's but contents, so that two runs give the same bytes.
_EXTRACT = """
tar -xf "$1" -C /scratch --wildcards --no-wildcards-match-slash --strip-components=1 \\
  '*/tools/sched_ext' '*/tools/testing/selftests/sched_ext' '*/tools/testing/selftests/kselftest.h'
tar -cf /out/tar -C /scratch --sort=name --owner=0 --group=0 --mtime=@0 tools
"""

def _archive_of(ctx):
    """The archive that was named, or that of the kernel which was."""
    if bool(ctx.file.archive) == bool(ctx.attr.kernel):
        fail("%s: give archive or kernel, one of them" % ctx.label)
    if ctx.file.archive:
        return ctx.file.archive
    return ctx.attr.kernel[KernelImageInfo].source or fail(
        "%s: kernel: %s is prebuilt, and has no source; give it one, or name an archive" %
        (ctx.label, ctx.attr.kernel.label),
    )

def _kernel_scx_source_impl(ctx):
    archive = _archive_of(ctx)
    tar = ctx.actions.declare_file(ctx.label.name + ".tar")
    inside = "/linux.tar." + archive.extension
    run_in_root(
        ctx,
        command = ["sh", "-ec", _EXTRACT, "sh", inside],
        inputs = {inside: archive},
        outputs = {"tar": tar},
        scratch = ["/scratch"],
        mnemonic = "KernelScxSource",
        progress_message = "Extracting sched_ext's tools for %{label}",
    )
    return [DefaultInfo(files = depset([tar]))]

kernel_scx_source = rule(
    implementation = _kernel_scx_source_impl,
    cfg = native_guest_mode,
    doc = "The schedulers and tests of a kernel's sources, tools/sched_ext and its selftests, as a tar file.",
    attrs = {
        "archive": attr.label(
            allow_single_file = [".tar.xz"],
            doc = "A kernel's source archive, compressed with xz.",
        ),
        "kernel": attr.label(
            doc = "In place of an archive: the kernel whose sources they are.",
            providers = [KernelImageInfo],
        ),
    } | ROOT_ATTRS,
)

def _kernel_scx_file_impl(ctx):
    path = ctx.attr.path
    file = ctx.actions.declare_file(path)
    run_in_root(
        ctx,
        command = ["sh", "-ec", 'tar -xf /in.tar -O "tools/sched_ext/$1" > /out/file', "sh", path],
        inputs = {"/in.tar": ctx.file.source},
        outputs = {"file": file},
        mnemonic = "KernelScxFile",
        progress_message = "Extracting %{label} from the kernel's sources",
    )
    return [DefaultInfo(files = depset([file]))]

kernel_scx_file = rule(
    implementation = _kernel_scx_file_impl,
    cfg = native_guest_mode,
    doc = """One file of a kernel's tools/sched_ext, e.g. the source of a scheduler in BPF C.

It keeps its name in the package, where the tree's other files find it.""",
    attrs = {
        "path": attr.string(mandatory = True, doc = "The file's path in tools/sched_ext, e.g. \"scx_simple.bpf.c\"."),
        "source": attr.label(
            allow_single_file = [".tar"],
            mandatory = True,
            doc = "A kernel_scx_source.",
        ),
    } | ROOT_ATTRS,
)
