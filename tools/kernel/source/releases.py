# SPDX-License-Identifier: Apache-2.0
"""Which kernels a declaration means: specifications in, one record for each kernel out.

    releases.py --specs SPECS.json [--index releases.json]

Runs inside a module extension on the host's Python. SPECS.json is a list of specifications
(version.py). Printed is a JSON object: `kernels`, a list of records with `spec`, `label` and
`kind`, and by kind `version`, `path_of_archive` (release), `remote`, `ref` (git) or `path` (tree);
and `notes`, texts for the user. The index is kernel.org's releases.json:
{"releases": [{"moniker": "stable", "version": "6.14.2", ...}]}.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
from collections.abc import Iterable, Sequence
from typing import Any

# A module extension's Python starts isolated: imports begin at the top of the repository.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from tools.kernel.source.version import (
    Git,
    Range,
    SpecError,
    Tree,
    Version,
    label,
    parse_spec,
)

_MONIKERS = ("stable", "longterm")


def read_index(text: str) -> list[Version]:
    """The stable and longterm releases that an index lists, oldest first.

    Raises:
      SpecError: the text is no such index.
    """
    try:
        entries = [
            Version.parse(entry["version"])
            for entry in json.loads(text)["releases"]
            if entry["moniker"] in _MONIKERS
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise SpecError(f"the index of releases is not of kernel.org's form: {error!r}") from error
    return sorted(entries)


def expand(spec: Version | Range, index: Sequence[Version]) -> tuple[list[Version], str]:
    """The releases that a series or range means, and what the user should know ("" if nothing).

    Raises:
      SpecError: the index has none.
    """
    if isinstance(spec, Version):
        found = [version for version in index if version.series == spec.series][-1:]
        if not found:
            raise SpecError(
                f"{spec}: the index of releases has none of this series (it lists "
                f"{_list(index)}); a series that has ended, or its first release, needs its whole "
                f"version, e.g. {spec}.0"
            )
        return found, ""
    found = [version for version in index if spec.holds(version)]
    if not found:
        raise SpecError(f"{spec}: the index of releases has none between (it lists {_list(index)})")
    have = {version.series for version in found}
    absent = [f"{major}.{minor}" for major, minor in spec.series() if (major, minor) not in have]
    if not absent:
        return found, ""
    return found, (
        f"{spec} is {_list(found)}: the index of releases lists no {', '.join(absent)} (ended, or "
        "not released); name a whole version to have one"
    )


def resolve(specs: Iterable[str], index: Sequence[Version] | None) -> dict[str, Any]:
    """The object that is printed.

    Raises:
      SpecError: a specification is wrong, or needs an index and there is none.
    """
    kernels: list[dict[str, str]] = []
    notes: list[str] = []
    for text in specs:
        spec = parse_spec(text)
        if isinstance(spec, Git):
            record = {"kind": "git", "remote": spec.remote, "ref": spec.ref}
            kernels.append({"spec": text, "label": label(spec), **record})
        elif isinstance(spec, Tree):
            kernels.append({"spec": text, "label": label(spec), "kind": "tree", "path": spec.path})
        elif isinstance(spec, Version) and not spec.names_series:
            kernels.append(_release(text, spec))
        else:
            if index is None:
                raise SpecError(f"{text}: needs an index of releases, and there is none")
            found, note = expand(spec, index)
            kernels += [_release(text, version) for version in found]
            notes += [note] if note else []
    return {"kernels": kernels, "notes": notes}


def needs_index(specs: Iterable[str]) -> bool:
    """Whether a specification names a series or range.

    Raises:
      SpecError: one is wrong.
    """
    parsed = map(parse_spec, specs)
    return any(isinstance(s, Range) or (isinstance(s, Version) and s.names_series) for s in parsed)


def _release(spec: str, version: Version) -> dict[str, str]:
    folder = f"v{version.major}.x" + ("" if version.rc is None else "/testing")
    suffix = "tar.xz" if version.rc is None else "tar.gz"
    archive = f"{folder}/linux-{version.file_version}.{suffix}"
    return {
        "spec": spec,
        "label": label(version),
        "kind": "release",
        "version": str(version),
        "path_of_archive": archive,
    }


def _list(versions: Iterable[Version]) -> str:
    return ", ".join(map(str, versions)) or "nothing"


def _main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--specs", type=pathlib.Path, required=True)
    parser.add_argument("--index", type=pathlib.Path)
    parser.add_argument("--needs-index", action="store_true", help="only print true or false")
    args = parser.parse_args(argv)
    try:
        specs = json.loads(args.specs.read_text(encoding="utf-8"))
        if args.needs_index:
            print(json.dumps(needs_index(specs)))
            return 0
        index = read_index(args.index.read_text(encoding="utf-8")) if args.index else None
        print(json.dumps(resolve(specs, index)))
    except (SpecError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
