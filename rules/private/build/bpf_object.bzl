# SPDX-License-Identifier: Apache-2.0
"""The rule `bpf_object`: BPF programs that need no kernel's types to be compiled."""

load(":arch.bzl", "ARCH_ATTRS", "bpf_compiler")
load(":guest_mode.bzl", "guest_mode")
load(":include_path.bzl", "SOURCE_ROOT", "by_include_path")
load(":root_action.bzl", "ROOT_ATTRS", "run_in_root")
load(":werror.bzl", "WERROR_ATTRS", "werror")

visibility(["//rules", "//rules/private/scheduler"])

# Before the option for BPF's macros, which says the architecture.
_FLAGS = [
    "-target",
    "bpf",
    "-mcpu=v3",
    "-O2",
    # BTF comes from debug information.
    "-g",
    "-Wall",
    # vmlinux.h declares structures that only kfunc prototypes use.
    "-Wno-missing-declarations",
]

# Of programs that run on this machine's architecture alone: the kernel's own tools.
NATIVE_BPF_FLAGS = _FLAGS + ["-D__TARGET_ARCH_x86"]

def bpf_flags(ctx):
    """The options for BPF programs of guests.

    Args:
      ctx: of a rule with ARCH_ATTRS.

    Returns:
      list of string
    """
    return _FLAGS + [bpf_compiler(ctx).target]

# What sources of the kernel's tree take besides, as in its Makefiles; of newer kernels, types embed
# structures by their names alone. And one for clang up to 21, which makes stores of zeros into a memset, and
# of a memset in a BPF arena stores whose pointer it forgets to cast (docs/limits.md).
KERNELS_OWN_FLAGS = [
    "-Wno-compare-distinct-pointer-types",
    "-fms-extensions",
    "-Wno-microsoft-anon-tag",
    "-fno-builtin-memset",
]

# A shell, for two commands make one action: the object without its DWARF, which nothing reads.
_COMPILE = 'clang "$@" -o /out/object && llvm-strip -g /out/object'

def _bpf_object_impl(ctx):
    object = ctx.actions.declare_file(ctx.label.name + ".o")
    sources = by_include_path([ctx.file.src])
    compiler = bpf_compiler(ctx)
    run_in_root(
        ctx,
        command = ["sh", "-c", _COMPILE, "sh"] + bpf_flags(ctx) + werror(ctx) +
                  ["-I.", compiler.types, "-c", sources.keys()[0]],
        inputs = sources | by_include_path(ctx.files.hdrs) | compiler.inputs,
        outputs = {"object": object},
        chdir = SOURCE_ROOT,
        mnemonic = "BpfCompile",
        progress_message = "Compiling BPF program %{label}",
    )
    return [DefaultInfo(files = depset([object]))]

bpf_object = rule(
    implementation = _bpf_object_impl,
    cfg = guest_mode,
    doc = "BPF programs for every kernel: what they read of it they declare for CO-RE themselves.",
    attrs = {
        "hdrs": attr.label_list(
            allow_files = [".h"],
            doc = "Headers; `#include` takes their paths in their repositories.",
        ),
        "src": attr.label(
            allow_single_file = [".c"],
            mandatory = True,
            doc = "The C source.",
        ),
    } | ARCH_ATTRS | ROOT_ATTRS | WERROR_ATTRS,
)
