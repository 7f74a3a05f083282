# SPDX-License-Identifier: Apache-2.0
"""`no_cc_config`: the configuration of a C++ toolchain without a compiler."""

load("@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl", "tool_path")

_TOOLS = ["ar", "cpp", "gcc", "gcov", "ld", "nm", "objdump", "strip"]

def _no_cc_config_impl(ctx):
    # rules_cc 0.0.11 has no file to load cc_common from.
    # buildifier: disable=native-cc-common
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        abi_libc_version = "none",
        abi_version = "none",
        compiler = "none",
        host_system_name = "local",
        target_cpu = "k8",
        target_libc = "none",
        target_system_name = "local",
        tool_paths = [tool_path(name = name, path = "no_compiler.sh") for name in _TOOLS],
        toolchain_identifier = "none",
    )

no_cc_config = rule(
    implementation = _no_cc_config_impl,
    provides = [CcToolchainConfigInfo],
)
