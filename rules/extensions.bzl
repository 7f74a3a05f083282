# SPDX-License-Identifier: Apache-2.0
"""Module extensions for MODULE.bazel.

```python
debian = use_extension("@ktstr//rules:extensions.bzl", "debian")
debian.root(name = "debian_root")
debian.file(name = "linux_source_6_12", set = "linux_source_6_12", member = "usr/src/linux-source-6.12.tar.xz")
use_repo(debian, "debian_root", "linux_source_6_12")

kernels = use_extension("@ktstr//rules:extensions.bzl", "kernels", dev_dependency = True)
kernels.release(version = "6.14.2")
use_repo(kernels, "kernels")

crates = use_extension("@ktstr//rules:extensions.bzl", "crates")
crates.scheduler(crate = "scx_bpfland", sha256 = "...", version = "1.1.4")
use_repo(crates, "crates")
```
"""

load("//rules/private/crate:crates.bzl", "CRATES_IMPL", "CRATES_TAGS")
load("//rules/private/debian:file.bzl", "debian_file")
load("//rules/private/debian:root.bzl", "debian_root")
load("//rules/private/gauntlet:gauntlet_hint.bzl", "gauntlet_hint")
load("//rules/private/kernel/origin:kernels.bzl", "KERNELS_IMPL", "KERNELS_TAGS")
load("//rules/private/test:kvm_hint.bzl", "kvm_hint")

_LOCK = Label("//tools/debian:lock.json")
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_LAYOUT = Label("//tools/debian:layout.json")

def _debian_impl(mctx):
    for module in mctx.modules:
        for tag in module.tags.root:
            debian_root(name = tag.name, lock = tag.lock, keyring = tag.keyring, layout = tag.layout, set = tag.set)
        for tag in module.tags.file:
            debian_file(name = tag.name, lock = tag.lock, keyring = tag.keyring, set = tag.set, member = tag.member)
    return mctx.extension_metadata(reproducible = True)

_root = tag_class(
    doc = "A complete small Debian in the directory @NAME//:root.",
    attrs = {
        "name": attr.string(mandatory = True, doc = "The repository's name."),
        "keyring": attr.string(default = _KEYRING, doc = "The keys that may sign the suite."),
        "lock": attr.label(default = _LOCK, doc = "The lock file."),
        "layout": attr.label(default = _LAYOUT, doc = "What is kept, which links are added."),
        "set": attr.string(default = "root", doc = "The set of the lock."),
    },
)

_file = tag_class(
    doc = "One file out of one package, @NAME//:file.",
    attrs = {
        "name": attr.string(mandatory = True, doc = "The repository's name."),
        "keyring": attr.string(default = _KEYRING, doc = "The keys that may sign the suite."),
        "lock": attr.label(default = _LOCK, doc = "The lock file."),
        "set": attr.string(mandatory = True, doc = "The set of the lock; it has one package."),
        "member": attr.string(mandatory = True, doc = "Path of the file inside the package."),
    },
)

debian = module_extension(
    implementation = _debian_impl,
    doc = "Repositories made of locked Debian packages.",
    tag_classes = {"root": _root, "file": _file},
)

kernels = module_extension(
    implementation = KERNELS_IMPL,
    doc = "Kernels as a dimension of tests: @kernels//:NAME, and KERNELS of @kernels//:kernels.bzl.",
    tag_classes = KERNELS_TAGS,
)

crates = module_extension(
    implementation = CRATES_IMPL,
    doc = "Schedulers in Rust, from the crates' registry that the machine's cargo knows, for scx_crate.",
    tag_classes = CRATES_TAGS,
)

def _host_impl(mctx):
    gauntlet_hint(name = "ktstr_gauntlet_hint")
    kvm_hint(name = "ktstr_kvm_hint")
    return mctx.extension_metadata(reproducible = True)

host = module_extension(
    implementation = _host_impl,
    doc = "What ktstr's own rules ask this machine and the command line; other modules need not use it.",
)
