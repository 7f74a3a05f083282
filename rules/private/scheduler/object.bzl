# SPDX-License-Identifier: Apache-2.0
"""Compiles schedulers in BPF C: those of ours, and those written as the kernel's own are."""

load("//rules/private/build:arch.bzl", "ARCH_ATTRS")
load("//rules/private/build:bpf_object.bzl", "KERNELS_OWN_FLAGS", "bpf_flags")
load("//rules/private/build:include_path.bzl", "SOURCE_ROOT", "by_include_path")
load("//rules/private/build:root_action.bzl", "run_in_root")
load("//rules/private/build:werror.bzl", "werror")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")

visibility("private")

# Merge into a rule's `attrs`: what its sources are.
SOURCES_ATTRS = {
    "src": attr.label(
        allow_single_file = [".bpf.c"],
        doc = "A scheduler in BPF C, whose ops.exit calls scx_record_exit(), or UEI_RECORD() of " +
              "<scx/common.bpf.h>.",
    ),
    "srcs": attr.label_list(
        allow_files = [".bpf.c"],
        doc = "In place of `src`: several sources in BPF C, compiled alike and linked into one object.",
    ),
}

# Merge into a rule's `attrs`, beside ROOT_ATTRS: what compile_scheduler needs.
SCHEDULER_OBJECT_ATTRS = ARCH_ATTRS | {
    "_compile": attr.label(default = "//tools/bpf:scheduler.sh", allow_single_file = True),
}

def scheduler_sources(ctx):
    """The sources of a scheduler in BPF C.

    Args:
      ctx: context of a rule that has SOURCES_ATTRS.

    Returns:
      list of File, empty where there are none.
    """
    return ([ctx.file.src] if ctx.file.src else []) + ctx.files.srcs

def check_sources(ctx):
    """Fails unless there is one kind of scheduler, and one of `src` and `srcs`.

    Args:
      ctx: context of a rule that has SOURCES_ATTRS and `binary`.
    """
    attr = ctx.attr
    given = [name for name in ["src", "srcs", "binary"] if getattr(attr, name)]
    if len(given) != 1:
        fail("%s: give either src or srcs (a scheduler in BPF C, of one source or of several) or binary (one with its own user space); %s given" % (
            ctx.label,
            " and ".join(given) + " are" if given else "none is",
        ))

def compile_scheduler(ctx, *, sources, headers, include_paths, vmlinux_h, tested, output):
    """Registers the action that compiles a scheduler, one of ours or one of the kernel's ecosystem.

    Only an action can see which of the two a source is, so it has what either needs; the bytes of
    ours do not depend on the tested kernel.

    Args:
      ctx: context of a rule that has ROOT_ATTRS, WERROR_ATTRS and SCHEDULER_OBJECT_ATTRS.
      sources: list of File, the C sources; several are linked into one object.
      headers: list of File; `#include` takes their paths in their repositories.
      include_paths: list of string, further directories of headers in their repositories.
      vmlinux_h: File, the types of a source of ours.
      tested: Target with KernelImageInfo, the kernel whose headers and types the others get.
      output: File to write.
    """
    paths = by_include_path(sources)
    kernel = tested[KernelImageInfo]
    script = "/tools/" + ctx.file._compile.basename
    inputs = paths | by_include_path(headers) | {
        script: ctx.file._compile,
        "/kernel/vmlinux.h": vmlinux_h,
        "/tested/vmlinux.h": kernel.vmlinux_h,
    }
    if kernel.scx_headers:
        inputs["/scx_headers.tar"] = kernel.scx_headers
    run_in_root(
        ctx,
        command = ["sh", script, str(ctx.label), str(tested.label), "/scx_headers.tar"] +
                  ["/out/object"] + paths.keys() + ["--"] +
                  bpf_flags(ctx) + werror(ctx) + ["-I" + path for path in ["."] + include_paths],
        inputs = inputs,
        outputs = {"object": output},
        scratch = ["/scx"],
        env = {"KERNELS_OWN_FLAGS": " ".join(KERNELS_OWN_FLAGS), "SCRATCH": "/scx", "TESTED_TYPES": "/tested", "TYPES": "/kernel"},
        chdir = SOURCE_ROOT,
        mnemonic = "BpfCompile",
        progress_message = "Compiling BPF program %{label}",
    )
