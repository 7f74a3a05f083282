# SPDX-License-Identifier: Apache-2.0
"""What a kernel build asks of remote workers."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//rules:defs.bzl", "kernel_image")

def _impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, ctx.attr.expected, ctx.attr.found)
    return unittest.end(env)

_properties_test = unittest.make(
    _impl,
    attrs = {
        "expected": attr.string_dict(),
        "found": attr.string_dict(),
    },
)

def kernel_properties_test(name, expected, **kwargs):
    """A test of the execution properties that a kernel_image gets.

    Args:
      name: its name.
      expected: dict of the properties.
      **kwargs: attributes of the kernel_image, which nothing builds.
    """
    kernel_image(
        name = name + "_image",
        fragments = ["tiny.config"],
        source = "@linux_source_6_12//:file",
        tags = ["manual"],
        **kwargs
    )
    _properties_test(
        name = name,
        expected = expected,
        found = native.existing_rule(name + "_image")["exec_properties"],
    )
