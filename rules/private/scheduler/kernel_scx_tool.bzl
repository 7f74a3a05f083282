# SPDX-License-Identifier: Apache-2.0
"""The rule `kernel_scx_tool`: an example scheduler of a kernel's own tools/sched_ext."""

load("//rules/private/build:guest_mode.bzl", "native_guest_mode")
load("//rules/private/build:root_action.bzl", "run_in_root")
load(":kernel_scx_build.bzl", "KERNEL_SCX_ATTRS", "KERNEL_SCX_FLAGS", "kernel_scx_inputs")

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
        command = ["sh", "-ec", _BUILD, "sh", ctx.attr.tool] + KERNEL_SCX_FLAGS,
        inputs = kernel_scx_inputs(ctx),
        outputs = {"tool": program},
        scratch = ["/build"],
        mnemonic = "KernelScxTool",
        progress_message = "Compiling %{label}",
    )
    return [DefaultInfo(files = depset([program]), executable = program)]

kernel_scx_tool = rule(
    implementation = _kernel_scx_tool_impl,
    cfg = native_guest_mode,
    doc = "One program of a kernel's tools/sched_ext, statically linked.",
    attrs = KERNEL_SCX_ATTRS | {
        "tool": attr.string(mandatory = True, doc = "The program's name, e.g. \"scx_simple\"."),
    },
    executable = True,
)
