# SPDX-License-Identifier: Apache-2.0
"""The rule `incremental_kernel`: a kernel whose builds go on where the one before ended."""

load("//rules/private/build:guest_mode.bzl", "native_guest_mode")
load("//rules/private/build:root_action.bzl", "ROOT_ATTRS", "run_in_root")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")
load(":configuration.bzl", "CONFIGURATION_ATTRS", "kernel_configuration")
load(":index.bzl", "INDEX_ATTRS", "kernel_index")
load(":outputs.bzl", "built_groups", "kernel_outputs", "kernel_providers")
load(":scx_headers.bzl", "kernel_scx_headers")

visibility(["//rules"])

# It reads and writes a folder that no other machine has, and what is in it is not told by its inputs.
_HERE_ALONE = {
    "local": "",
    "no-cache": "",
    "no-remote": "",
    "no-sandbox": "",
}

def _resources(_os, _inputs):
    return {"cpu": 16, "memory": 2048}

def _build(ctx, configuration, outputs):
    inputs = {
        "/in/config": configuration.config,
        "/in/state": ctx.file.state,
        "/in/" + ctx.file.source.basename: ctx.file.source,
    } | {"/ktstr/tools/kernel/" + tool.basename: tool for tool in ctx.files._tools}
    command = ["python3", "-I", "/ktstr/tools/kernel/incremental.py", "--state", "/in/state"]
    command += ["--prepared", "/in/" + ctx.file.source.basename, "--config", "/in/config"]
    for i, fragment in enumerate(ctx.files.fragments):
        inputs["/in/%d.config" % i] = configuration.fragments[i]
        command += ["--fragment", "%s=/in/%d.config" % (fragment.short_path, i)]
    command += ["--folder", "/build", "--out", "/out"]
    run_in_root(
        ctx,
        command = command,
        inputs = inputs,
        outputs = outputs,
        writable = {"/build": ctx.attr.folder},
        needs_mib = 2048,
        mnemonic = "IncrementalKernel",
        progress_message = "Building kernel %{label} further",
        resource_set = _resources,
        execution_requirements = _HERE_ALONE,
    )

def _incremental_kernel_impl(ctx):
    files = kernel_outputs(ctx)
    dwarf = ctx.actions.declare_file(ctx.label.name + "/vmlinux.dwarf")
    configuration = kernel_configuration(ctx, ctx.file.source, ctx.files.fragments, ctx.file.versions)
    _build(ctx, configuration, files | {"vmlinux.dwarf": dwarf})
    return kernel_providers(
        files,
        kernel_index(ctx, files["vmlinux"]),
        groups = built_groups(configuration, dwarf),
        bzimage = None,
        patches = [],
        scx_headers = kernel_scx_headers(ctx, ctx.file.source),
        source = ctx.file.source,
    )

incremental_kernel = rule(
    implementation = _incremental_kernel_impl,
    cfg = native_guest_mode,
    doc = """A kernel built in a folder of this machine, where the objects of the build before lie.

`kernels.local(incremental = True)` makes it; it is not hermetic, and in no shared cache.""",
    attrs = ROOT_ATTRS | INDEX_ATTRS | CONFIGURATION_ATTRS | {
        "base": attr.string(mandatory = True, doc = "As of kernel_image."),
        "folder": attr.string(mandatory = True, doc = "The folder, an absolute path."),
        "fragments": attr.label_list(allow_files = [".config"], doc = "As of kernel_image."),
        "source": attr.label(
            allow_single_file = True,
            doc = "The part of the sources that is asked of a kernel without building it.",
            mandatory = True,
        ),
        "state": attr.label(
            allow_single_file = True,
            doc = "A digest of all sources: the kernel is built when it is another one.",
            mandatory = True,
        ),
        "versions": attr.label(allow_single_file = [".versions"], doc = "As of kernel_image."),
        "_tools": attr.label_list(
            allow_files = True,
            default = [
                "//tools/kernel:build.py",
                "//tools/kernel:config.py",
                "//tools/kernel:events.py",
                "//tools/kernel:incremental.py",
            ],
        ),
    },
    provides = [KernelImageInfo],
)
