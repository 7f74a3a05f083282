# SPDX-License-Identifier: Apache-2.0
"""Analysis tests: what initramfs rules refuse, and the text that says so."""

load("//rules:initramfs.bzl", "initramfs", "initramfs_layer")
load("//tests/rules:failure_test.bzl", "failure_test")

def _refused(name, message, **kwargs):
    initramfs_layer(name = name + "_subject", tags = ["manual"], **kwargs)
    failure_test(name = name, messages = [message], target_under_test = name + "_subject")
    return name

def layer_errors_test_suite(name):
    """Every way to get a layer wrong.

    Args:
      name: of the suite.
    """
    tests = [
        _refused(
            name = name + "_absolute",
            files = {"BUILD.bazel": "/etc/passwd"},
            message = "files: guest path \"/etc/passwd\" is absolute",
        ),
        _refused(
            name = name + "_dots",
            symlinks = {"a/../b": "c"},
            message = "symlinks: guest path \"a/../b\" has an empty, \".\" or \"..\" component",
        ),
        _refused(
            name = name + "_twice",
            files = {"BUILD.bazel": "bin/sh"},
            message = "guest path \"bin/sh\" is given twice, in files and in symlinks",
            symlinks = {"bin/sh": "busybox"},
        ),
        _refused(
            name = name + "_mode",
            directories = {"tmp": "rwxr"},
            message = "mode \"rwxr\" of \"tmp\" is no file mode",
        ),
        _refused(
            name = name + "_mode_of_nothing",
            files = {"BUILD.bazel": "a"},
            message = "modes: \"b\" is no path of files; those are [\"a\"]",
            modes = {"b": "0644"},
        ),
        _refused(
            name = name + "_empty",
            message = "the layer is empty",
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
    initramfs(
        name = name + "_double_subject",
        layers = [name + "_one", name + "_nested"],
        tags = ["manual"],
    )
    failure_test(
        name = name + "_double",
        messages = ["comes twice, from"],
        target_under_test = name + "_double_subject",
    )
    native.test_suite(name = name, tests = tests + [name + "_double"])
