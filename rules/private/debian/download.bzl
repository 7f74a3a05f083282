# SPDX-License-Identifier: Apache-2.0
"""Downloads locked Debian packages inside repository rules; every error says what to do."""

load("//third_party:host_interpreter.bzl", "find_host_python")
load(":mirrors.bzl", "MIRROR_VARIABLE", "apparent_name", "find_mirrors", "pool_urls")
load(":successor.bzl", "STRICT_VARIABLE", "find_successor")

visibility("private")

# What a repository rule needs to call unpack_packages.
DOWNLOAD_ATTRS = {
    "keyring": attr.string(
        mandatory = True,
        doc = "The keys that may sign the suite; asked only when a locked package has left the mirrors.",
    ),
    "lock": attr.label(mandatory = True, allow_single_file = [".json"], doc = "What //tools/debian:lock wrote."),
    "_release": attr.label(default = "//tools/debian:release.py"),
    "_unpack": attr.label(default = "//tools/debian:unpack.py"),
}

_UNPACK_TIMEOUT_SECONDS = 1200

# Downloads under way at once: Bazel runs them in parallel until one is waited for.
_BATCH = 16

def read_lock(rctx, set_name):
    """Returns one set of the lock.

    Args:
      rctx: the repository context; its attribute `lock` is the lock file.
      set_name: which set.
    Returns:
      struct(suite, architecture, packages): packages is a list of dicts with name, version, path, sha256, size,
      installed_bytes.
    """
    rctx.watch(rctx.attr.lock)
    lock = json.decode(rctx.read(rctx.attr.lock))
    packages = lock["sets"].get(set_name)
    if not packages:
        fail("{}: no set {}; sets are: {}. Add it to packages.txt and run tools/bazel run //tools/debian:lock".format(
            rctx.attr.lock,
            repr(set_name),
            ", ".join(sorted(lock["sets"])),
        ))
    return struct(suite = lock["suite"], architecture = lock["architecture"], packages = packages)

def unpack_packages(rctx, lock, arguments):
    """Downloads packages and runs unpack.py on them; leaves only what that writes.

    Args:
      rctx: the repository context of a rule with DOWNLOAD_ATTRS.
      lock: as read_lock returns it.
      arguments: further arguments of unpack.py.
    """
    python = find_host_python(rctx).path
    packages = _download(rctx, lock)
    listing = [
        {"name": p["name"], "file": _file(p), "installed_bytes": p["installed_bytes"]}
        for p in packages
    ]
    rctx.file("packages.json", json.encode(listing))
    rctx.report_progress("unpacking {} packages".format(len(packages)))
    rctx.watch(rctx.attr._unpack)
    result = rctx.execute(
        [python, "-I", rctx.path(rctx.attr._unpack), "--packages", "packages.json"] + arguments,
        timeout = _UNPACK_TIMEOUT_SECONDS,
    )
    if result.return_code:
        fail("{}: unpacking the packages of {} failed:\n{}{}".format(
            apparent_name(rctx),
            rctx.attr.lock,
            result.stdout,
            result.stderr,
        ))
    rctx.delete("packages.json")
    rctx.delete("packages")

def _download(rctx, lock):
    """Fetches every package into packages/; returns those that came, successors included."""
    mirrors = find_mirrors(rctx)
    packages = []
    for start in range(0, len(lock.packages), _BATCH):
        batch = lock.packages[start:start + _BATCH]
        rctx.report_progress("downloading packages {} to {} of {}".format(
            start + 1,
            start + len(batch),
            len(lock.packages),
        ))
        pending = [
            (p, rctx.download(
                url = pool_urls(mirrors, p),
                output = _file(p),
                sha256 = p["sha256"],
                allow_fail = True,
                block = False,
            ))
            for p in batch
        ]
        packages += [(p, token.wait().success) for p, token in pending]
    return [p if came else _retry(rctx, mirrors, lock, p) for p, came in packages]

def _retry(rctx, mirrors, lock, package):
    """Asks each mirror alone, so that one bad copy does not hide a good one, then for a successor."""
    found, rejected = [], False
    for url in pool_urls(mirrors, package):
        if rctx.download(url = url, output = _file(package), sha256 = package["sha256"], allow_fail = True).success:
            return package
        plain = rctx.download(url = url, output = "rejected", allow_fail = True)
        found.append("  {}: {}".format(url, "SHA-256 " + plain.sha256 if plain.success else "not there"))
        rejected = rejected or plain.success
        rctx.delete("rejected")
    if rejected:
        return _fail(
            rctx,
            package,
            "digest does not match",
            found,
            "The mirror's file is not the one that was locked: it is damaged, or somebody changed it. " +
            "Do not use it; name another mirror in {}.".format(MIRROR_VARIABLE),
        )
    successor = find_successor(rctx, mirrors, lock, package, _file)
    if successor.package:
        # buildifier: disable=print
        print(("{}: {} {} has left the mirrors; {}, which {} has now, stands in for it (signature and digests checked). " +
               "To have the same everywhere: tools/bazel run //tools/debian:lock; to forbid this: --repo_env={}=1").format(
            apparent_name(rctx),
            package["name"],
            package["version"],
            successor.package["version"],
            lock.suite,
            STRICT_VARIABLE,
        ))
        return successor.package
    return _fail(
        rctx,
        package,
        "gone from every mirror",
        found + ["  a successor in {}: {}".format(lock.suite, successor.problem)],
        ("A newer version replaced it. Update the lock with `tools/bazel run //tools/debian:lock`, or name a mirror that " +
         "keeps old versions (the Debian snapshot archive, time stamp in the lock): --repo_env={}=URL.").format(MIRROR_VARIABLE),
    )

def _fail(rctx, package, what, found, advice):
    fail("{}: {} {} of {}: {}\n  wanted: SHA-256 {}\n{}\n{}".format(
        apparent_name(rctx),
        package["name"],
        package["version"],
        rctx.attr.lock,
        what,
        package["sha256"],
        "\n".join(found),
        advice,
    ))

def _file(package):
    return "packages/" + package["path"].rpartition("/")[2]
