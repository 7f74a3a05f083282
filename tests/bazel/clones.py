# SPDX-License-Identifier: Apache-2.0
"""Builds and tests this repository in three clones and prints what each had to do again.

    tools/bazel run //tests/bazel:clones -- [TARGET PATTERN...]

The first clone fills the user's disk cache where it lacks something; the second has that cache;
the third has none, but nginx serving the same files as a remote one. What is committed is cloned.
Ends with 1 when the second or the third carried out anything. Takes minutes, and as long as a
kernel build more when the disk cache has no kernel yet.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from runfiles import Runfiles

from tests.support.nested import Built, NestedBazel
from tests.support.nginx import Nginx
from tools.private.bazel_setup import layout

_PATTERNS = ["//sched/..."]
_BUILD_SECONDS = 3600


def main(patterns: list[str]) -> int:
    """Returns 1 when a later clone did something again."""
    cache = layout.cache_directory(os.environ)
    # Not in /tmp, which Bazel's sandbox hides.
    scratch = Path(tempfile.mkdtemp(prefix="clones-", dir=cache))
    bazels: list[NestedBazel] = []
    try:
        first = _test(scratch, "first", bazels, patterns)
        _print("first clone", first)
        second = _test(scratch, "second", bazels, patterns)
        _print("second clone, same disk cache", second)
        third = _test_remotely(scratch, cache / "disk", bazels, patterns)
        _print("third clone, nginx alone", third)
    finally:
        for bazel in bazels:
            bazel.shutdown()
        # Bazel's directories are read-only.
        subprocess.run(["chmod", "-R", "u+w", scratch], check=False)
        shutil.rmtree(scratch)
    again = [built for built in (second, third) if built.executed or not all(built.tests.values())]
    return int(bool(again))


def _test(
    scratch: Path, name: str, bazels: list[NestedBazel], patterns: list[str], *flags: str
) -> Built:
    workspace = scratch / name
    source = os.environ["BUILD_WORKSPACE_DIRECTORY"]
    subprocess.run(["git", "clone", "--quiet", source, workspace], check=True)
    bazel = NestedBazel(workspace / "tools/bazel", workspace, scratch / f"{name}.base")
    bazels.append(bazel)
    return bazel.run("test", *flags, *patterns, deadline_seconds=_BUILD_SECONDS)


def _test_remotely(
    scratch: Path, disk: Path, bazels: list[NestedBazel], patterns: list[str]
) -> Built:
    runfiles = Runfiles.Create()
    root = runfiles.Rlocation("debian_root/root") if runfiles else None
    program = runfiles.Rlocation("nginx/nginx") if runfiles else None
    if root is None or program is None:
        raise RuntimeError("no runfiles: run this with tools/bazel run //tests/bazel:clones")
    state = scratch / "nginx"
    state.mkdir()
    with Nginx(Path(root), Path(program), disk, state, writable=False) as cache:
        remote = (f"--remote_cache={cache.url}", "--noremote_upload_local_results")
        return _test(scratch, "third", bazels, patterns, "--disk_cache=", *remote)


def _print(what: str, built: Built) -> None:
    cached = sum(built.tests.values())
    print(f"{what}: {built.seconds:.1f} s, {built.executed} actions carried out")
    print(f"  tests: {len(built.tests)}, of these cached: {cached}")
    for name, count in sorted(built.runners.items()):
        print(f"  {name}: {count}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or _PATTERNS))
