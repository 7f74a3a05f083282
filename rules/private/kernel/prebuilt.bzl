# SPDX-License-Identifier: Apache-2.0
"""The rule `prebuilt_kernel`: a kernel that somebody else has built."""

load("//rules/private/build:guest_mode.bzl", "native_guest_mode")
load("//rules/private/build:root_action.bzl", "ROOT_ATTRS", "run_in_root")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")
load(":index.bzl", "INDEX_ATTRS", "kernel_index")
load(":outputs.bzl", "kernel_outputs", "kernel_providers")
load(":scx_headers.bzl", "kernel_scx_headers")

visibility(["//rules"])

def _prebuilt_kernel_impl(ctx):
    if not ctx.file.bzimage and not ctx.file.vmlinux:
        fail("%s: give bzimage, vmlinux or both; a guest boots the vmlinux, which a bzImage holds" % ctx.label)
    files = kernel_outputs(ctx)
    needed = "/in/" + ctx.file.needed.basename
    inputs = {
        "/ktstr/tools/kernel/config.py": ctx.file._config,
        "/ktstr/tools/kernel/prebuilt.py": ctx.file._prebuilt,
        needed: ctx.file.needed,
    }
    command = ["python3", "-I", "/ktstr/tools/kernel/prebuilt.py", "--label", str(ctx.label)]
    command += ["--needed", needed, "--out", "/out"]
    for option in ["bzimage", "config", "system_map", "vmlinux"]:
        file = getattr(ctx.file, option)
        if file:
            inputs["/in/" + option] = file
            command += ["--" + option.replace("_", "-"), "/in/" + option]
    run_in_root(
        ctx,
        command = command,
        inputs = inputs,
        outputs = files,
        mnemonic = "PrebuiltKernel",
        progress_message = "Completing kernel %{label}",
    )
    return kernel_providers(
        files,
        kernel_index(ctx, files["vmlinux"]),
        bzimage = ctx.file.bzimage,
        patches = [],
        scx_headers = kernel_scx_headers(ctx, ctx.file.source) if ctx.file.source else None,
        source = ctx.file.source,
    )

prebuilt_kernel = rule(
    implementation = _prebuilt_kernel_impl,
    cfg = native_guest_mode,
    doc = """A kernel that somebody else has built, x86-64, for guests.

What is not given is taken out of what is: the vmlinux out of the bzImage, the configuration out of
the vmlinux. The configuration must have what a guest cannot do without (`needed`). What stays
missing, symbols or types, is named in build_info.json.""",
    attrs = ROOT_ATTRS | INDEX_ATTRS | {
        "bzimage": attr.label(allow_single_file = True, doc = "The bzImage, as in /boot/vmlinuz-*."),
        "config": attr.label(allow_single_file = True, doc = "The .config; left out: that inside the kernel."),
        "needed": attr.label(
            default = "//sched/kernels:needed.config",
            allow_single_file = [".config"],
            doc = "Lines that the configuration must have.",
        ),
        "source": attr.label(
            allow_single_file = True,
            doc = "The source archive of this kernel, with one top folder, for schedulers that include its " +
                  "<scx/common.bpf.h>; left out: there are none of those.",
        ),
        "system_map": attr.label(allow_single_file = True, doc = "System.map; left out: vmlinux's symbols."),
        "vmlinux": attr.label(allow_single_file = True, doc = "The ELF file, with or without DWARF."),
        "_config": attr.label(
            default = "//tools/kernel:config.py",
            allow_single_file = True,
        ),
        "_prebuilt": attr.label(
            default = "//tools/kernel:prebuilt.py",
            allow_single_file = True,
        ),
    },
    provides = [KernelImageInfo],
)
