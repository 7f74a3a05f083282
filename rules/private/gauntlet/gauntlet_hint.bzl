# SPDX-License-Identifier: Apache-2.0
"""Whether wildcards such as //... are to reach the variants of gauntlets: `--config=gauntlet`.

Targets come to be before a build's flags are known, and the tag `manual` is part of a target. What
a `--repo_env` says is known earlier.
"""

visibility(["//rules"])

def _gauntlet_hint_impl(rctx):
    reached = rctx.getenv("KTSTR_GAUNTLET", "") == "1"
    rctx.file("hint.bzl", "WILDCARDS_REACH_GAUNTLETS = %s\n" % reached)
    rctx.file("BUILD.bazel", "exports_files([\"hint.bzl\"])\n")

gauntlet_hint = repository_rule(
    implementation = _gauntlet_hint_impl,
    doc = "A file hint.bzl with WILDCARDS_REACH_GAUNTLETS.",
)
