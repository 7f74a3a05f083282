# SPDX-License-Identifier: Apache-2.0
"""Kernels with the default configuration, of which nothing but that is made."""

load("//rules:defs.bzl", "kernel_image")
load("//rules/private/kernel/origin:defaults.bzl", "DEFAULT_FRAGMENTS", "DEFAULT_VERSIONS")

def default_configurations(versions):
    """Targets `config_VERSION`, each the .config of a kernel.

    Args:
      versions: of the locked sources, e.g. "6_12".
    """
    for version in versions:
        kernel_image(
            name = "defaults_" + version,
            fragments = DEFAULT_FRAGMENTS,
            source = "@linux_source_{}//:file".format(version),
            tags = ["manual"],
            versions = DEFAULT_VERSIONS,
        )
        native.filegroup(
            name = "config_" + version,
            srcs = [":defaults_" + version],
            output_group = "configuration",
        )
