# SPDX-License-Identifier: Apache-2.0
"""Parts of an expression, as `ast` has them."""

from __future__ import annotations

import ast
import functools

from ktstr.model.errors import UsageError

# of the kernel's calling convention: where a function's arguments are in a look's registers
ARGUMENTS = (5, 4, 3, 2, 8, 9)


def no_language(tree: ast.AST) -> UsageError:
    return UsageError(f"{ast.unparse(tree)!r} is nothing that an invariant can say")


def text_of(call: ast.Call, number: int) -> str:
    """An argument that has to be a text.

    Raises:
        UsageError: it is none.
    """
    match call.args[number : number + 1]:
        case [ast.Constant(value=str(text))]:
            return text
    raise no_language(call)


def argument_of(call: ast.Call, number: int) -> int:
    match call.args[number : number + 1]:
        case [ast.Constant(value=int(value))] if 0 <= value < len(ARGUMENTS):
            return value
    raise no_language(call)


@functools.lru_cache(maxsize=1024)
def parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise UsageError(f"{text!r} is no expression: {error.msg}") from error


@functools.lru_cache(maxsize=1024)
def names_in(text: str) -> frozenset[str]:
    """All names that an expression speaks of."""
    return frozenset(each.id for each in ast.walk(parsed(text)) if isinstance(each, ast.Name))


def path_of(tree: ast.expr) -> tuple[ast.expr, str]:
    """What a chain of members starts at, and the chain as a path."""
    match tree:
        case ast.Attribute(value=value, attr=attr):
            base, path = path_of(value)
            return base, f"{path}.{attr}" if path else attr
        case ast.Subscript(value=value, slice=ast.Constant(value=int(index))):
            base, path = path_of(value)
            return base, f"{path}[{index}]"
        case ast.Subscript():
            raise no_language(tree)
    return tree, ""
