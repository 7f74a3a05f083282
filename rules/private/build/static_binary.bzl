# SPDX-License-Identifier: Apache-2.0
"""The rule `static_binary`: a C program for the guest, linked statically in the Debian root."""

load(":arch.bzl", "ARCH_ATTRS", "c_compiler")
load(":guest_mode.bzl", "guest_mode")
load(":include_path.bzl", "SOURCE_ROOT", "by_include_path")
load(":root_action.bzl", "ROOT_ATTRS", "run_in_root")
load(":werror.bzl", "WERROR_ATTRS", "werror")

visibility(["//rules", "//rules/private/worker"])

_FLAGS = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-static", "-I."]

def _static_binary_impl(ctx):
    binary = ctx.actions.declare_file(ctx.label.name)
    sources = by_include_path(ctx.files.srcs)
    compiler = c_compiler(ctx)
    run_in_root(
        ctx,
        command = compiler.command + _FLAGS + werror(ctx) + ctx.attr.copts + ["-o", "/out/binary"] +
                  [path for path in sources if path.endswith(".c")] +
                  ["-l" + library for library in ctx.attr.libraries],
        inputs = sources | by_include_path(ctx.files.hdrs) | compiler.inputs,
        outputs = {"binary": binary},
        chdir = SOURCE_ROOT,
        mnemonic = "StaticBinary",
        progress_message = "Compiling %{label}",
    )
    return [DefaultInfo(files = depset([binary]), executable = binary)]

static_binary = rule(
    implementation = _static_binary_impl,
    cfg = guest_mode,
    doc = "A C program, statically linked; includes are relative to the repository's root.",
    attrs = {
        "copts": attr.string_list(doc = "Further options for the compiler."),
        "hdrs": attr.label_list(allow_files = [".h"], doc = "Headers."),
        "libraries": attr.string_list(
            doc = "Static libraries of the Debian root, e.g. \"bpf\", in the linker's order.",
        ),
        "srcs": attr.label_list(
            allow_files = [".c", ".h"],
            allow_empty = False,
            mandatory = True,
            doc = "C sources and private headers.",
        ),
    } | ARCH_ATTRS | ROOT_ATTRS | WERROR_ATTRS,
    executable = True,
)
