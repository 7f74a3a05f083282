# SPDX-License-Identifier: Apache-2.0
"""The rules that make the layers every guest starts from: its Python, and ktstr's agent."""

load("@rules_python//python:defs.bzl", "PyInfo")
load("//rules/private/build:arch.bzl", "ARCH_ATTRS", "NATIVE", "arch_of")
load("//rules/private/build:guest_mode.bzl", "guest_mode")
load("//rules/private/providers:initramfs_info.bzl", "InitramfsInfo")

visibility(["//rules"])

_ROOT = {
    "_root": attr.label(
        default = "@debian_root//:root",
        allow_single_file = True,
        doc = "The Debian root whose Python compiles; the guest's own is from the packages of its architecture.",
    ),
}

def _python_layer_impl(ctx):
    layer = ctx.actions.declare_file(ctx.label.name + ".cpio")
    arguments = ["--root", ctx.file._root.path, "--output", layer.path]
    inputs = [ctx.file._root]
    if arch_of(ctx) != NATIVE:
        arguments += ["--guest-root", ctx.file._sysroot.path, "--arch", arch_of(ctx)]
        inputs.append(ctx.file._sysroot)
    ctx.actions.run(
        executable = ctx.executable._tool,
        arguments = arguments,
        inputs = inputs,
        outputs = [layer],
        mnemonic = "GuestPython",
        progress_message = "Assembling the guest's Python %{label}",
    )
    return [DefaultInfo(files = depset([layer])), InitramfsInfo(layers = [layer])]

guest_python_layer = rule(
    implementation = _python_layer_impl,
    cfg = guest_mode,
    doc = "Python with its standard library as bytecode, the libraries it loads, and busybox.",
    attrs = _ROOT | ARCH_ATTRS | {
        "_tool": attr.label(
            default = "//tools/initramfs:python_layer",
            cfg = "exec",
            executable = True,
        ),
    },
    provides = [InitramfsInfo],
)

def _import_path(file):
    """ktstr/guest/agent.py, whether this is the main repository or somebody's dependency."""
    path = file.short_path
    return path.split("/", 2)[2] if path.startswith("../") else path

def _module_argument(file):
    return "--module=%s=%s" % (_import_path(file), file.path)

def _agent_layer_impl(ctx):
    sources = ctx.attr.library[PyInfo].transitive_sources
    foreign = [each for each in sources.to_list() if not _import_path(each).startswith("ktstr/")]
    if foreign:
        fail("%s: library: %s must need ktstr alone, for the guest has nothing else; found %s" % (
            ctx.label,
            ctx.attr.library.label,
            foreign,
        ))
    layer = ctx.actions.declare_file(ctx.label.name + ".cpio")
    arguments = ctx.actions.args()
    arguments.use_param_file("@%s")
    arguments.set_param_file_format("multiline")
    arguments.add_all(["--root", ctx.file._root.path])
    arguments.add("--init", ctx.file.init)
    arguments.add("--worker", ctx.file.worker)
    arguments.add("--output", layer)
    arguments.add_all(sources, map_each = _module_argument)
    ctx.actions.run(
        executable = ctx.executable._tool,
        arguments = [arguments],
        inputs = depset([ctx.file._root, ctx.file.init, ctx.file.worker], transitive = [sources]),
        outputs = [layer],
        mnemonic = "GuestAgent",
        progress_message = "Assembling the guest's agent %{label}",
    )
    return [DefaultInfo(files = depset([layer])), InitramfsInfo(layers = [layer])]

guest_agent_layer = rule(
    implementation = _agent_layer_impl,
    cfg = guest_mode,
    doc = "The agent and all it imports from ktstr as bytecode, the worker program, and /init.",
    attrs = _ROOT | {
        "init": attr.label(
            mandatory = True,
            allow_single_file = True,
            doc = "The static program that becomes /init.",
        ),
        "library": attr.label(
            mandatory = True,
            providers = [PyInfo],
            doc = "The py_library of the agent.",
        ),
        "worker": attr.label(
            mandatory = True,
            allow_single_file = True,
            doc = "The static workload program.",
        ),
        "_tool": attr.label(
            default = "//tools/initramfs:agent_layer",
            cfg = "exec",
            executable = True,
        ),
    },
    provides = [InitramfsInfo],
)
