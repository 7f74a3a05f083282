# SPDX-License-Identifier: Apache-2.0
"""One public Python name as a section of a page: signature, docstring, fields, members, methods."""

import itertools
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

import griffe

from tools.reference import markdown

_ENUMS = ("Enum", "StrEnum", "IntEnum", "Flag", "IntFlag")
_LINE = 88
# What starts a part of a docstring that is a list; all else is prose.
_HEADS = ("Raises:", "Attributes:", "Args:", "Returns:")
# A line that says what something is.
_ITEM = re.compile(r"\w[\w, ]*: ")


@dataclass(frozen=True)
class Entry:
    """A name as an author writes it, and what it is."""

    name: str
    what: griffe.Object

    @property
    def module(self) -> griffe.Module:
        """Where it is defined."""
        return self.what.module


def target(found: griffe.Object | griffe.Alias) -> griffe.Object:
    """What a name means in the end."""
    return found.final_target if isinstance(found, griffe.Alias) else found


def find(package: griffe.Module, path: str) -> griffe.Object | None:
    """What lies at a full path of the package; None where nothing does."""
    below = path.removeprefix(f"{package.path}.")
    if below in ("", path):
        return None
    try:
        return target(package[below])
    except (KeyError, griffe.AliasResolutionError):
        return None


def given(what: griffe.Object, package: griffe.Module) -> list[griffe.Class]:
    """The package's classes that a function gives, methods and properties do, or a value is of."""
    found: list[griffe.Class] = []
    for member in (what, *_public_members(what)):
        annotation = getattr(member, "annotation", None) if "property" in member.labels else None
        if isinstance(member, griffe.Function):
            annotation = member.returns
        elif isinstance(what, griffe.Attribute) and isinstance(what.value, griffe.ExprCall):
            annotation = what.value.function
        if isinstance(annotation, griffe.Expr):
            found += _classes(annotation, package)
    return found


def _classes(annotation: griffe.Expr, package: griffe.Module) -> Iterator[griffe.Class]:
    for name in (annotation, *annotation.iterate(flat=True)):
        if isinstance(name, griffe.ExprName):
            what = find(package, name.canonical_path)
            if isinstance(what, griffe.Class):
                yield what


def undocumented(entry: Entry) -> Iterator[str]:
    """The name, and those of its methods and properties, that have no docstring.

    A method that a base describes needs none of its own.
    """
    if entry.what.docstring is None:
        yield entry.name
    bases = entry.what.mro() if isinstance(entry.what, griffe.Class) else []
    described = {
        name for base in bases for name, each in base.members.items() if each.docstring is not None
    }
    for member in _public_members(entry.what):
        wanted = isinstance(member, griffe.Function) or "property" in member.labels
        if wanted and member.docstring is None and member.name not in described:
            yield f"{entry.name}.{member.name}"


def render(entry: Entry) -> str:
    """Its section."""
    parts = [f"### {entry.name}", _code(_signature(entry)), _documentation(entry.what)]
    if isinstance(entry.what, griffe.Class):
        if _is_enum(entry.what):
            rows = [(markdown.code(member.name), _value(member)) for member in _fields(entry.what)]
            parts.append(markdown.table(("member", "value"), rows))
        own = [each for each in _public_members(entry.what) if each.parent is entry.what]
        for member in own:
            parts += _method(entry, member)
        parts += _inherited(entry.what)
    return markdown.join(parts)


def prose(text: str) -> str:
    """A docstring: what it raises and the like as lists, code as code."""
    paragraphs = text.strip("\n").split("\n\n")
    return markdown.join(_paragraph(paragraph) for paragraph in paragraphs)


def _paragraph(text: str) -> str:
    head, _, rest = text.partition("\n")
    if head.strip() in _HEADS:
        return f"{head.strip()}\n\n{_bullets(rest)}"
    lines = text.split("\n")
    if len(lines) > 1 and all(_ITEM.match(line) or line.startswith("    ") for line in lines):
        return _bullets(text)
    is_code = any(line.startswith(("    ", "@", "from ", "import ")) for line in lines)
    return _code(text) if is_code else text


def _bullets(text: str) -> str:
    """Lines `NAME: what it is`, each with further lines that stand further right, as a list."""
    items: list[str] = []
    for line in textwrap.dedent(text).split("\n"):
        if line.startswith(" ") and items:
            items[-1] += f" {line.strip()}"
        else:
            items.append(line.strip())
    bullets = []
    for item in items:
        name, colon, what = item.partition(": ")
        bullets.append(f"- {markdown.code(name)}: {what}" if colon else f"- {item}")
    return "\n".join(bullets)


def _documentation(what: griffe.Object) -> str:
    return prose(what.docstring.value) if what.docstring else ""


def _code(text: str) -> str:
    return f"```python\n{text}\n```"


def _method(entry: Entry, member: griffe.Object) -> Iterator[str]:
    """A method or a property, under the name of its class."""
    if shown := _shown(member):
        kinds = [f"@{each}\n" for each in ("classmethod", "staticmethod") if each in member.labels]
        yield f"#### {entry.name}.{member.name}"
        yield _code("".join(kinds) + shown)
        yield _documentation(member)


