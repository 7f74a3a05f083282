# SPDX-License-Identifier: Apache-2.0
"""Whether compilers' warnings end a build: not by default, for a newer compiler has new ones."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")

visibility(["//rules/private/scheduler"])

# Merge into the `attrs` of a rule that compiles.
WERROR_ATTRS = {
    "_werror": attr.label(
        default = "//rules:werror",
        providers = [BuildSettingInfo],
    ),
}

def werror(ctx):
    """The compiler's options, of gcc and clang alike.

    Args:
      ctx: of a rule with WERROR_ATTRS.

    Returns:
      list of string
    """
    return ["-Werror"] if ctx.attr._werror[BuildSettingInfo].value else []
