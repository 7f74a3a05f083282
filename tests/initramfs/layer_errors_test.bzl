# SPDX-License-Identifier: Apache-2.0
"""Analysis tests: what initramfs rules refuse, and the text that says so."""

load("//rules:initramfs.bzl", "initramfs", "initramfs_layer")
load("//tests/support:refused.bzl", "refused")

def layer_errors_test_suite(name):
    """Every way to get a layer wrong.

    Args:
      name: of the suite.
    """
    tests = [
        refused(
            name = name + "_absolute",
            files = {"BUILD.bazel": "/etc/passwd"},
            messages = ["files: guest path \"/etc/passwd\" is absolute"],
            rule = initramfs_layer,
        ),
        refused(
            name = name + "_dots",
            symlinks = {"a/../b": "c"},
            messages = ["symlinks: guest path \"a/../b\" has an empty, \".\" or \"..\" component"],
            rule = initramfs_layer,
        ),
        refused(
            name = name + "_twice",
            files = {"BUILD.bazel": "bin/sh"},
            messages = ["guest path \"bin/sh\" is given twice, in files and in symlinks"],
            rule = initramfs_layer,
            symlinks = {"bin/sh": "busybox"},
        ),
        refused(
            name = name + "_mode",
            directories = {"tmp": "rwxr"},
            messages = ["mode \"rwxr\" of \"tmp\" is no file mode"],
            rule = initramfs_layer,
        ),
        refused(
            name = name + "_mode_of_nothing",
            files = {"BUILD.bazel": "a"},
            messages = ["modes: \"b\" is no path of files; those are [\"a\"]"],
            rule = initramfs_layer,
            modes = {"b": "0644"},
        ),
        refused(
            name = name + "_empty",
            messages = ["the layer is empty"],
            rule = initramfs_layer,
        ),
    ]

    initramfs_layer(
        name = name + "_one",
        directories = {"tmp": "1777"},
        tags = ["manual"],
    )
    initramfs(
        name = name + "_nested",
        layers = [name + "_one"],
        tags = ["manual"],
    )
    tests.append(refused(
        name = name + "_double",
        layers = [name + "_one", name + "_nested"],
        messages = ["comes twice, from"],
        rule = initramfs,
    ))
    native.test_suite(name = name, tests = tests)