def _inherited(owner: griffe.Class) -> Iterator[str]:
    """A table of the methods that a class has from each of its bases in the package."""
    members = [each for each in _public_members(owner) if each.parent is not owner]
    for base in owner.mro():
        rows = [
            (markdown.code(_shown(member)), member.docstring.value if member.docstring else "")
            for member in members
            if member.parent is base and _shown(member)
        ]
        if rows:
            yield f"Besides, as every `{base.name}`:"
            yield markdown.table(("method", "what it is"), rows)


def _shown(member: griffe.Object) -> str:
    """The signature of a method, or a property with its type; empty for anything else."""
    if isinstance(member, griffe.Function):
        return _call(member.name, _parameters(member), member.returns)
    if "property" in member.labels:
        return f"{member.name}: {getattr(member, 'annotation', None)}"
    return ""


def _signature(entry: Entry) -> str:
    what = entry.what
    if isinstance(what, griffe.Function):
        return _call(entry.name, _parameters(what), what.returns)
    if isinstance(what, griffe.Attribute):
        annotation = f": {what.annotation}" if what.annotation else ""
        return f"{entry.name}{annotation} = {what.value}"
    if not isinstance(what, griffe.Class) or _is_enum(what):
        return f"class {entry.name}({', '.join(str(base) for base in getattr(what, 'bases', ()))})"
    if not (made := _made_with(what)) and not _is_data(what):
        return f"class {entry.name}"
    return _call(f"class {entry.name}", made, None)


def _made_with(owner: griffe.Class) -> list[str]:
    """The arguments that make an object: the fields of a dataclass, those of bases first."""
    if not _is_data(owner):
        return []
    fields = itertools.chain(*(_fields(each) for each in [*reversed(owner.mro()), owner]))
    shown = {each.name: f"{each.name}: {_type(each)}{_default(each)}" for each in fields}
    return list(shown.values())


def _type(attribute: griffe.Attribute) -> str:
    """Its annotation; of a name for `Annotated[TYPE, ...]` the type."""
    annotation = attribute.annotation
    if isinstance(annotation, griffe.ExprName):
        try:
            meant = target(attribute.module[annotation.name])
        except (KeyError, griffe.AliasResolutionError):
            return str(annotation)
        annotation = meant.value if isinstance(meant, griffe.Attribute) else annotation
    if isinstance(annotation, griffe.ExprSubscript) and str(annotation.left) == "Annotated":
        assert isinstance(annotation.slice, griffe.ExprTuple)
        return str(annotation.slice.elements[0])
    return str(attribute.annotation)


def _default(attribute: griffe.Attribute) -> str:
    value = str(attribute.value) if attribute.value is not None else ""
    if value.startswith("field("):
        # field(default=X) says X; a factory says that there is a default, and not which
        return " = ..." if "default" in value else ""
    return f" = {value}" if value else ""


def _fields(owner: griffe.Class) -> list[griffe.Attribute]:
    """Attributes of the class itself that are part of each object, or members of an enum."""
    attributes = [each for each in owner.members.values() if isinstance(each, griffe.Attribute)]
    return [
        each
        for each in attributes
        if not each.name.startswith("_")
        and "property" not in each.labels
        # a ClassVar is none, nor is what has no type
        and (_is_enum(owner) or (each.annotation and "instance-attribute" in each.labels))
    ]


def _is_data(owner: griffe.Class) -> bool:
    """Whether its fields are its arguments: a dataclass, `parameters`, or a type of work."""
    names = {str(each.value).partition("(")[0] for each in owner.decorators}
    return bool(names & {"dataclass", "parameters", "work_type"})


def _is_enum(owner: griffe.Class) -> bool:
    return any(str(base).rpartition(".")[2] in _ENUMS for base in owner.bases)


def _value(member: griffe.Attribute) -> str:
    return markdown.code(str(member.value))


def _public_members(owner: griffe.Object) -> Iterator[griffe.Object]:
    """Those of a class itself, then those that it has from its bases in the package."""
    bases = owner.mro() if isinstance(owner, griffe.Class) else []
    seen = set()
    for member in itertools.chain(*(each.members.values() for each in (owner, *bases))):
        if not member.is_alias and not member.name.startswith("_") and member.name not in seen:
            assert isinstance(member, griffe.Object)
            seen.add(member.name)
            yield member


def _parameters(function: griffe.Function) -> list[str]:
    """As written, with the marks of what goes by position or by name alone, without self."""
    kinds = griffe.ParameterKind
    shown: list[str] = []
    by_name = False
    for each in function.parameters:
        if each.name in ("self", "cls") and not shown:
            continue
        stars = {kinds.var_positional: "*", kinds.var_keyword: "**"}.get(each.kind, "")
        if each.kind is kinds.keyword_only and not by_name:
            shown += ["*"]
        by_name = by_name or each.kind in (kinds.keyword_only, kinds.var_positional)
        annotation = f": {each.annotation}" if each.annotation else ""
        default = f" = {each.default}" if each.default is not None and not stars else ""
        shown.append(f"{stars}{each.name}{annotation}{default}")
    return shown


def _call(name: str, parameters: list[str], returns: object) -> str:
    """A signature in one line, or with one line for each parameter."""
    end = f" -> {returns}" if returns is not None else ""
    line = f"{name}({', '.join(parameters)}){end}"
    if len(line) <= _LINE:
        return line
    return f"{name}(\n" + "".join(f"    {each},\n" for each in parameters) + f"){end}"
