# SPDX-License-Identifier: Apache-2.0
"""Compiles schedulers in BPF C: those of ours, and those written as the kernel's own are."""

load("//rules/private/build:bpf_object.bzl", "BPF_FLAGS")
load("//rules/private/build:include_path.bzl", "SOURCE_ROOT", "by_include_path")
load("//rules/private/build:root_action.bzl", "run_in_root")
load("//rules/private/build:werror.bzl", "werror")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")

visibility("private")

# Merge into a rule's `attrs`, beside ROOT_ATTRS: what compile_scheduler needs.
SCHEDULER_OBJECT_ATTRS = {
    "_compile": attr.label(default = "//tools/bpf:scheduler.sh", allow_single_file = True),
}

def compile_scheduler(ctx, *, source, headers, include_paths, vmlinux_h, tested, output):
    """Registers the action that compiles a scheduler, one of ours or one of the kernel's ecosystem.

    Only an action can see which of the two a source is, so it has what either needs; the bytes of
    ours do not depend on the tested kernel.

    Args:
      ctx: context of a rule that has ROOT_ATTRS, WERROR_ATTRS and SCHEDULER_OBJECT_ATTRS.
      source: File, the C source.
      headers: list of File; `#include` takes their paths in their repositories.
      include_paths: list of string, further directories of headers in their repositories.
      vmlinux_h: File, the types of a source of ours.
      tested: Target with KernelImageInfo, the kernel whose headers and types the others get.
      output: File to write.
    """
    sources = by_include_path([source])
    kernel = tested[KernelImageInfo]
    script = "/tools/" + ctx.file._compile.basename
    inputs = sources | by_include_path(headers) | {
        script: ctx.file._compile,
        "/kernel/vmlinux.h": vmlinux_h,
        "/tested/vmlinux.h": kernel.vmlinux_h,
    }
    if kernel.scx_headers:
        inputs["/scx_headers.tar"] = kernel.scx_headers
    run_in_root(
        ctx,
        command = ["sh", script, str(ctx.label), str(tested.label), "/scx_headers.tar"] +
                  [sources.keys()[0], "/out/object"] +
                  BPF_FLAGS + werror(ctx) + ["-I" + path for path in ["."] + include_paths],
        inputs = inputs,
        outputs = {"object": output},
        scratch = ["/scx"],
        env = {"SCRATCH": "/scx", "TESTED_TYPES": "/tested", "TYPES": "/kernel"},
        chdir = SOURCE_ROOT,
        mnemonic = "BpfCompile",
        progress_message = "Compiling BPF program %{label}",
    )
