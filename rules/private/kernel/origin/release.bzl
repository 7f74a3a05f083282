# SPDX-License-Identifier: Apache-2.0
"""Repository rule `kernel_release`: a released kernel's sources, from kernel.org or a mirror."""

load("//rules/private/debian:mirrors.bzl", "apparent_name")
load(
    ":repository.bzl",
    "KERNEL_REPOSITORY_ATTRS",
    "download_archive",
    "write_kernel_repository",
)

visibility("private")

MIRROR_VARIABLE = "KTSTR_KERNEL_MIRROR"

_UPSTREAM = "https://cdn.kernel.org/pub/linux/kernel"

# Release candidates are archives that upstream's git makes.
_UPSTREAM_CANDIDATES = "https://git.kernel.org/torvalds/t"

def _urls(rctx):
    path = rctx.attr.path_of_archive
    folder, _, name = path.rpartition("/")
    named = [m for m in rctx.getenv(MIRROR_VARIABLE, "").split(" ") if m] or rctx.attr.mirrors
    if named:
        return [m.rstrip("/") + "/" + path for m in named]
    if folder.endswith("/testing"):
        return ["{}/{}".format(_UPSTREAM_CANDIDATES, name)]
    return ["{}/{}".format(_UPSTREAM, path)]

def _listed_digest(rctx, urls):
    """The digest that a mirror's sha256sums.asc states, or "": its signature is not checked."""
    for url in urls:
        folder, _, name = url.rpartition("/")
        sums = "sha256sums.asc"
        if not rctx.download(url = "{}/{}".format(folder, sums), output = sums, allow_fail = True).success:
            continue
        lines = rctx.read(sums).split("\n")
        rctx.delete(sums)
        for line in lines:
            digest, _, listed = line.partition("  ")
            if listed == name and len(digest) == 64:
                return digest
    return ""

def _kernel_release_impl(rctx):
    urls = _urls(rctx)
    archive = rctx.attr.path_of_archive.rpartition("/")[2]
    wanted, proof = rctx.attr.sha256, "the declaration"
    if not wanted:
        wanted, proof = _listed_digest(rctx, urls), "the mirror's sha256sums.asc, unsigned"
    if not wanted:
        proof = "nothing: the mirror lists no digest"

        # buildifier: disable=print
        print("{}: nothing says what {} should be; put its digest into the declaration".format(apparent_name(rctx), archive))
    digest = download_archive(rctx, urls, archive, wanted)
    write_kernel_repository(rctx, archive, {
        "checked_against": proof,
        "kind": "release",
        "sha256": digest,
        "urls": urls,
        "version": rctx.attr.version,
    })
    if rctx.attr.sha256:
        return None

    # Bazel tells the author what would make this reproducible.
    attributes = {name: getattr(rctx.attr, name) for name in _ATTRS}
    return attributes | {"name": rctx.name, "sha256": digest}

_ATTRS = {
    "mirrors": attr.string_list(doc = "Directories with v6.x/ and its like in them."),
    "path_of_archive": attr.string(mandatory = True, doc = "Below a mirror's directory."),
    "sha256": attr.string(doc = "The archive's digest; left out: the mirror's list is asked."),
    "version": attr.string(mandatory = True, doc = "E.g. 6.14.2."),
} | {name: value for name, value in KERNEL_REPOSITORY_ATTRS.items() if not name.startswith("_")}

kernel_release = repository_rule(
    implementation = _kernel_release_impl,
    doc = "A kernel_image (`:kernel`) over a release's archive (`:source`).",
    attrs = _ATTRS | {name: value for name, value in KERNEL_REPOSITORY_ATTRS.items() if name.startswith("_")},
)
