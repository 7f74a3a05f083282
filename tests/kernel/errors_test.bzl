# SPDX-License-Identifier: Apache-2.0
"""Mistakes in declarations of kernels are told in analysis."""

load("//rules:defs.bzl", "kernel_image", "kernel_source", "prebuilt_kernel")
load("//rules:scheduler.bzl", "kernel_scx_source")
load("//tests/support:refused.bzl", "refused")

def kernel_image_error_tests(name):
    """Targets that must fail in analysis, and tests that they do, with the right words.

    Args:
      name: name of the test suite.
    """
    native.test_suite(
        name = name,
        tests = [
            refused(
                name = "no_fragments_test",
                messages = ["fragments is empty"],
                rule = kernel_image,
                source = "@linux_source_6_12//:file",
            ),
            refused(
                name = "no_archive_test",
                fragments = ["tiny.config"],
                messages = ["is no archive"],
                rule = kernel_image,
                source = "tiny.config",
            ),
            refused(
                name = "no_patch_test",
                archive = "@linux_source_6_12//:file",
                messages = ["is misplaced here (expected .patch or .diff)"],
                patches = ["tiny.config"],
                rule = kernel_source,
            ),
            refused(
                name = "no_patch_in_a_group_test",
                archive = "@linux_source_6_12//:file",
                messages = ["tiny.config is no patch; its name must end in .patch or .diff"],
                patches = [":patch_and_more"],
                rule = kernel_source,
            ),
            refused(
                name = "no_scx_source_test",
                messages = ["give archive or kernel, one of them"],
                rule = kernel_scx_source,
            ),
            refused(
                name = "prebuilt_scx_source_test",
                kernel = ":from_vmlinux",
                messages = ["is prebuilt, and has no source"],
                rule = kernel_scx_source,
            ),
            refused(
                name = "nothing_prebuilt_test",
                config = "tiny.config",
                messages = ["give bzimage, vmlinux or both"],
                rule = prebuilt_kernel,
            ),
        ],
    )
