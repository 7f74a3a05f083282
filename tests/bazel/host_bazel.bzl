# SPDX-License-Identifier: Apache-2.0
"""Module extension `host_bazel`: the Bazel that tools/bazel runs, for tests that run Bazel themselves."""

load("//third_party:host_interpreter.bzl", "find_host_python")

# tools/bazel sets it in .bazelrc.local.
_VARIABLE = "KTSTR_BAZEL"

_BUILD = """\
exports_files([
    "bazel",
    "machine.bazelrc",
])

constraint_setting(name = "origin")

constraint_value(
    name = "started_through_tools_bazel",
    constraint_setting = ":origin",
    visibility = ["//visibility:public"],
)
"""

_BAZEL = """\
#!/bin/sh
export BAZELISK_SKIP_WRAPPER=1 PATH="{python}:$PATH"
exec "{bazel}" "$@"
"""

def _machine_rc(rctx):
    """What tools/bazel has written for this machine: the caches that all clones share, and what it lacks."""
    path = rctx.path(rctx.attr._root).dirname.get_child(".bazelrc.local")
    rctx.watch(path)
    return rctx.read(path) if path.exists else ""

def _host_bazel_impl(rctx):
    command = rctx.getenv(_VARIABLE)
    rctx.file("BUILD.bazel", _BUILD)

    # An incompatible test is skipped, and Bazel's reason names the constraint.
    rctx.file("compatible.bzl", "COMPATIBLE = {}\n".format(
        "[]" if command else "[\"@host_bazel//:started_through_tools_bazel\"]",
    ))

    # Its repository rules look for the machine's python3 on PATH, which tests do not have.
    rctx.file("bazel", _BAZEL.format(bazel = command, python = rctx.path(find_host_python(rctx).path).dirname))
    rctx.file("machine.bazelrc", _machine_rc(rctx), executable = False)

_host_bazel = repository_rule(
    implementation = _host_bazel_impl,
    attrs = {"_root": attr.label(default = "//:MODULE.bazel")},
    environ = ["PATH", _VARIABLE],
)

def _extension_impl(_mctx):
    _host_bazel(name = "host_bazel")

host_bazel = module_extension(implementation = _extension_impl)
