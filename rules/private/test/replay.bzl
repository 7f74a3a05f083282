# SPDX-License-Identifier: Apache-2.0
"""Which failed tests of a target are played again."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")

visibility("private")

REPLAY_ATTRS = {
    "replay": attr.string(
        default = "events",
        doc = "Which failed tests are played again at once, to show what led there (in real time, " +
              "run a second time, with a recorder in the guest): " +
              "`events`: those that failed by an event (an ejection, a panic, a hang, a broken " +
              "invariant, a starved worker, ...); `all`: of other thresholds, too; `off`. " +
              "`--@ktstr//rules:replay` overrides it.",
        values = ["events", "all", "off"],
    ),
    "_replay": attr.label(
        default = "//rules:replay",
        providers = [BuildSettingInfo],
    ),
}

def replayed(ctx):
    """The command line's word, else the target's.

    Args:
      ctx: of a rule with REPLAY_ATTRS.
    """
    return ctx.attr._replay[BuildSettingInfo].value or ctx.attr.replay
