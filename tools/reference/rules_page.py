# SPDX-License-Identifier: Apache-2.0
"""The page of the public Starlark: rules, macros, providers, module extensions."""

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf import text_format

from tools.reference import markdown
from tools.reference.module_info_pb2 import (
    Attribute,
    Extension,
    Function,
    Module,
    Parameter,
    Provider,
    Rule,
    Type,
)

# What every rule has: Bazel documents it.
_NAME = "name"

# By the names of macros, the attributes of the rule that takes their `**kwargs`.
PassedOn = Mapping[str, Sequence[Attribute]]

_INTRO = (
    "What BUILD files, .bzl files and MODULE.bazel load from ktstr. What the parts are for is told "
    "in [the guide](../guide.md); Python's side is in [python.md](python.md)."
)


@dataclass(frozen=True)
class Source:
    """One public .bzl file: its name below `//rules`, and what Bazel says of it."""

    name: str
    module: Module


def parse(text: str) -> Module:
    """The text form of a module's description.

    Raises:
        google.protobuf.text_format.ParseError: it is none.
    """
    return text_format.Parse(text, Module(), allow_unknown_field=True)


def render(sources: Sequence[Source], passed_on: PassedOn) -> str:
    """The page."""
    parts = ["# Rules", markdown.NOTE, _INTRO]
    for source in sources:
        module = source.module
        names = sorted(_names(module))
        parts += [f"## {source.name}", module.module_docstring]
        parts += [f'`load("@ktstr//rules:{source.name}", ...)`: {markdown.contents(names)}']
        entries = dict(_entries(module, passed_on))
        parts += [entries[name] for name in names]
    return markdown.join(parts)


def undocumented(sources: Iterable[Source], passed_on: PassedOn) -> Iterator[str]:
    """What has no docstring: `FILE: NAME` or `FILE: NAME.ATTRIBUTE`."""
    for source in sources:
        module = source.module
        if not module.module_docstring:
            yield source.name
        for name, doc in _documented(module):
            if not doc.strip():
                yield f"{source.name}: {name}"
    for macro, attributes in passed_on.items():
        for attribute in attributes:
            if not attribute.doc_string.strip():
                yield f"{macro}: {attribute.name}"


def _documented(module: Module) -> Iterator[tuple[str, str]]:
    """Every public name with its docstring."""
    for rule in module.rule_info:
        yield rule.rule_name, rule.doc_string
        yield from _members(rule.rule_name, rule.attribute)
    for provider in module.provider_info:
        yield provider.provider_name, provider.doc_string
        yield from _members(provider.provider_name, provider.field_info)
    for function in module.func_info:
        yield function.function_name, function.doc_string
        yield from _members(function.function_name, function.parameter)
    for extension in module.module_extension_info:
        yield extension.extension_name, extension.doc_string
        for tag in extension.tag_class:
            name = f"{extension.extension_name}.{tag.tag_name}"
            yield name, tag.doc_string
            yield from _members(name, tag.attribute)


def _members(owner: str, members: Iterable[object]) -> Iterator[tuple[str, str]]:
    for member in members:
        yield f"{owner}.{getattr(member, 'name', '')}", getattr(member, "doc_string", "")


def _names(module: Module) -> Iterator[str]:
    return (name for name, _ in _entries(module, {}))


def _entries(module: Module, passed_on: PassedOn) -> Iterator[tuple[str, str]]:
    """Name and section of whatever a module has."""
    yield from ((each.rule_name, _rule(each)) for each in module.rule_info)
    yield from ((each.provider_name, _provider(each)) for each in module.provider_info)
    for function in module.func_info:
        name = function.function_name
        yield name, _function(function, passed_on.get(name, ()))
    yield from ((each.extension_name, _extension(each)) for each in module.module_extension_info)


def _rule(rule: Rule) -> str:
    return markdown.join(
        [f"### {rule.rule_name}", "A rule.", rule.doc_string, _attributes(rule.attribute)]
    )


def _provider(provider: Provider) -> str:
    fields = ((markdown.code(field.name), field.doc_string) for field in provider.field_info)
    name = provider.provider_name
    listed = markdown.table(("field", "what it is"), fields)
    return markdown.join([f"### {name}", "A provider.", provider.doc_string, listed])


def _function(function: Function, passed_on: Sequence[Attribute]) -> str:
    name = function.function_name
    rows = [
        (
            markdown.code(_shown(parameter)),
            "mandatory" if parameter.mandatory else markdown.code(parameter.default_value),
            parameter.doc_string,
        )
        for parameter in function.parameter
        if not (passed_on and _takes_the_rest(parameter))
    ]
    parts = [f"### {name}", "A macro." if _is_macro(function) else "A function."]
    parts += [function.doc_string, markdown.table(("argument", "default", "what it is"), rows)]
    returned = getattr(function, "return").doc_string
    parts.append(f"Returns: {markdown.cell(returned)}" if returned else "")
    taken = {parameter.name for parameter in function.parameter}
    rest = [attribute for attribute in passed_on if attribute.name not in taken]
    parts += ["What it takes besides, with all that every such rule takes:"] if rest else []
    parts.append(_attributes(rest))
    return markdown.join(parts)


def _shown(parameter: Parameter) -> str:
    return f"**{parameter.name}" if _takes_the_rest(parameter) else parameter.name


def _takes_the_rest(parameter: Parameter) -> bool:
    """Whether it is `**kwargs`: that has neither a default nor need of a value."""
    return not parameter.mandatory and not parameter.default_value


def _is_macro(function: Function) -> bool:
    """Whether it makes targets: then it takes the name of one, and returns nothing."""
    named = any(parameter.name == _NAME for parameter in function.parameter)
    return named and not getattr(function, "return").doc_string


def _extension(extension: Extension) -> str:
    name = extension.extension_name
    parts = [f"### {name}", "A module extension.", extension.doc_string]
    for tag in sorted(extension.tag_class, key=operator.attrgetter("tag_name")):
        parts += [f"#### {name}.{tag.tag_name}", tag.doc_string]
        parts.append(_attributes(tag.attribute, without=()))
    return markdown.join(parts)


def _attributes(attributes: Iterable[Attribute], without: Sequence[str] = (_NAME,)) -> str:
    rows = [
        (
            markdown.code(attribute.name),
            _type(attribute),
            "mandatory" if attribute.mandatory else markdown.code(attribute.default_value),
            attribute.doc_string,
        )
        for attribute in attributes
        if attribute.name not in without
    ]
    return markdown.table(("attribute", "type", "default", "what it is"), rows)


def _type(attribute: Attribute) -> str:
    """The type as Bazel's documentation names it, and what the labels must provide."""
    text = Type.Name(attribute.type).lower().replace("_", " ")
    groups = [" and ".join(group.provider_name) for group in attribute.provider_name_group]
    return f"{text} of {' or '.join(groups)}" if groups else text
