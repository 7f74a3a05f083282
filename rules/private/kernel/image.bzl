# SPDX-License-Identifier: Apache-2.0
"""Builds a Linux kernel from a source archive and configuration fragments."""

load("//rules/private/build:arch.bzl", "NATIVE")
load("//rules/private/build:guest_mode.bzl", "native_guest_mode")
load("//rules/private/build:properties.bzl", "properties_of")
load("//rules/private/build:root_action.bzl", "ROOT_ATTRS", "run_in_root")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")
load("//rules/private/providers:kernel_source_info.bzl", "KernelSourceInfo")
load(":archives.bzl", "ARCHIVES")
load(
    ":configuration.bzl",
    "CONFIGURATION_ATTRS",
    "CROSS_ATTRS",
    "cross_inputs",
    "kernel_configuration",
)
load(":index.bzl", "INDEX_ATTRS", "kernel_index")
load(":outputs.bzl", "built_groups", "kernel_outputs", "kernel_providers")
load(":scx_headers.bzl", "kernel_scx_headers")

visibility(["//rules"])

_BASES = ["tinyconfig", "allnoconfig", "defconfig"]

# What a machine of the architecture boots.
_IMAGES = {"arm64": "Image", NATIVE: "bzImage"}

# make runs at most this many jobs (tools/kernel/build.py); a smaller machine gives it all it has.
_MAX_JOBS = 16
_MEMORY_MIB = 2048

def _resources(_os, _inputs):
    return {"cpu": _MAX_JOBS, "memory": _MEMORY_MIB}

def _check(ctx):
    if not ctx.files.fragments:
        fail(("%s: fragments is empty; a %s alone boots nowhere. Name at least one .config " +
              "fragment, e.g. @ktstr//sched/kernels:guest.config") % (ctx.label, ctx.attr.base))
    if not ctx.file.source.basename.endswith(ARCHIVES):
        fail("%s: source: %s is no archive; one of %s is expected" % (
            ctx.label,
            ctx.file.source.basename,
            ", ".join(ARCHIVES),
        ))

def _build(ctx, fragments, outputs):
    """Registers the build of the kernel.

    Args:
      ctx: the rule's context.
      fragments: list of Files, one for each of the attribute, as they hold for this kernel.
      outputs: name below /out -> File.
    """
    source = "/in/" + ctx.file.source.basename
    inputs = {
        source: ctx.file.source,
        "/ktstr/tools/kernel/build.py": ctx.file._build,
        "/ktstr/tools/kernel/config.py": ctx.file._config,
        "/ktstr/tools/kernel/events.py": ctx.file._events,
    }
    command = ["python3", "-I", "/ktstr/tools/kernel/build.py"]
    if ctx.attr.arch != NATIVE:
        inputs |= cross_inputs(ctx) | {
            "/ktstr/tools/kernel/" + tool.basename: tool
            for tool in ctx.files._configuration_tools
        }
        command = ["python3", "-I", "/ktstr/tools/kernel/cross.py", "build", "--arch", ctx.attr.arch]
    command += ["--source", source, "--base", ctx.attr.base]
    command += ["--work", "/build", "--out", "/out"]
    for i, fragment in enumerate(ctx.files.fragments):
        inside = "/in/%d.config" % i
        inputs[inside] = fragments[i]
        command += ["--fragment", "%s=%s" % (fragment.short_path, inside)]
    run_in_root(
        ctx,
        command = command,
        inputs = inputs,
        outputs = outputs,
        scratch = ["/build"],
        needs_mib = _MEMORY_MIB,
        mnemonic = "KernelImage",
        progress_message = "Building kernel %{label}",
        resource_set = _resources,
    )

def _kernel_image_impl(ctx):
    _check(ctx)
    arch = ctx.attr.arch
    files = kernel_outputs(ctx, image = _IMAGES[arch])

    # Of the same build, and of no other output group: where nobody asks for it, it stays in the cache.
    dwarf = ctx.actions.declare_file(ctx.label.name + "/vmlinux.dwarf")
    versions = ctx.file.versions
    configuration = kernel_configuration(ctx, ctx.file.source, ctx.files.fragments, versions, arch)

    # Where versions or another architecture count, the build has what is left of the fragments. Where they
    # do not, it has them as they are, and goes on beside a configuration that does no more than say at once
    # what is wrong.
    _build(
        ctx,
        configuration.fragments if versions or arch != NATIVE else ctx.files.fragments,
        files | {"vmlinux.dwarf": dwarf},
    )
    return kernel_providers(
        files,
        # guests of another architecture are not looked into
        kernel_index(ctx, files["vmlinux"]) if arch == NATIVE else None,
        groups = built_groups(configuration, dwarf),
        arch = arch,
        patches = ctx.attr.source[KernelSourceInfo].patches if KernelSourceInfo in ctx.attr.source else [],
        scx_headers = kernel_scx_headers(ctx, ctx.file.source),
        source = ctx.file.source,
    )

_kernel_image = rule(
    implementation = _kernel_image_impl,
    cfg = native_guest_mode,
    doc = "A Linux kernel for guests, built from source.",
    attrs = ROOT_ATTRS | INDEX_ATTRS | CONFIGURATION_ATTRS | CROSS_ATTRS | {
        "arch": attr.string(
            default = NATIVE,
            doc = "The architecture of the guests that boot it: `x86_64` or `arm64`. Lines of fragments that " +
                  "set an option which other architectures alone have are left out.",
            values = sorted(_IMAGES),
        ),
        "base": attr.string(
            default = "tinyconfig",
            doc = "The make target whose configuration the fragments are applied to.",
            values = _BASES,
        ),
        "fragments": attr.label_list(
            allow_files = [".config"],
            doc = "Configuration fragments: CONFIG_NAME=value or `# CONFIG_NAME is not set`.",
        ),
        "source": attr.label(
            allow_single_file = True,
            doc = "The source archive, with one top folder.",
            mandatory = True,
        ),
        "versions": attr.label(
            allow_single_file = [".versions"],
            doc = "Which options are in which versions of Linux, one a line: `CONFIG_NAME from 6.13 until 7.3`. " +
                  "Lines of fragments that set another option than this kernel's version has are left out.",
        ),
        "_build": attr.label(
            default = "//tools/kernel:build.py",
            allow_single_file = True,
        ),
        "_config": attr.label(
            default = "//tools/kernel:config.py",
            allow_single_file = True,
        ),
        "_events": attr.label(
            default = "//tools/kernel:events.py",
            allow_single_file = True,
        ),
    },
    provides = [KernelImageInfo],
)

# Under a public name, for the reference: the attributes that the macro passes on.
KERNEL_IMAGE_RULE = _kernel_image

def kernel_image(name, **kwargs):
    """A Linux kernel for guests, built from source.

    Every line of every fragment is checked against the final .config. A line may end in
    `# nocheck: reason`. Fragments that contradict each other fail with both sides shown, unless
    `# ktstr: replaces CONFIG_NAME` stands above one of the lines. Two builds of the same inputs give
    the same bytes. The output group `dwarf` holds the debug information of the same build, compressed
    with zstd. Of a remote worker it asks for `ktstr-memory`, unless `exec_properties` says else.

    Args:
      name: name of the target.
      **kwargs: arch, base, fragments and source: docs/reference/rules.md has all of them, as above; and
        what every rule takes.
    """
    own = kwargs.pop("exec_properties", None) or {}
    if type(own) == "dict":
        own = properties_of(_MEMORY_MIB) | own
    _kernel_image(name = name, exec_properties = own, **kwargs)
