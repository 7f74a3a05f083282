# SPDX-License-Identifier: Apache-2.0
"""Mistakes in declarations of kernels are told in analysis."""

load("//rules:defs.bzl", "kernel_image", "prebuilt_kernel")
load("//tests/rules:failure_test.bzl", "failure_test")

def kernel_image_error_tests(name):
    """Targets that must fail in analysis, and tests that they do, with the right words.

    Args:
      name: name of the test suite.
    """
    kernel_image(
        name = "no_fragments",
        source = "@linux_source_6_12//:file",
        tags = ["manual"],
    )
    failure_test(
        name = "no_fragments_test",
        messages = ["fragments is empty"],
        target_under_test = ":no_fragments",
    )
    kernel_image(
        name = "no_archive",
        fragments = ["tiny.config"],
        source = "tiny.config",
        tags = ["manual"],
    )
    failure_test(
        name = "no_archive_test",
        messages = ["is no archive"],
        target_under_test = ":no_archive",
    )
    prebuilt_kernel(
        name = "nothing_prebuilt",
        config = "tiny.config",
        tags = ["manual"],
    )
    failure_test(
        name = "nothing_prebuilt_test",
        messages = ["give bzimage, vmlinux or both"],
        target_under_test = ":nothing_prebuilt",
    )
    native.test_suite(
        name = name,
        tests = [":no_archive_test", ":no_fragments_test", ":nothing_prebuilt_test"],
    )
