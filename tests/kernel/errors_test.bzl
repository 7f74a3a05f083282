# SPDX-License-Identifier: Apache-2.0
"""kernel_image's mistakes are told in analysis."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:defs.bzl", "kernel_image")

def _fails_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, ctx.attr.message)
    return analysistest.end(env)

_fails_test = analysistest.make(
    _fails_impl,
    expect_failure = True,
    attrs = {"message": attr.string(mandatory = True)},
)

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
    _fails_test(
        name = "no_fragments_test",
        message = "fragments is empty",
        target_under_test = ":no_fragments",
    )
    kernel_image(
        name = "no_archive",
        fragments = ["tiny.config"],
        source = "tiny.config",
        tags = ["manual"],
    )
    _fails_test(
        name = "no_archive_test",
        message = "is no archive",
        target_under_test = ":no_archive",
    )
    native.test_suite(
        name = name,
        tests = [":no_archive_test", ":no_fragments_test"],
    )
