# SPDX-License-Identifier: Apache-2.0
"""A registry of Bazel modules on disk, out of the source trees that Debian packages.

It grows by the module versions that a workspace asks for. A module that Debian packages is served
from its tree for every version up to the tree's own, which Bazel's version resolution would pick
anyway. Modules that Bazel's own tools name, but that no build here loads, are empty.
"""

import ast
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.private.bazel_setup.errors import SetupError


@dataclass(frozen=True)
class Tree:
    """A packaged module: its directory in the install base and the package that carries it."""

    directory: str
    package: str


TREES = {
    "bazel_features": Tree("tools/features", "bazel-features"),
    "bazel_skylib": Tree("tools/skylib", "bazel-skylib"),
    "platforms": Tree("tools/platforms", "bazel-platforms"),
    "rules_cc": Tree("rules/cc", "bazel-rules-cc"),
    "rules_java": Tree("rules/java", "bazel-rules-java"),
    "rules_license": Tree("rules/license", "bazel-rules-license"),
    "rules_pkg": Tree("rules/pkg", "bazel-rules-pkg"),
    "rules_proto": Tree("rules/proto", "bazel-rules-proto"),
    "rules_python": Tree("rules/python", "bazel-rules-python"),
    "rules_shell": Tree("rules/shell", "bazel-rules-shell"),
}

# Named by @bazel_tools or by a packaged tree; loaded only by builds for other systems.
_EMPTY = {"apple_support": "", "buildozer": "buildozer_binary", "protobuf": "", "zlib": ""}

_EMPTY_EXTENSION = """\
def _empty_impl(rctx):
    rctx.file("BUILD.bazel", "")

_empty = repository_rule(implementation = _empty_impl)

def _{name}_impl(_mctx):
    _empty(name = "{name}")

{name} = module_extension(implementation = _{name}_impl)
"""

# Depended on by the built-in module local_config_platform.
_BUILT_IN = ("platforms", "0.0.7")
_STAMP = "served"


def ensure(home: Path, workspace: Path) -> None:
    """Makes the registry of the private Bazel serve what a workspace's MODULE.bazel asks for.

    Raises:
      SetupError: it asks for a module, or a version, that cannot be served here.
    """
    registry = home / "registry"
    roots = list(_local_modules(workspace))
    texts = "".join(f"{path}\n{path.read_text(encoding='utf-8')}" for path in roots)
    if _read(registry / _STAMP) == texts:
        return
    wanted = [_BUILT_IN]
    wanted += _dependencies(home / "install_base/embedded_tools/MODULE.bazel", with_dev=False)
    versions = json.loads((home / "etc/versions.json").read_text(encoding="utf-8"))
    for index, path in enumerate(roots):
        asked = list(_dependencies(path, with_dev=index == 0))
        for name, version in asked:
            _check(path, name, version, versions)
        wanted += asked
    _serve(home, registry, wanted)
    _write(registry / "bazel_registry.json", json.dumps({"mirrors": []}))
    _write(registry / _STAMP, texts)


def _local_modules(workspace: Path) -> Iterator[Path]:
    """MODULE.bazel of the workspace and of every module that it overrides with a local path."""
    queue, seen = [workspace], set()
    while queue:
        directory = queue.pop(0).resolve()
        path = directory / "MODULE.bazel"
        if directory in seen or not path.is_file():
            continue
        seen.add(directory)
        yield path
        if len(seen) == 1:  # overrides of other modules than the root are ignored by Bazel
            for call in _calls(path, "local_path_override"):
                queue.append(directory / call.get("path", "."))


def _dependencies(path: Path, *, with_dev: bool) -> Iterator[tuple[str, str]]:
    overridden = {
        call.get("module_name")
        for kind in ("local_path_override", "archive_override", "git_override")
        for call in _calls(path, kind)
    }
    for call in _calls(path, "bazel_dep"):
        if call["name"] in overridden or "version" not in call:
            continue
        if with_dev or call.get("dev_dependency") != "True":
            yield call["name"], call["version"]


def _calls(path: Path, function: str) -> Iterator[dict[str, str]]:
    """Arguments of every call of one function: MODULE.bazel's Starlark parses as Python."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except SyntaxError as error:
        raise SetupError(f"{path}:{error.lineno}: {error.msg}") from None
    for statement in tree.body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == function
        ):
            named = {k.arg: k.value for k in call.keywords if k.arg}
            positional = dict(zip(("name", "version"), call.args, strict=False))
            values = {**positional, **named}
            yield {k: str(v.value) for k, v in values.items() if isinstance(v, ast.Constant)}


def _check(path: Path, name: str, asked: str, versions: dict[str, str]) -> None:
    remedy = "install bazelisk, with access to Bazel's registry, and put it on PATH"
    if name not in TREES and name not in _EMPTY:
        raise SetupError(
            f"{path} asks for {name} {asked}, which Debian does not package; the private "
            "Bazel serves only "
            f"{', '.join(sorted(TREES))}. For others, {remedy}"
        )
    packaged = versions.get(TREES[name].package) if name in TREES else None
    if packaged and _order(asked) > _order(packaged):
        raise SetupError(
            f"{path} asks for {name} {asked}, and the private Bazel has Debian's {packaged}; "
            "ask for that or an "
            f"older one (versions are minimums), or {remedy}"
        )


def _serve(home: Path, registry: Path, wanted: list[tuple[str, str]]) -> None:
    done: set[tuple[str, str]] = set()
    while wanted:
        name, version = wanted.pop()
        if (name, version) in done:
            continue
        done.add((name, version))
        if name in TREES:
            # What the trees ask of each other is not checked: Debian built them to fit.
            tree = home / "install_base" / TREES[name].directory
            text = _with_version(tree / "MODULE.bazel", version)
            wanted += _dependencies(tree / "MODULE.bazel", with_dev=False)
        elif name in _EMPTY:
            tree = registry / "empty" / name
            text = f'module(name = "{name}", version = "{version}", compatibility_level = 1)\n'
            _make_empty(tree, text, _EMPTY[name])
        else:
            raise SetupError(
                f"{home}: a packaged tree needs {name} {version}, which Debian does not package"
            )
        entry = registry / "modules" / name / version
        _write(entry / "MODULE.bazel", text)
        _write(entry / "source.json", json.dumps({"type": "local_path", "path": str(tree)}))


def _order(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: all that the packaged modules' versions differ in."""
    numbers = []
    for part in version.partition("-")[0].split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def _with_version(path: Path, version: str) -> str:
    """The module file's text with the version asked for: Debian's trees often say 0.0.0."""
    text = path.read_text(encoding="utf-8")
    for statement in ast.parse(text).body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if not (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "module"
        ):
            continue
        for keyword in call.keywords:
            if keyword.arg == "version":
                lines = text.splitlines(keepends=True)
                value = keyword.value
                line = lines[value.lineno - 1]
                lines[value.lineno - 1] = (
                    f'{line[: value.col_offset]}"{version}"{line[value.end_col_offset :]}'
                )
                return "".join(lines)
    raise SetupError(
        f"{path} has no module version to set; Debian's package is not what was expected"
    )


def _make_empty(tree: Path, module: str, extension: str) -> None:
    _write(tree / "MODULE.bazel", module)
    _write(tree / "BUILD.bazel", "")
    if extension:
        _write(tree / f"{extension}.bzl", _EMPTY_EXTENSION.format(name=extension))


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


def _write(path: Path, text: str) -> None:
    """Writes a file in one step: other clones may be reading the registry."""
    if _read(path) == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
    os.replace(file.name, path)
