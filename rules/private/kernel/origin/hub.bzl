# SPDX-License-Identifier: Apache-2.0
"""Repository rule `kernel_hub`: one place with all kernels that MODULE.bazel declares."""

visibility("private")

_ALIASES = """
alias(
    name = "{name}",
    actual = "@{repository}//:kernel",
)

alias(
    name = "{name}.source",
    actual = "@{repository}//:source",
)
"""

_KERNELS = """\
# SPDX-License-Identifier: Apache-2.0
\"\"\"The kernels that MODULE.bazel declares, by what it calls them.\"\"\"

KERNELS = {{
    what: [str(Label("//:" + name)) for name in names]
    for what, names in {groups}.items()
}}
"""

def _kernel_hub_impl(rctx):
    text = '# SPDX-License-Identifier: Apache-2.0\npackage(default_visibility = ["//visibility:public"])\n'
    for name, repository in rctx.attr.kernels.items():
        text += _ALIASES.format(name = name, repository = repository)
    rctx.file("BUILD.bazel", text, executable = False)
    rctx.file("kernels.bzl", _KERNELS.format(groups = repr(rctx.attr.groups)), executable = False)

kernel_hub = repository_rule(
    implementation = _kernel_hub_impl,
    doc = "For each kernel, `:NAME` and its sources, `:NAME.source`; and KERNELS in kernels.bzl.",
    attrs = {
        "groups": attr.string_list_dict(doc = "What is declared (`6.12..6.14`) -> names of kernels."),
        "kernels": attr.string_dict(doc = "Name -> the repository that has it."),
    },
)
