# SPDX-License-Identifier: Apache-2.0
"""No saved guest is made anew for a change of how plans are executed, and runs judged or reported."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

_RoomsInfo = provider(
    doc = "The packages of this repository that a target depends on.",
    fields = {"packages": "depset of strings"},
)

# What comes after a saved guest.
_AFTER = [
    "ktstr/execute",
    "ktstr/judge",
    "ktstr/machine/prepared",
    "ktstr/record",
    "ktstr/report",
    "ktstr/result",
    "ktstr/result/make",
    "ktstr/runner",
]

# What a saved guest is made of: an empty list is no proof.
_BEFORE = ["ktstr/guest", "ktstr/machine", "ktstr/model", "ktstr/vm"]

def _targets(value):
    if type(value) == "Target":
        return [value]
    if type(value) == "list":
        return [each for each in value if type(each) == "Target"]
    if type(value) == "dict":
        return [each for pair in value.items() for each in pair if type(each) == "Target"]
    return []

def _rooms_impl(target, ctx):
    names = ["_saved_guest"] if hasattr(ctx.rule.attr, "_saved_guest") else dir(ctx.rule.attr)
    found = [each for name in names for each in _targets(getattr(ctx.rule.attr, name))]
    own = [each.label for each in found if not each.label.workspace_name]
    packages = [label.package for label in [target.label] + own if not label.workspace_name]
    deps = [each[_RoomsInfo].packages for each in found if _RoomsInfo in each]
    return [_RoomsInfo(packages = depset(packages, transitive = deps))]

# By every attribute, the implicit ones and those of tools, too; of a test by its saved guest alone.
_rooms = aspect(implementation = _rooms_impl, attr_aspects = ["*"])

def _impl(ctx):
    env = analysistest.begin(ctx)
    packages = analysistest.target_under_test(env)[_RoomsInfo].packages.to_list()
    asserts.equals(env, _BEFORE, [each for each in _BEFORE if each in packages])
    asserts.equals(env, [], [each for each in _AFTER if each in packages])
    return analysistest.end(env)

template_rooms_test = analysistest.make(
    _impl,
    doc = "Checks that a test's saved guest depends on nothing that comes after it.",
    extra_target_under_test_aspects = [_rooms],
)
