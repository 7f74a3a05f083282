# SPDX-License-Identifier: Apache-2.0
"""Debian mirrors, as repository rules see them."""

visibility(["//rules/private/kernel/origin"])

MIRROR_VARIABLE = "KTSTR_DEBIAN_MIRROR"

def find_mirrors(rctx):
    """Roots of Debian mirrors: what the user names, else those of the machine's apt.

    Args:
      rctx: the repository context.
    Returns:
      list of URLs without a slash at the end, never empty.
    """
    named = rctx.getenv(MIRROR_VARIABLE, "").split(" ")
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
            apparent_name(rctx),
            "apt's configuration has none whose address ends in /debian" if apt else "there is no apt-get to ask",
            MIRROR_VARIABLE,
        ))
    return mirrors

def pool_urls(mirrors, package):
    """A locked package's address on each mirror.

    Args:
      mirrors: list of URLs.
      package: dict of the lock.
    Returns:
      list of URLs.
    """

    # "+" stands in pool paths as it is; servers want it escaped.
    return ["{}/{}".format(mirror, package["path"].replace("+", "%2B")) for mirror in mirrors]

def apparent_name(rctx):
    """The repository's name as users write it.

    Args:
      rctx: the repository context.
    Returns:
      "@name".
    """
    return "@" + (rctx.original_name if hasattr(rctx, "original_name") else rctx.name.rpartition("~")[2].rpartition("+")[2])
