# SPDX-License-Identifier: Apache-2.0
"""What a scheduler wants of its guest and its tests: kernel arguments, sysctls, thresholds."""

load(":checks.bzl", "check_problem")

visibility("private")

_SYSCTL_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789./-"

# Merge into a rule's `attrs`: what check_guest_settings looks at.
GUEST_SETTING_ATTRS = {
    "checks": attr.string_dict(
        doc = "Thresholds for every test of this scheduler, by the names of `ktstr.Checks`: " +
              "numbers, \"true\" and \"false\"; a test's own go over them.",
    ),
    "kargs": attr.string_list(doc = "Arguments for the kernel's command line."),
    "sysctls": attr.string_dict(doc = "Sysctl name -> value, set before the scheduler starts."),
}

def consists_of(text, characters):
    """Whether a text has these characters alone.

    Args:
      text: string.
      characters: string.

    Returns:
      bool
    """
    return all([c in characters for c in text.elems()])

def check_guest_settings(ctx):
    """Fails on checks, kernel arguments and sysctls of a scheduler that cannot be.

    Args:
      ctx: of a rule with GUEST_SETTING_ATTRS.
    """
    attr = ctx.attr
    for check, value in attr.checks.items():
        problem = check_problem(check, value)
        if problem:
            fail("%s: checks: %s" % (ctx.label, problem))
    for karg in attr.kargs:
        if not karg or " " in karg or "\n" in karg:
            fail("%s: kargs: %r is not one kernel argument; give one per element, without blanks" % (ctx.label, karg))
    for sysctl in attr.sysctls:
        if "=" in sysctl or not consists_of(sysctl, _SYSCTL_CHARACTERS):
            fail("%s: sysctls: %r is no sysctl's name; expected e.g. \"kernel.sched_schedstats\"" % (ctx.label, sysctl))
