# SPDX-License-Identifier: Apache-2.0
"""The public .bzl files, as Bazel describes them, for the reference and its test."""

visibility(["//docs", "//tests/docs"])

# In the order of the page; those in private have the rules that public macros make.
_MODULES = {
    "defs": "//rules",
    "extensions": "//rules",
    "providers": "//rules",
    "matrix": "//rules",
    "bpf_object": "//rules",
    "static_binary": "//rules",
    "toolchains": "//rules",
    "disk_template": "//rules/private/disk",
    "image": "//rules/private/kernel",
    "payload": "//rules/private/payload",
    "test": "//rules/private/test",
}

DESCRIPTIONS = ["//docs:{}.doc.textproto".format(name) for name in _MODULES]

DESCRIPTION_ARGS = [
    "{0}=$(rlocationpath //docs:{0}.doc.textproto)".format(name)
    for name in _MODULES
]

def descriptions(**kwargs):
    """A target NAME.doc for each of the files, whose output NAME.doc.textproto describes it.

    Args:
      **kwargs: what the targets have besides.
    """
    for name, package in _MODULES.items():
        native.starlark_doc_extract(
            name = name + ".doc",
            src = "{}:{}.bzl".format(package, name),
            deps = [package + ":bzl"],
            **kwargs
        )
