# SPDX-License-Identifier: Apache-2.0
"""Rules that build the example schedulers of a kernel's own tools/sched_ext."""

load("//rules/private/build:bpf_object.bzl", "BPF_FLAGS")
load("//rules/private/build:guest_mode.bzl", "guest_mode")
load("//rules/private/build:root_action.bzl", "ROOT_ATTRS", "run_in_root")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")

visibility(["//rules"])

# Repacked without anything of the archive's but contents, so that two runs give the same bytes.
_EXTRACT = """
tar -xf "$1" -C /scratch --wildcards --strip-components=2 '*/tools/sched_ext'
tar -cf /out/tar -C /scratch --sort=name --owner=0 --group=0 --mtime=@0 sched_ext
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
        progress_message = "Extracting tools/sched_ext for %{label}",
    )
    return [DefaultInfo(files = depset([tar]))]

kernel_scx_source = rule(
    implementation = _kernel_scx_source_impl,
    cfg = guest_mode,
    doc = "The directory tools/sched_ext of a kernel's sources, as a tar file.",
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

# The steps of the kernel's tools/sched_ext/Makefile, with the libbpf and bpftool of the Debian root.
_BUILD = """
tool=$1
shift
tar -xf /sched_ext.tar -C /build --strip-components=1
cd /build
clang "$@" -Iinclude -I/kernel -idirafter /usr/include -c $tool.bpf.c -o $tool.bpf.o
bpftool gen object $tool.linked.o $tool.bpf.o
bpftool gen skeleton $tool.linked.o name $tool > $tool.bpf.skel.h
gcc -static -O2 -Wall -Iinclude -I. -o /out/tool $tool.c /elf_search_tree.c -lbpf -lelf -lz -lzstd
"""

def _kernel_scx_tool_impl(ctx):
    # In a folder of its own: the file's name is the program's name in the guest.
    program = ctx.actions.declare_file("%s/%s" % (ctx.label.name, ctx.attr.tool))
    run_in_root(
        ctx,
        command = ["sh", "-ec", _BUILD, "sh", ctx.attr.tool] + BPF_FLAGS +
                  ["-Wno-compare-distinct-pointer-types"],
        inputs = {
            "/elf_search_tree.c": ctx.file._elf_search_tree,
            "/kernel/vmlinux.h": ctx.attr.kernel[KernelImageInfo].vmlinux_h,
            "/sched_ext.tar": ctx.file.source,
        },
        outputs = {"tool": program},
        scratch = ["/build"],
        mnemonic = "KernelScxTool",
        progress_message = "Compiling %{label}",
    )
    return [DefaultInfo(files = depset([program]), executable = program)]

kernel_scx_tool = rule(
    implementation = _kernel_scx_tool_impl,
    cfg = guest_mode,
    doc = "One program of a kernel's tools/sched_ext, statically linked.",
    attrs = {
        "kernel": attr.label(
            mandatory = True,
            providers = [KernelImageInfo],
            doc = "The kernel whose types it is compiled against.",
        ),
        "source": attr.label(
            allow_single_file = [".tar"],
            mandatory = True,
            doc = "A kernel_scx_source.",
        ),
        "tool": attr.string(mandatory = True, doc = "The program's name, e.g. \"scx_simple\"."),
        "_elf_search_tree": attr.label(
            default = "//sched/loader:elf_search_tree.c",
            allow_single_file = True,
        ),
    } | ROOT_ATTRS,
    executable = True,
)
