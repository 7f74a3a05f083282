# SPDX-License-Identifier: Apache-2.0
"""The rule `kernel_scx_tool`: an example scheduler of a kernel's own tools/sched_ext."""

load("//rules/private/build:bpf_object.bzl", "BPF_FLAGS", "KERNELS_OWN_FLAGS")
load("//rules/private/build:guest_mode.bzl", "guest_mode")
load("//rules/private/build:root_action.bzl", "ROOT_ATTRS", "run_in_root")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")

visibility(["//rules"])

# The steps of the kernel's tools/sched_ext/Makefile, with the libbpf and bpftool of the Debian root.
_BUILD = """
tool=$1
shift
tar -xf /sched_ext.tar -C /build --strip-components=2 tools/sched_ext
cd /build
clang "$@" -Iinclude -Iinclude/bpf-compat -I/kernel -idirafter /usr/include -c $tool.bpf.c -o $tool.bpf.o
bpftool gen object $tool.linked.o $tool.bpf.o
bpftool gen skeleton $tool.linked.o name $tool > $tool.bpf.skel.h
gcc -static -pthread -O2 -Wall -Iinclude -I. -o /out/tool $tool.c /elf_search_tree.c -lbpf -lelf -lz -lzstd
"""

def _kernel_scx_tool_impl(ctx):
    # In a folder of its own: the file's name is the program's name in the guest.
    program = ctx.actions.declare_file("%s/%s" % (ctx.label.name, ctx.attr.tool))
    run_in_root(
        ctx,
        command = ["sh", "-ec", _BUILD, "sh", ctx.attr.tool] + BPF_FLAGS +
                  KERNELS_OWN_FLAGS,
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
