# SPDX-License-Identifier: Apache-2.0
"""The extension `kernels`: which repositories the declarations of MODULE.bazel become."""

load("//rules:kernel_defaults.bzl", "DEFAULT_FRAGMENTS", "DEFAULT_VERSIONS")
load("//rules/private/debian:file.bzl", "debian_file")
load("//rules/private/kernel:patches.bzl", "PATCHES")
load("//third_party:host_interpreter.bzl", "find_host_python")
load(":archive.bzl", "kernel_archive")
load(":debian.bzl", "kernel_debian")
load(":git.bzl", "kernel_git")
load(":hub.bzl", "kernel_hub")
load(":mirror.bzl", "kernel_mirror")
load(":release.bzl", "kernel_release")
load(":tree.bzl", "kernel_tree")

visibility(["//rules"])

HUB = "kernels"

_INDEX = "https://www.kernel.org/releases.json"
_LOCK = Label("//tools/debian:lock.json")
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_RESOLVE_SECONDS = 60

def _run(mctx, arguments):
    for name in ["releases.py", "version.py"]:
        mctx.watch(Label("//tools/kernel/source:" + name))
    path = mctx.path(Label("//tools/kernel/source:releases.py"))
    result = mctx.execute([find_host_python(mctx).path, "-I", "-B", path, "--specs", "specs.json"] + arguments, timeout = _RESOLVE_SECONDS)
    if result.return_code:
        fail("kernels: " + result.stderr.strip())
    return json.decode(result.stdout)

def _index(mctx, tags):
    """The path of the index of releases, downloaded unless a file is declared."""
    if len(tags) > 1:
        fail("kernels.index stands {} times; once is enough".format(len(tags)))
    if tags and tags[0].file:
        mctx.watch(tags[0].file)
        return mctx.path(tags[0].file)
    urls = tags[0].urls if tags and tags[0].urls else [_INDEX]
    if not mctx.download(url = urls, output = "releases.json", allow_fail = True).success:
        fail(("kernels: the index of releases cannot be had from {}, and a series or range of versions needs it; name whole " +
              "versions, or a copy of the index: kernels.index(file = ...)").format(", ".join(urls)))
    return mctx.path("releases.json")

def _specs(tags):
    """Specification -> the tag that declares it."""
    declared = [(tag.spec, tag) for tag in tags.kernel]
    declared += [(tag.version, tag) for tag in tags.release]
    declared += [("git+{}#{}".format(tag.remote, tag.ref), tag) for tag in tags.git]
    declared += [(tag.path if "/" in tag.path else "./" + tag.path, tag) for tag in tags.local]
    specs = {}
    for spec, tag in declared:
        if spec in specs:
            fail("kernels: {} is declared twice; remove one".format(spec))
        specs[spec] = tag
    return specs

def _patches(tag):
    for patch in tag.patches:
        if not patch.name.endswith(PATCHES):
            fail("kernels: patches: {} is no patch; its name must end in {}".format(patch, " or ".join(PATCHES)))
    return [str(patch) for patch in tag.patches]

def _common(tag, label):
    return {
        "name": label,
        "base": tag.base,
        "fragments": [str(fragment) for fragment in tag.fragments or DEFAULT_FRAGMENTS],
        "label": label,
        "patches": _patches(tag),
        "versions": str(tag.versions or DEFAULT_VERSIONS),
    }

def _declare(record, tag, label):
    """Makes the repository of one record of releases.py."""
    common = _common(tag, label)
    if record["kind"] == "release":
        kernel_release(
            mirrors = getattr(tag, "mirrors", []),
            path_of_archive = record["path_of_archive"],
            sha256 = getattr(tag, "sha256", ""),
            version = record["version"],
            **common
        )
    elif record["kind"] == "git":
        kernel_git(ref = record["ref"], remote = record["remote"], **common)
    elif getattr(tag, "incremental", False):
        if common.pop("patches"):
            fail("kernels: {} is incremental, and has patches; apply them to the tree, or leave incremental out".format(label))
        kernel_mirror(path = record["path"], **common)
    else:
        kernel_tree(path = record["path"], **common)

def _resolved(mctx, tags, known):
    """Declares releases, revisions and trees.

    Args:
      mctx: of the extension.
      tags: of the root module.
      known: dict name -> what declared it; added to.
    Returns:
      (dict specification -> names of its kernels, whether an index was asked that may change).
    """
    specs = _specs(tags)
    mctx.file("specs.json", json.encode(specs.keys()))
    needs_index = _run(mctx, ["--needs-index"])
    resolved = _run(mctx, ["--index", _index(mctx, tags.index)] if needs_index else [])
    for note in resolved["notes"]:
        # buildifier: disable=print
        print("kernels: " + note)
    groups = {}
    for record in resolved["kernels"]:
        spec = record["spec"]
        tag = specs[spec]
        if spec in groups and (tag.name or getattr(tag, "sha256", "")):
            fail("kernels: {} is several kernels; name and sha256 are for one".format(spec))
        label = tag.name or record["label"]
        groups.setdefault(spec, []).append(label)

        # A series and a range may mean the same release.
        what = (record.get("path_of_archive", spec), tag.base, tag.fragments, tag.patches, tag.versions)
        if known.get(label) != what:
            _add(known, label, what)
            _declare(record, tag, label)
    return groups, needs_index and not (tags.index and tags.index[0].file)

