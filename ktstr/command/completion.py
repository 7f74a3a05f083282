# SPDX-License-Identifier: Apache-2.0
"""Prints what has a shell complete commands and options of `ktstr`.

bash: eval "$(ktstr completion bash)"
zsh:  eval "$(ktstr completion zsh)"
fish: ktstr completion fish | source
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from ktstr.command.context import Context

HELP = "completion for a shell"

_SHELLS = ("bash", "zsh", "fish")
_BASH = """_ktstr() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" words
  case "${{COMP_WORDS[1]}}" in
{cases}
    *) words="" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="{commands}"; fi
  COMPREPLY=()
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
    *) if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W "$words" -- "$word")); fi ;;
  esac
}}
complete -o default -F _ktstr ktstr
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("shell", choices=_SHELLS)


def run(options: argparse.Namespace, context: Context) -> int:
    """Prints the script; as JSON, each command's options."""
    known = options_of(options.whole)
    if options.json:
        context.answer(known)
    elif options.shell == "fish":
        context.say(*_fish(known))
    else:
        bridge = "autoload -U +X bashcompinit && bashcompinit\n" if options.shell == "zsh" else ""
        context.say(bridge + _bash(known))
    return 0


def options_of(parser: argparse.ArgumentParser) -> dict[str, list[str]]:
    """The options of each command."""
    found: dict[str, list[str]] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, one in action.choices.items():
                found[name] = sorted(text for each in one._actions for text in each.option_strings)
    return found


def _bash(known: Mapping[str, Sequence[str]]) -> str:
    cases = "\n".join(f'    {name}) words="{" ".join(each)}" ;;' for name, each in known.items())
    return _BASH.format(cases=cases, commands=" ".join(known)).rstrip("\n")


def _fish(known: Mapping[str, Sequence[str]]) -> list[str]:
    lines = [f"complete -c ktstr -n __fish_use_subcommand -f -a '{' '.join(known)}'"]
    for name, options in known.items():
        for option in options:
            if option.startswith("--"):
                seen = f"-n '__fish_seen_subcommand_from {name}'"
                lines.append(f"complete -c ktstr {seen} -l {option.removeprefix('--')}")
    return lines
