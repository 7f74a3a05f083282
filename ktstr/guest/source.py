# SPDX-License-Identifier: Apache-2.0
"""The test's own source file, loaded in the guest."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ktstr.model.errors import UsageError
from ktstr.model.plan import SOURCES_DIR

if TYPE_CHECKING:
    from types import ModuleType

_MODULE = "ktstr_test_source"


def function_of(source: str, name: str) -> Callable[..., Any]:
    """The function `name` of the test file `source` (below the sources' root), loaded once.

    Raises:
        UsageError: the file is no Python source, or has no such function.
    """
    path = os.path.join(SOURCES_DIR, source)
    loaded = sys.modules.get(_MODULE)
    if loaded is not None and loaded.__file__ == path:
        return _get(loaded, source, name)
    # behind all else, as in discovery: a test's neighbour may be called queue.py
    sys.path += [SOURCES_DIR, os.path.dirname(path)]
    return _get(_load(path), source, name)


def _get(module: ModuleType, source: str, name: str) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if not callable(function):
        raise UsageError(f"{source} has no function {name!r}")
    return function  # type: ignore[no-any-return]


def _load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(_MODULE, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python source")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module
    spec.loader.exec_module(module)
    return module