def _add(known, name, what):
    if name == HUB or name in known:
        fail("kernels: two kernels are named {}; give one another name".format(name))
    known[name] = what

def _archives(tags, known):
    """Declares archives and Debian packages; returns names -> their own name."""
    for tag in tags.archive:
        _add(known, tag.name, tag)
        kernel_archive(sha256 = tag.sha256, strip_prefix = tag.strip_prefix, urls = tag.urls, **_common(tag, tag.name))
    for tag in tags.debian:
        _add(known, tag.name, tag)
        source = tag.name + "_source"
        debian_file(name = source, keyring = tag.keyring, lock = tag.lock, member = tag.member, set = tag.set)
        kernel_debian(archive = "@{}//:file".format(source), member = tag.member, set = tag.set, **_common(tag, tag.name))
    return {tag.name: [tag.name] for tag in tags.archive + tags.debian}

def _kernels_impl(mctx):
    known, groups, moving = {}, {}, False
    for module in mctx.modules:
        if not module.is_root:
            fail(("kernels: the module {} declares kernels, and is not the root; which kernels there are is for the root " +
                  "module to say: use_extension(..., dev_dependency = True)").format(module.name))
        groups, moving = _resolved(mctx, module.tags, known)
        groups = groups | _archives(module.tags, known)
    kernel_hub(name = HUB, groups = groups, kernels = {name: name for name in known})
    return mctx.extension_metadata(reproducible = not moving)

_CONFIGURATION = {
    "base": attr.string(default = "tinyconfig", doc = "Of the kernel_image."),
    "fragments": attr.label_list(doc = "Configuration fragments; left out: those of //sched/kernels for all versions."),
    "patches": attr.label_list(doc = "Patches of its sources, applied in this order; those of kernel_source."),
    "versions": attr.label(doc = "Which options are in which versions; left out: //sched/kernels:options.versions."),
}
_NAME = {"name": attr.string(doc = "The kernel's name; left out: after what it is.")}

KERNELS_TAGS = {
    "archive": tag_class(
        doc = "An archive from anywhere.",
        attrs = _CONFIGURATION | {
            "name": attr.string(mandatory = True, doc = "The kernel's name."),
            "sha256": attr.string(mandatory = True, doc = "The archive's digest."),
            "strip_prefix": attr.string(doc = "The kernel's folder in it; left out: its only top folder."),
            "urls": attr.string_list(mandatory = True, doc = "Addresses of the same file, asked in this order."),
        },
    ),
    "debian": tag_class(
        doc = "A Debian source package, locked as debian.file's are.",
        attrs = _CONFIGURATION | {
            "name": attr.string(mandatory = True, doc = "The kernel's name."),
            "keyring": attr.string(default = _KEYRING, doc = "The keys that may sign the suite."),
            "lock": attr.label(default = _LOCK, doc = "The lock file."),
            "member": attr.string(mandatory = True, doc = "Path of the archive inside the package."),
            "set": attr.string(mandatory = True, doc = "The set of the lock; it has one package."),
        },
    ),
    "git": tag_class(
        doc = "A revision of a git repository, fetched without its history.",
        attrs = _CONFIGURATION | _NAME | {
            "ref": attr.string(mandatory = True, doc = "A branch, a tag, or a whole commit id."),
            "remote": attr.string(mandatory = True, doc = "The repository's address."),
        },
    ),
    "index": tag_class(
        doc = "Which releases there are, for series and ranges; left out: kernel.org's releases.json.",
        attrs = {
            "file": attr.label(doc = "A copy of releases.json."),
            "urls": attr.string_list(doc = "Where it is."),
        },
    ),
    "kernel": tag_class(
        doc = "What a specification says, e.g. \"6.12..6.14\" or \"git+URL#REF\".",
        attrs = _CONFIGURATION | _NAME | {"spec": attr.string(mandatory = True, doc = "The specification.")},
    ),
    "local": tag_class(
        doc = "A working tree on this machine.",
        attrs = _CONFIGURATION | _NAME | {
            "incremental": attr.bool(
                doc = "Built further after each edit, in a folder of this machine: not hermetic, and in no shared cache.",
            ),
            "path": attr.string(mandatory = True, doc = "The tree; a relative path begins at the workspace."),
        },
    ),
    "release": tag_class(
        doc = "A released kernel, a series (its newest release) or a range of them.",
        attrs = _CONFIGURATION | _NAME | {
            "mirrors": attr.string_list(doc = "Directories with v6.x/ and its like; left out: kernel.org."),
            "sha256": attr.string(doc = "The archive's digest; left out: the mirror's list is asked."),
            "version": attr.string(mandatory = True, doc = "6.14.2, 6.14, 6.15-rc3 or 6.12..6.14."),
        },
    ),
}

KERNELS_IMPL = _kernels_impl
