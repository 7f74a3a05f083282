# SPDX-License-Identifier: Apache-2.0
"""Packs one revision of a git repository, fetched without its history.

    revision.py --remote URL --ref REF --out FILE.tar [--work DIR]

Runs inside a repository rule on the host's Python, with the host's git. REF is a branch, a tag or a
whole commit id. Prints a JSON object: `commit`, what REF means now.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

# A repository rule's Python starts isolated: imports begin at the top of the repository.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from tools.kernel.source.archive import (
    TreeError,
    check_is_kernel,
    every_file,
    git_environment,
    pack,
)

_FETCH_SECONDS = 1800
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")


def fetch(remote: str, ref: str, out: pathlib.Path, work: pathlib.Path) -> str:
    """Packs the revision into `out`; returns its commit id.

    Raises:
      TreeError: there is no git, the remote has no such revision, or it is no kernel.
    """
    asked = f"{remote}, revision {ref}"
    repository, tree = work / "git", work / "tree"
    tree.mkdir(parents=True)
    _git(asked, "init", "--quiet", "--bare", str(repository))
    here = f"--git-dir={repository}"
    hint = ""
    if _SHORT_COMMIT.fullmatch(ref):
        hint = "\nA server does not resolve shortened commit ids; write all 40 digits."
    _git(asked, here, "fetch", "--quiet", "--depth=1", "--no-tags", "--", remote, ref, hint=hint)
    commit = _git(asked, here, "rev-parse", "--verify", "FETCH_HEAD^{commit}").strip()
    _git(asked, here, f"--work-tree={tree}", "checkout", "--quiet", "--force", commit, "--", ".")
    check_is_kernel(tree)
    pack(tree, every_file(tree), out)
    return commit


def _git(asked: str, *arguments: str, hint: str = "") -> str:
    # Nobody is there to answer a prompt for a password.
    environment = {**git_environment(), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    # Contents as they are stored, whatever this machine's git converts.
    command = ["git", "-c", "core.autocrlf=false", "-c", "core.symlinks=true", *arguments]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=_FETCH_SECONDS,
        )
    except FileNotFoundError as error:
        raise TreeError(f"{asked}: fetching it needs git, and there is none") from error
    except subprocess.TimeoutExpired as error:
        raise TreeError(f"{asked}: git took over {_FETCH_SECONDS} s") from error
    if done.returncode:
        raise TreeError(f"{asked}: git cannot fetch it:\n{done.stderr.strip()}{hint}")
    return done.stdout


def _main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--remote", required=True)
    parser.add_argument("--ref", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, help="where to work; default: beside --out")
    args = parser.parse_args(argv)
    try:
        place = args.work or args.out.resolve().parent
        with tempfile.TemporaryDirectory(dir=place, prefix="ktstr-git-") as work:
            commit = fetch(args.remote, args.ref, args.out, pathlib.Path(work))
    except (TreeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({"commit": commit}))
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
