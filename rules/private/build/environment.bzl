# SPDX-License-Identifier: Apache-2.0
"""The environment of a `ktstr_test`'s modules."""

visibility(["//rules/private/test"])

ENVIRONMENT_ATTRS = {
    "env": attr.string_dict(
        doc = "Environment variables of the test modules, on the host and in the guest. " +
              "$(location) and Make variables are expanded.",
    ),
    "env_inherit": attr.string_list(
        doc = "Names of variables that are taken from the environment of Bazel's client.",
    ),
}

def environment_problem(attr):
    """Says what is wrong with the names of the environment.

    Args:
      attr: of a rule with ENVIRONMENT_ATTRS.

    Returns:
      A sentence, or None.
    """
    for attribute, names in [("env", attr.env.keys()), ("env_inherit", attr.env_inherit)]:
        for name in names:
            if not name or "=" in name or "\n" in name or " " in name:
                return "%s: %r is no name of an environment variable" % (attribute, name)
    both = [name for name in attr.env if name in attr.env_inherit]
    if both:
        return "env and env_inherit both have %r; give it once" % both[0]
    return None

def environment(ctx):
    """The environment, with locations and Make variables expanded as by other test rules.

    Args:
      ctx: of a rule with ENVIRONMENT_ATTRS.

    Returns:
      RunEnvironmentInfo
    """
    targets = {each.label: each for each in ctx.attr.data + ctx.attr.deps + ctx.attr.srcs}
    variables = {}
    for name, value in ctx.attr.env.items():
        value = ctx.expand_location(value, targets = targets.values())
        variables[name] = ctx.expand_make_variables("env", value, {})
    return RunEnvironmentInfo(
        environment = variables,
        inherited_environment = ctx.attr.env_inherit,
    )
