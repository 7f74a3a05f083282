# SPDX-License-Identifier: Apache-2.0
"""Downloads locked Debian packages inside repository rules; every error says what to do."""

load("//third_party:host_interpreter.bzl", "find_host_python")

_MIRROR_VARIABLE = "KTSTR_DEBIAN_MIRROR"
_UNPACK_TIMEOUT_SECONDS = 1200

# Downloads under way at once: Bazel runs them in parallel until one is waited for.
_BATCH = 16

def read_locked_set(rctx, set_name):
    """Returns the packages of one set of the lock.

    Args:
      rctx: the repository context; its attribute `lock` is the lock file.
      set_name: which set.
    Returns:
      list of dicts: name, version, path, sha256, size, installed_bytes.
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
    return packages

def unpack_packages(rctx, packages, arguments):
    """Downloads packages and runs unpack.py on them; leaves only what that writes.

    Args:
      rctx: the repository context, with the attributes `lock` and `_unpack`.
      packages: as read_locked_set returns them.
      arguments: further arguments of unpack.py.
    """
    python = find_host_python(rctx).path
    _download(rctx, packages)
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
        fail("{}: unpacking the packages of {} failed:\n{}{}".format(_name(rctx), rctx.attr.lock, result.stdout, result.stderr))
    rctx.delete("packages.json")
    rctx.delete("packages")

def _download(rctx, packages):
    """Fetches every package into packages/; what the first mirror does not give is asked of all, one by one."""
    mirrors = _mirrors(rctx)
    failed = []
    for start in range(0, len(packages), _BATCH):
        rctx.report_progress("downloading packages {} to {} of {}".format(
            start + 1,
            min(start + _BATCH, len(packages)),
            len(packages),
        ))
        batch = packages[start:start + _BATCH]
        pending = [
            (p, rctx.download(
                url = _urls(mirrors, p),
                output = _file(p),
                sha256 = p["sha256"],
                allow_fail = True,
                block = False,
            ))
            for p in batch
        ]
        failed += [p for p, token in pending if not token.wait().success]
    for package in failed:
        _retry(rctx, mirrors, package)

def _retry(rctx, mirrors, package):
    """Asks each mirror alone, so that one bad copy does not hide a good one; fails with what each has said."""
    found = []
    for mirror in mirrors:
        url = _urls([mirror], package)[0]
        if rctx.download(url = url, output = _file(package), sha256 = package["sha256"], allow_fail = True).success:
            return
        plain = rctx.download(url = url, output = "rejected", allow_fail = True)
        if plain.success:
            found.append("  {}: SHA-256 {}".format(url, plain.sha256))
        else:
            found.append("  {}: not there".format(url))
        rctx.delete("rejected")
    wrong = [line for line in found if "SHA-256" in line]
    if wrong:
        advice = ("The mirror's file is not the one that was locked: it is damaged, or somebody changed it. " +
                  "Do not use it; name another mirror in " + _MIRROR_VARIABLE + ".")
    else:
        advice = ("The package has left the mirrors: a newer version replaced it. Update the lock with " +
                  "`tools/bazel run //tools/debian:lock`, or name a mirror that keeps old versions (the Debian snapshot " +
                  "archive, time stamp in the lock) in " + _MIRROR_VARIABLE + ", e.g. --repo_env=" + _MIRROR_VARIABLE + "=URL.")
    fail("{}: {} {} of {}: {}\n  wanted: SHA-256 {}\n{}\n{}".format(
        _name(rctx),
        package["name"],
        package["version"],
        rctx.attr.lock,
        "digest does not match" if wrong else "gone from every mirror",
        package["sha256"],
        "\n".join(found),
        advice,
    ))

def _mirrors(rctx):
    """Roots of Debian mirrors: what the user names, else those of the machine's apt."""
    named = rctx.getenv(_MIRROR_VARIABLE, "").split(" ")
    mirrors = [m.rstrip("/") for m in named if m]
    if mirrors:
        return mirrors
    apt = rctx.which("apt-get")
    if apt:
        result = rctx.execute([apt, "indextargets", "--format", "$(SITE)", "Created-By: Packages"], timeout = 60)
        for site in result.stdout.split("\n"):
            site = site.strip().rstrip("/")
            if site.endswith("/debian") and site not in mirrors:
                mirrors.append(site)
    if not mirrors:
        fail(("{}: no Debian mirror known: {}. Name one (several: separated by spaces): " +
              "--repo_env={}=URL, the URL being the directory with dists/ and pool/.").format(
            _name(rctx),
            "apt's configuration has none whose address ends in /debian" if apt else "there is no apt-get to ask",
            _MIRROR_VARIABLE,
        ))
    return mirrors

def _urls(mirrors, package):
    # "+" and "~" of Debian versions stand as they are in pool paths; servers want "+" escaped.
    return ["{}/{}".format(mirror, package["path"].replace("+", "%2B")) for mirror in mirrors]

def _file(package):
    return "packages/" + package["path"].rpartition("/")[2]

def _name(rctx):
    return "@" + (rctx.original_name if hasattr(rctx, "original_name") else rctx.name.rpartition("~")[2].rpartition("+")[2])
