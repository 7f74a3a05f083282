# SPDX-License-Identifier: Apache-2.0
"""Whether a test is told what code it reaches, and where the kernel's lines come from."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")

visibility("private")

COVERAGE_ATTRS = {
    "coverage": attr.bool(
        doc = "Whether it is told what code of the scheduler, and of the kernel's, the tests reach: " +
              "coverage.info, in virtual time. `--@ktstr//rules:coverage` asks for all.",
    ),
    "_coverage": attr.label(
        default = "//rules:coverage",
        providers = [BuildSettingInfo],
    ),
}

def wants_coverage(ctx):
    """Whether the target, the command line or `bazel coverage` asks what code is reached.

    Args:
      ctx: of a rule with COVERAGE_ATTRS.

    Returns:
      bool.
    """
    return (
        ctx.attr.coverage or ctx.attr._coverage[BuildSettingInfo].value or
        ctx.configuration.coverage_enabled
    )

def dwarf_files(ctx, looked_at):
    """The debug information of the kernel.

    Args:
      ctx: of a rule with COVERAGE_ATTRS and a kernel.
      looked_at: bool, whether somebody looks at its guests, for whom the lines are in any case.

    Returns:
      list of File: of none where nobody asks, or the kernel has none.
    """
    groups = ctx.attr.kernel[OutputGroupInfo]
    is_wanted = looked_at or wants_coverage(ctx)
    return groups.dwarf.to_list() if is_wanted and hasattr(groups, "dwarf") else []

def coverage_config(ctx, config, path, looked_at):
    """Adds what the runner is told.

    Args:
      ctx: of a rule with COVERAGE_ATTRS and a kernel.
      config: dict, of machine_config.
      path: function (ctx, File) -> the name by which the runner finds the file.
      looked_at: as of dwarf_files.

    Returns:
      dict, a part of ktstr.machine.target.Target as JSON has it.
    """
    kernel = config["kernel"] | {"dwarf": path(ctx, file) for file in dwarf_files(ctx, looked_at)}
    return config | {"coverage": wants_coverage(ctx), "kernel": kernel}
