# SPDX-License-Identifier: Apache-2.0
"""The version that has taken a locked package's place in its suite, proven by the archive's signature."""

load("//third_party:host_interpreter.bzl", "find_host_python")
load(":mirrors.bzl", "pool_urls")

visibility("private")

STRICT_VARIABLE = "KTSTR_DEBIAN_STRICT"

_SCRATCH = "successor"

def find_successor(rctx, mirrors, lock, package, output):
    """Downloads the suite's present version of a package that has left every mirror.

    Args:
      rctx: the repository context, with the attributes `keyring` and `_release`.
      mirrors: list of URLs.
      lock: struct(suite, architecture, packages).
      package: the locked package, a dict.
      output: function of a package, the path that its file is downloaded to.
    Returns:
      struct(package, problem): the successor, a dict as in the lock, or None with the reason in words.
    """
    if rctx.getenv(STRICT_VARIABLE, "") not in ("", "0"):
        return struct(package = None, problem = "none is looked for: {} is set".format(STRICT_VARIABLE))
    problems = []
    for mirror in mirrors:
        found = _ask(rctx, mirror, lock, package["name"])
        if found.package:
            rctx.download(
                url = pool_urls([mirror], found.package),
                output = output(found.package),
                sha256 = found.package["sha256"],
            )
            rctx.delete(_SCRATCH)
            return found
        problems.append("{}: {}".format(mirror, found.problem))
    rctx.delete(_SCRATCH)
    return struct(package = None, problem = "; ".join(problems))

def _ask(rctx, mirror, lock, name):
    suite = "{}/dists/{}".format(mirror, lock.suite)
    inrelease = _SCRATCH + "/InRelease"
    if not rctx.download(url = suite + "/InRelease", output = inrelease, allow_fail = True).success:
        return struct(package = None, problem = "no dists/{}/InRelease".format(lock.suite))
    index = "main/binary-{}/Packages.xz".format(lock.architecture)
    digest = _release(rctx, ["index", "--inrelease", inrelease, "--keyring", rctx.attr.keyring, "--name", index])
    if digest.problem:
        return struct(package = None, problem = digest.problem)
    packages = _SCRATCH + "/Packages.xz"
    if not rctx.download(url = suite + "/" + index, output = packages, sha256 = digest.text, allow_fail = True).success:
        return struct(package = None, problem = "its {} is not the one that its InRelease names".format(index))
    entry = _release(rctx, ["package", "--index", packages, "--name", name])
    if entry.problem:
        return struct(package = None, problem = entry.problem)
    return struct(package = json.decode(entry.text), problem = "")

def _release(rctx, arguments):
    python = find_host_python(rctx).path
    result = rctx.execute([python, "-I", "-B", rctx.path(rctx.attr._release)] + arguments, timeout = 120)
    if result.return_code:
        return struct(text = "", problem = result.stderr.strip())
    return struct(text = result.stdout.strip(), problem = "")
