# SPDX-License-Identifier: Apache-2.0
"""Compiles BPF programs, against a kernel's own types or none."""

load("//rules/private:guest_mode.bzl", "guest_mode")
load(":include_path.bzl", "SOURCE_ROOT", "by_include_path")
load(":root_action.bzl", "ROOT_ATTRS", "run_in_root")
load(":werror.bzl", "WERROR_ATTRS", "werror")

visibility(["//rules/..."])

_KERNEL_TYPES = "/kernel"

# Where <asm/types.h> of <linux/bpf.h> is: gcc knows it, and clang does not for this target.
_USER_TYPES = "/usr/include/x86_64-linux-gnu"

BPF_FLAGS = [
    "-target",
    "bpf",
    "-mcpu=v3",
    "-O2",
    # BTF comes from debug information.
    "-g",
    "-Wall",
    # vmlinux.h declares structures that only kfunc prototypes use.
    "-Wno-missing-declarations",
    "-D__TARGET_ARCH_x86",
]

# A shell, for two commands make one action: the object without its DWARF, which nothing reads.
_COMPILE = 'clang "$@" -o /out/object && llvm-strip -g /out/object'

def compile_bpf(ctx, *, source, headers, include_paths, vmlinux_h, output):
    """Registers the action that compiles one BPF object.

    Args:
      ctx: context of a rule that has ROOT_ATTRS and WERROR_ATTRS.
      source: File, the C source.
      headers: list of File; `#include` takes their paths in their repositories.
      include_paths: list of string, further directories of headers in their repositories.
      vmlinux_h: File, the kernel's types; None for a source that brings what it needs of them.
      output: File to write.
    """
    sources = by_include_path([source])
    types = {_KERNEL_TYPES + "/vmlinux.h": vmlinux_h} if vmlinux_h else {}
    include_paths = [".", _KERNEL_TYPES if vmlinux_h else _USER_TYPES] + include_paths
    run_in_root(
        ctx,
        command = ["sh", "-c", _COMPILE, "sh"] + BPF_FLAGS + werror(ctx) +
                  ["-I" + path for path in include_paths] +
                  ["-c", sources.keys()[0]],
        inputs = sources | by_include_path(headers) | types,
        outputs = {"object": output},
        chdir = SOURCE_ROOT,
        mnemonic = "BpfCompile",
        progress_message = "Compiling BPF program %{label}",
    )

def _bpf_object_impl(ctx):
    object = ctx.actions.declare_file(ctx.label.name + ".o")
    compile_bpf(
        ctx,
        source = ctx.file.src,
        headers = ctx.files.hdrs,
        include_paths = [],
        vmlinux_h = None,
        output = object,
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
    } | ROOT_ATTRS | WERROR_ATTRS,
)
