# SPDX-License-Identifier: Apache-2.0
"""The extension `crates`: which repositories the declarations of MODULE.bazel become."""

load(":sources.bzl", "crate_hub", "crate_sources")

visibility(["//rules"])

_HUB = "crates"
_DIGITS = "0123456789abcdef"

def _check(tag):
    if len(tag.sha256) != 64 or not all([c in _DIGITS for c in tag.sha256.elems()]):
        fail("crates.scheduler: {} {}: sha256 is {}; expected 64 hexadecimal digits: those of its .crate file".format(
            tag.crate,
            tag.version,
            repr(tag.sha256),
        ))

def _crates_impl(mctx):
    declared = {}
    for module in mctx.modules:
        for tag in module.tags.scheduler:
            _check(tag)
            name = "{}-{}".format(tag.crate, tag.version)
            what = (tag.sha256, str(tag.lock or ""))
            if declared.get(name, what) != what:
                fail("crates.scheduler: {} {} is declared twice, with different digests or locks; remove one".format(
                    tag.crate,
                    tag.version,
                ))
            if name not in declared:
                crate_sources(
                    name = "crate_" + name.replace("+", "_"),
                    crate = tag.crate,
                    lock = tag.lock,
                    sha256 = tag.sha256,
                    version = tag.version,
                )
            declared[name] = what
    crate_hub(name = _HUB, repositories = {name: "crate_" + name.replace("+", "_") for name in declared})
    return mctx.extension_metadata(reproducible = True)

CRATES_IMPL = _crates_impl

CRATES_TAGS = {
    "scheduler": tag_class(
        doc = "A release of a scheduler's crate, @crates//:CRATE-VERSION, fetched when it is used.",
        attrs = {
            "crate": attr.string(mandatory = True, doc = "The crate's name."),
            "lock": attr.label(doc = "A Cargo.lock in place of the one that is in the crate."),
            "sha256": attr.string(mandatory = True, doc = "The digest of its .crate file; it settles all others, by the lock."),
            "version": attr.string(mandatory = True, doc = "Its version."),
        },
    ),
}
