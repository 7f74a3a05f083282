# SPDX-License-Identifier: Apache-2.0
"""Kernels with the default configuration, of which nothing but that is made."""

load("//rules:defs.bzl", "kernel_image")
load("//rules:kernel_defaults.bzl", "DEFAULT_FRAGMENTS", "DEFAULT_VERSIONS")

def default_configurations(name, versions):
    """Targets `NAME_VERSION`, each the .config of a kernel.

    Args:
      name: prefix of their names.
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
            name = "{}_{}".format(name, version),
            srcs = [":defaults_" + version],
            output_group = "configuration",
        )
