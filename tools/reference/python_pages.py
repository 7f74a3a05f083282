# SPDX-License-Identifier: Apache-2.0
"""The pages of the Python names that a test's author uses, read from sources that are not run.

griffe follows names to where they are defined, wherever that is, and takes signatures as they are
written: a default says `Mode.CPU` and not what that is.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import griffe

from tools.reference import entries, markdown

_PACKAGE = "ktstr"
# What `ktstr` itself has, and namespaces of names that it does not have.
_LANGUAGE = "language"
_METRIC, _LIBRARY = "metric", "scenarios"
# What functions in the guest are called with, and the room in which they are.
_GIVEN, _GUEST = ("Context", "WorkContext"), "ktstr.guest"

_REST = (
    "What `import ktstr` gives: how a test is declared, and what it claims. Parts of it have pages "
    "of their own: [scenarios](python-scenario.md), [work](python-work.md), [what a function in "
    "the guest gets](python-guest.md) and [the library of scenarios](python-scenarios.md). The "
    "attributes of targets are in [rules.md](rules.md)."
)
_PART = "A part of what `import ktstr` gives; the rest is in [python.md](python.md)."

# page -> its title, what stands on top, and what is in the paths of the modules whose names it has;
# the last takes all
_SUBJECTS = {
    "python-work.md": ("Python: work", _PART, (".work", ".mem_policy")),
    "python-scenario.md": (
        "Python: scenarios",
        _PART,
        (".scenario", ".conditions", ".cpuset", ".limits"),
    ),
    "python.md": ("Python: tests and claims", _REST, ("",)),
}
_GUEST_PAGE, _LIBRARY_PAGE = "python-guest.md", "python-scenarios.md"


@dataclass(frozen=True)
class _Page:
    title: str
    intro: str
    found: list[entries.Entry] = field(default_factory=list)


def load(root: Path) -> griffe.Module:
    """The package below `root`, a checkout or a tree of runfiles.

    Raises:
        ImportError: there is none.
    """
    loader = griffe.GriffeLoader(search_paths=[root], allow_inspection=False)
    package = loader.load(_PACKAGE, try_relative_path=False)
    loader.resolve_aliases(implicit=True, external=False)
    assert isinstance(package, griffe.Module)
    return package


def render(package: griffe.Module) -> dict[str, str]:
    """File name -> page."""
    pages = {name: _Page(title, intro) for name, (title, intro, _) in _SUBJECTS.items()}
    for entry in _authors(package):
        pages[_page_of(entry)].found.append(entry)
    pages[_LIBRARY_PAGE] = _Page(
        "Python: the library of scenarios",
        "What `from ktstr import scenarios` gives.",
        _public(package, _LIBRARY),
    )
    pages[_GUEST_PAGE] = _Page(
        "Python: in the guest",
        "What functions in the guest are called with (`@ktstr.test`: `Context`; `PythonWork`: "
        "`WorkContext`), and what these give. A test imports none of it, but `ktstr.Context` and "
        "`ktstr.WorkContext` for annotations.",
        _guest(package),
    )
    return {name: _render(page, package) for name, page in pages.items()}


def undocumented(package: griffe.Module) -> Iterator[str]:
    """Public names, and methods of public classes, that have no docstring."""
    for entry in [*_authors(package), *_public(package, _LIBRARY), *_guest(package)]:
        yield from entries.undocumented(entry)


def _authors(package: griffe.Module) -> list[entries.Entry]:
    """What `ktstr` has, with the checks on metrics, and the classes that come out of that."""
    public = [*_public(package, _LANGUAGE), *_public(package, _METRIC)]
    begun = [each for entry in public for each in entries.given(entry.what, package)]
    guest = f"{_GUEST}."
    known = {entry.what.path for entry in public}
    found = _closure([each for each in begun if not each.path.startswith(guest)], known, package)
    return [*public, *found]


def _guest(package: griffe.Module) -> list[entries.Entry]:
    """What functions in the guest are given, and the classes that come out of that."""
    room = package[_GUEST.partition(".")[2]]
    known = {entry.what.path for entry in _authors(package)}
    return _closure([_find(room, name) for name in _GIVEN], known, package)


def _public(package: griffe.Module, namespace: str) -> list[entries.Entry]:
    """What `__all__` of one of its namespaces has, but for namespaces."""
    module = entries.target(package[namespace])
    assert isinstance(module, griffe.Module)
    shown = "" if namespace == _LANGUAGE else f"{namespace}."
    exported = dict(_exported(module, package))
    found = [entries.Entry(shown + name, exported[name]) for name in sorted(exported)]
    return [entry for entry in found if not isinstance(entry.what, griffe.Module)]


def _exported(module: griffe.Module, package: griffe.Module) -> Iterator[tuple[str, griffe.Object]]:
    """The names of a module's `__all__`, of other modules' that it adds to it, too."""
    for export in module.exports or ():
        if isinstance(export, str):
            yield export, entries.target(module[export])
        else:
            added = entries.find(package, export.canonical_path.removesuffix(".__all__"))
            assert isinstance(added, griffe.Module)
            yield from _exported(added, package)


def _closure(
    begun: Iterable[griffe.Class], known: Collection[str], package: griffe.Module
) -> list[entries.Entry]:
    """These classes, those that they give, and so on, but for known ones (full paths)."""
    waiting = list(begun)
    found: dict[str, entries.Entry] = {}
    while waiting:
        each = waiting.pop(0)
        if each.path not in found and each.path not in known:
            found[each.path] = entries.Entry(each.name, each)
            waiting += entries.given(each, package)
    return list(found.values())


def _grouped(found: Iterable[entries.Entry]) -> dict[str, list[entries.Entry]]:
    """Those of each module, by its full path."""
    groups: dict[str, list[entries.Entry]] = {}
    for entry in found:
        groups.setdefault(entry.module.path, []).append(entry)
    return groups


def _find(room: griffe.Object, name: str) -> griffe.Class:
    """The class of this name, in whichever module of the room it is.

    Raises:
        LookupError: there is none.
    """
    for member in room.members.values():
        if member.is_alias:
            continue
        if isinstance(member, griffe.Class) and member.name == name:
            return member
        if isinstance(member, griffe.Module):
            try:
                return _find(member, name)
            except LookupError:
                continue
    raise LookupError(f"no class {name} in {room.path}")


def _page_of(entry: entries.Entry) -> str:
    path = entry.module.path
    return next(
        name for name, (*_, parts) in _SUBJECTS.items() if any(part in path for part in parts)
    )


def _render(page: _Page, package: griffe.Module) -> str:
    groups = sorted(_grouped(page.found).items())
    names = [entry.name for _, group in groups for entry in group]
    parts = [f"# {page.title}", markdown.NOTE, page.intro, markdown.contents(names)]
    for path, group in groups:
        parts += _section(entries.find(package, path), group)
    return markdown.join(parts)


def _section(module: griffe.Object | None, group: Sequence[entries.Entry]) -> Iterable[str]:
    """Under the first line of the module's docstring, its names."""
    about = module.docstring.value if module is not None and module.docstring else ""
    first, _, rest = about.partition("\n\n")
    yield f"## {' '.join(first.split()).rstrip('.')}"
    yield entries.prose(rest)
    yield from (entries.render(entry) for entry in group)
