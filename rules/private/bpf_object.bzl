# SPDX-License-Identifier: Apache-2.0
"""Compiles a BPF program against a kernel's own types."""

load(":include_path.bzl", "SOURCE_ROOT", "by_include_path")
load(":root_action.bzl", "run_in_root")

visibility(["//rules/..."])

_KERNEL_TYPES = "/kernel"

BPF_FLAGS = [
    "-target",
    "bpf",
    "-mcpu=v3",
    "-O2",
    # BTF comes from debug information.
    "-g",
    "-Wall",
    "-Werror",
    # vmlinux.h declares structures that only kfunc prototypes use.
    "-Wno-missing-declarations",
    "-D__TARGET_ARCH_x86",
]

# A shell, for two commands make one action: the object without its DWARF, which nothing reads.
_COMPILE = 'clang "$@" -o /out/object && llvm-strip -g /out/object'

def compile_bpf(ctx, *, source, headers, include_paths, vmlinux_h, output):
    """Registers the action that compiles one BPF object.

    Args:
      ctx: context of a rule that has ROOT_ATTRS.
      source: File, the C source.
      headers: list of File; `#include` takes their paths in their repositories.
      include_paths: list of string, further directories of headers in their repositories.
      vmlinux_h: File, the kernel's types.
      output: File to write.
    """
    sources = by_include_path([source])
    run_in_root(
        ctx,
        command = ["sh", "-c", _COMPILE, "sh"] + BPF_FLAGS +
                  ["-I" + path for path in [".", _KERNEL_TYPES] + include_paths] +
                  ["-c", sources.keys()[0]],
        inputs = sources | by_include_path(headers) | {_KERNEL_TYPES + "/vmlinux.h": vmlinux_h},
        outputs = {"object": output},
        chdir = SOURCE_ROOT,
        mnemonic = "BpfCompile",
        progress_message = "Compiling BPF program %{label}",
    )
