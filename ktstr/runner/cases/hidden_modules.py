# SPDX-License-Identifier: Apache-2.0
"""Files of the author's that cannot be imported, as modules of the standard library come first."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence


def hidden_file(module: str, path: Sequence[str]) -> str:
    """The file on the import path that has the name of a module of the library; empty for none."""
    top = module.partition(".")[0]
    if top not in sys.stdlib_module_names:
        return ""
    library = os.path.dirname(os.__file__)
    for entry in path:
        for place in (os.path.join(entry, f"{top}.py"), os.path.join(entry, top)):
            if os.path.exists(place) and not place.startswith(library):
                return place
    return ""


def meant_otherwise(tree: ast.Module, path: Sequence[str]) -> tuple[int, str] | None:
    """Where a test wants something of a hidden file: line and words; None for nowhere.

    That is what is imported from, or asked of, a module of the library that has no such thing; a
    function of the guest would meet it after the boot.
    """
    for line, module, wanted in _uses(tree):
        if (file := hidden_file(module, path)) and not _has(module, wanted):
            return line, f"{module!r} has no {wanted!r}{words(module, file)}"
    return None


def words(module: str, file: str) -> str:
    """The rest of a message about an import of `module` that `file` may have been meant by."""
    top = module.partition(".")[0]
    return (
        f"; {top!r} is the standard library's, which {file} cannot be imported in place of: give "
        f"that another name"
    )


def _uses(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """(line, module, what is wanted of it)."""
    imported: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, node.module, each.name) for each in node.names)
        elif isinstance(node, ast.Import):
            imported |= {each.asname or each.name: each.name for each in node.names}
    for name in _assigned(tree):
        imported.pop(name, None)  # elsewhere it may be something else
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        if (module := imported.get(node.value.id)) is not None:
            yield node.lineno, module, node.attr


def _assigned(tree: ast.Module) -> Iterator[str]:
    """Names that are variables or parameters somewhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def _has(module: str, wanted: str) -> bool:
    try:
        found = importlib.import_module(module)
        return wanted == "*" or hasattr(found, wanted) or _is_module(f"{module}.{wanted}")
    except ImportError:
        return False


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False
