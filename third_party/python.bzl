# SPDX-License-Identifier: Apache-2.0
"""Module extension `host_python`: the host's Python 3.11 or later as a Python toolchain.

One interpreter serves build tools, runner and the wheels of pip.bzl, so that compiled wheels fit it. It is a
known violation of hermeticity (docs/hermeticity.md): its path is part of the action keys, its content is not.
"""

load("//third_party:host_interpreter.bzl", "find_host_python")

_BUILD = """\
load("@rules_python//python:defs.bzl", "py_runtime_pair")
load("@rules_python//python:py_runtime.bzl", "py_runtime")

py_runtime(
    name = "runtime",
    interpreter_path = "{path}",
    python_version = "PY3",
    stub_shebang = "#!{path} -I",
)

py_runtime_pair(
    name = "runtime_pair",
    py2_runtime = None,
    py3_runtime = ":runtime",
)

toolchain(
    name = "toolchain",
    toolchain = ":runtime_pair",
    toolchain_type = "@rules_python//python:toolchain_type",
)
"""

def _host_python_repository_impl(rctx):
    rctx.file("BUILD.bazel", _BUILD.format(path = find_host_python(rctx).path))

_host_python_repository = repository_rule(
    implementation = _host_python_repository_impl,
    configure = True,
    environ = ["PATH"],
    local = True,
)

def _host_python_impl(mctx):
    _host_python_repository(name = "host_python")
    return mctx.extension_metadata(reproducible = True)

host_python = module_extension(implementation = _host_python_impl)
