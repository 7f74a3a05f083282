# SPDX-License-Identifier: Apache-2.0
"""Module extension `host_cc`: a C++ toolchain for machines where Bazel finds none, so that programs in Python build.

Bazel 7 wants one for each of them, and runs nothing of it (no_cc). Where it finds a compiler by itself, this one
stays away: a toolchain that a module registers goes before those that Bazel detects.
"""

# Bazel's own: no compiler is looked for.
_SWITCH = "BAZEL_DO_NOT_DETECT_CPP_TOOLCHAIN"

_BUILD = """\
# SPDX-License-Identifier: Apache-2.0
toolchain(
    name = "toolchain",
    toolchain = "{none}",
    toolchain_type = "@bazel_tools//tools/cpp:toolchain_type",
)
"""

def _is_detected(rctx):
    """Whether Bazel's own rules find a compiler: $CC, else gcc (tools/cpp/unix_cc_configure.bzl, 7.7.1)."""
    if rctx.getenv(_SWITCH) == "1":
        return False
    compiler = (rctx.getenv("CC") or "").strip() or "gcc"
    return rctx.path(compiler).exists if compiler.startswith("/") else bool(rctx.which(compiler))

def _host_cc_repository_impl(rctx):
    rctx.file("BUILD.bazel", "" if _is_detected(rctx) else _BUILD.format(none = rctx.attr.none))

_host_cc_repository = repository_rule(
    implementation = _host_cc_repository_impl,
    configure = True,
    environ = ["CC", "PATH", _SWITCH],
    local = True,
    attrs = {"none": attr.label(mandatory = True)},
)

def _host_cc_impl(mctx):
    _host_cc_repository(name = "host_cc", none = "//third_party/no_cc:none")
    return mctx.extension_metadata(reproducible = True)

host_cc = module_extension(implementation = _host_cc_impl)
