# SPDX-License-Identifier: Apache-2.0
"""Of which commit and branch results are, and which run of a CI made them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.history.git import git

_GIT_S = 60.0
# Who says of which commit a run is, besides a CI by its name.
OPTIONS, EVENTS, GIT = "options", "build events", "git, when it was imported"
# Who counts more, where two imports of a run were told differently.
_RANKS = {"": 0, GIT: 1, EVENTS: 3, OPTIONS: 4}
_RANK_OF_CI = 2


@dataclass(frozen=True)
class Revision:
    """A state of the sources.

    dirty: files differed from the commit; None: nobody knows.  source: who said so; empty where
    nobody did.  committed: when the commit was made, RFC 3339; empty: unknown.
    """

    commit: str = ""
    branch: str = ""
    dirty: bool | None = None
    source: str = ""
    committed: str = ""


@dataclass(frozen=True)
class CiRun:
    """A run of a CI: its name, unique for all, and its page."""

    name: str = ""
    url: str = ""


@dataclass(frozen=True)
class _Service:
    """The variables of one CI, as its documentation has them."""

    name: str
    run: str
    url: str
    commit: str
    branches: tuple[str, ...]


# GitHub's page of a run is put together of three variables; see ci_run.
_SERVICES = (
    _Service("github", "GITHUB_RUN_ID", "", "GITHUB_SHA", ("GITHUB_HEAD_REF", "GITHUB_REF_NAME")),
    _Service("gitlab", "CI_JOB_ID", "CI_JOB_URL", "CI_COMMIT_SHA", ("CI_COMMIT_REF_NAME",)),
    _Service(
        "buildkite",
        "BUILDKITE_JOB_ID",
        "BUILDKITE_BUILD_URL",
        "BUILDKITE_COMMIT",
        ("BUILDKITE_BRANCH",),
    ),
    _Service("jenkins", "BUILD_TAG", "BUILD_URL", "GIT_COMMIT", ("GIT_BRANCH",)),
)
# --build_metadata's customary names first, then those of workspace status commands.
_STATUS_COMMIT = ("COMMIT_SHA", "STABLE_GIT_COMMIT", "BUILD_SCM_REVISION")
_STATUS_BRANCH = ("BRANCH_NAME", "STABLE_GIT_BRANCH", "BUILD_SCM_BRANCH")
_STATUS_DIRTY = ("STABLE_GIT_STATUS", "BUILD_SCM_STATUS")
_CLEAN = "clean"


def corrected(old: Revision, new: Revision) -> Revision:
    """What a run is of that was imported as of `old`, and again as of `new`.

    Options are somebody's word; of others the stronger counts, and of equal ones the first: git may
    have another commit by now.
    """
    was, now = (_RANKS.get(each.source, _RANK_OF_CI) for each in (old, new))
    if now > was or new.source == OPTIONS:
        if new.commit != old.commit:
            return new
        dirty = old.dirty if new.dirty is None else new.dirty
        return replace(new, branch=new.branch or old.branch, dirty=dirty)
    return replace(old, committed=new.committed) if new.commit == old.commit else old


def ci_run(environ: Mapping[str, str]) -> CiRun:
    """The run of a CI that this process is part of; an empty one elsewhere."""
    service = _service(environ)
    if service is None:
        return CiRun()
    url = environ.get(service.url, "") if service.url else _github_page(environ)
    attempt = environ.get("GITHUB_RUN_ATTEMPT", "") if service.name == "github" else ""
    name = f"{service.name}:{environ[service.run]}" + (f".{attempt}" if attempt else "")
    return CiRun(name, url)


def of_status(status: Mapping[str, str]) -> Revision:
    """What an invocation's own status says; an empty one where it says nothing."""
    commit, branch = _first(status, _STATUS_COMMIT), _first(status, _STATUS_BRANCH)
    if not commit:
        return Revision()
    dirty = _first(status, _STATUS_DIRTY)
    return Revision(commit, branch, dirty.lower() != _CLEAN if dirty else None, EVENTS)


def of_ci(environ: Mapping[str, str]) -> Revision:
    """What a CI says; what it checks out is clean."""
    service = _service(environ)
    if service is None or not environ.get(service.commit):
        return Revision()
    branch = _first(environ, service.branches)
    return Revision(environ[service.commit], branch, False, service.name)


def of_git(workspace: Path) -> Revision:
    """The state of a work tree now; an empty one where there is none, or no git."""
    commit = _git(workspace, "rev-parse", "HEAD")
    if not commit:
        return Revision()
    branch = _git(workspace, "branch", "--show-current")
    changed = _git(workspace, "status", "--porcelain", "--untracked-files=no")
    committed = _git(workspace, "show", "--no-patch", "--format=%cI", "HEAD")
    return Revision(commit, branch, bool(changed), GIT, committed)


def _service(environ: Mapping[str, str]) -> _Service | None:
    return next((each for each in _SERVICES if environ.get(each.run)), None)


def _github_page(environ: Mapping[str, str]) -> str:
    server, repository = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_REPOSITORY")
    if not server or not repository:
        return ""
    return f"{server}/{repository}/actions/runs/{environ['GITHUB_RUN_ID']}"


def _first(values: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((values[name] for name in names if values.get(name)), "")


def _git(workspace: Path, *words: str) -> str:
    try:
        done = git(workspace, *words, timeout_s=_GIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if not done.returncode else ""
