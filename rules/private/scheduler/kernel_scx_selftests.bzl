# SPDX-License-Identifier: Apache-2.0
"""The rule `kernel_scx_selftests`: a kernel's own tests of sched_ext, as tests of a ktstr_test."""

load("//rules/private/build:guest_mode.bzl", "native_guest_mode")
load("//rules/private/build:root_action.bzl", "run_in_root")
load(":kernel_scx_build.bzl", "KERNEL_SCX_ATTRS", "KERNEL_SCX_FLAGS", "kernel_scx_inputs")

visibility(["//rules"])

def _kernel_scx_selftests_impl(ctx):
    runner = ctx.actions.declare_file(ctx.label.name + "/scx_runner")
    tests = ctx.actions.declare_file(ctx.label.name + "/selftests.py")
    run_in_root(
        ctx,
        command = ["sh", "/build.sh", str(ctx.label)] + KERNEL_SCX_FLAGS,
        inputs = {"/build.sh": ctx.file._build} | kernel_scx_inputs(ctx) | {
            "/selftest.py": ctx.file._selftest,
            "/selftest_named.c": ctx.file._named,
        },
        outputs = {"runner": runner, "tests": tests},
        scratch = ["/build"],
        mnemonic = "KernelScxSelftests",
        progress_message = "Compiling %{label}",
    )
    return [
        DefaultInfo(files = depset([runner]), executable = runner),
        OutputGroupInfo(tests = depset([tests])),
    ]

kernel_scx_selftests = rule(
    implementation = _kernel_scx_selftests_impl,
    cfg = native_guest_mode,
    doc = """The runner of a kernel's tools/testing/selftests/sched_ext, statically linked.

Its output group `tests` is a file for `ktstr_test(srcs = ...)` with one test for each of the runner's,
which run it as the payload "scx_selftests".""",
    attrs = KERNEL_SCX_ATTRS | {
        "_build": attr.label(default = "//tools/bpf:selftests.sh", allow_single_file = True),
        "_named": attr.label(default = "//tools/bpf:selftest_named.c", allow_single_file = True),
        "_selftest": attr.label(default = "//tools/bpf:selftest.py", allow_single_file = True),
    },
    executable = True,
)
