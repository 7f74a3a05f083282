# SPDX-License-Identifier: Apache-2.0
"""Flags of a scheduler, and the profiles that a gauntlet makes of them."""

visibility(["//rules"])

# The name of the profile without a flag.
DEFAULT_PROFILE = "default"

_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"

# Subsets that are looked at; each profile is run on every machine, so nobody wants as many.
_MOST_PROFILES = 4096

def flag(name, args, requires = []):
    """Something a scheduler can be told, and what it is told for it.

    Args:
      name: kebab-case, e.g. "no-ctrl".
      args: arguments of the scheduler, after its own.
      requires: names of flags without which this one means nothing.

    Returns:
      An item of `ktstr_gauntlet(flags = [...])`.
    """
    return struct(args = args, name = name, requires = requires)

def _strings_problem(value, what):
    if type(value) != "list" or [item for item in value if type(item) != "string"]:
        return "%s is %r; expected a list of strings" % (what, value)
    return None

def _flags_problem(flags):
    """What is wrong with the declarations themselves, or None."""
    if type(flags) != "list":
        return "flags is a %s; expected a list of flag(...)" % type(flags)
    names = []
    for index, item in enumerate(flags):
        if type(item) != "struct" or not hasattr(item, "requires"):
            return "flags[%d] is a %s; expected flag(name, args)" % (index, type(item))
        name = item.name
        if type(name) != "string" or not name or name.startswith("-") or not all(
            [c in _NAME_CHARACTERS for c in name.elems()],
        ):
            return "flags[%d]: name %r: lower-case letters, digits and - make a name" % (index, name)
        if name == DEFAULT_PROFILE:
            return "flags[%d]: %r is the profile without a flag; take another name" % (index, name)
        if name in names:
            return "flags: %r is declared twice" % name
        problem = _strings_problem(item.args, "flag %r: args" % name)
        problem = problem or _strings_problem(item.requires, "flag %r: requires" % name)
        if problem:
            return problem
        names.append(name)
    for item in flags:
        for need in item.requires:
            if need not in names or need == item.name:
                return "flag %r requires %r, which is %s; declared: %s" % (
                    item.name,
                    need,
                    "itself" if need == item.name else "unknown",
                    ", ".join(names),
                )
    return None

def _choice_problem(names, required, excluded):
    for what, chosen in [("required_flags", required), ("excluded_flags", excluded)]:
        problem = _strings_problem(chosen, what)
        if problem:
            return problem
        for name in chosen:
            if name not in names:
                return "%s: %r is unknown; declared: %s" % (what, name, ", ".join(names) or "none")
    both = [name for name in required if name in excluded]
    if both:
        return "%r is among required_flags and excluded_flags" % both[0]
    return None

def _missing(chosen, requires):
    """(flag, what it requires and is not there) of a set, or None."""
    for name in chosen:
        for need in requires[name]:
            if need not in chosen:
                return name, need
    return None

def _subsets(names, required, excluded, requires):
    """Every set that holds what is required and what its own flags require, or what is wrong.

    A flag is only added where those that it requires and that come before it are there, so that
    sets which nothing can mend are not multiplied.
    """
    before = {}
    sets = [[]]
    for name in names:
        earlier = [need for need in requires[name] if need in before]
        before[name] = None
        if name in excluded:
            continue
        added = [each + [name] for each in sets if all([need in each for need in earlier])]
        sets = added if name in required else sets + added
        if len(sets) > _MOST_PROFILES:
            return None, ("the flags %s make more than %d profiles; name those you want in " +
                          "profiles, or some flags in required_flags or excluded_flags") % (
                ", ".join(names),
                _MOST_PROFILES,
            )
    sets = [each for each in sets if not _missing(each, requires)]
    if not sets:
        return None, ("no profile is left: required_flags %s want flags that are excluded: %s" % (
            required,
            ["%s requires %s" % (name, need) for name in required for need in requires[name] if need in excluded],
        ))

    # By size, then by the order of declaration.
    position = {name: index for index, name in enumerate(names)}
    return sorted(sets, key = lambda each: (len(each), [position[name] for name in each])), None

def _profile_name(chosen):
    return "+".join(chosen) or DEFAULT_PROFILE

def _named(profiles, names, required, excluded, requires):
    """The sets that the author names, or what is wrong with one of them."""
    problem = _strings_problem(profiles, "profiles")
    if problem or not profiles:
        return None, problem or "profiles is empty; leave it out for all, or name \"default\""
    sets = []
    for name in profiles:
        parts = [] if name == DEFAULT_PROFILE else name.split("+")
        for part in parts:
            if part not in names:
                return None, "profiles: %r: flag %r is unknown; declared: %s" % (
                    name,
                    part,
                    ", ".join(names) or "none",
                )
        chosen = [each for each in names if each in parts]
        if _profile_name(chosen) != name:
            return None, "profiles: %r is to be written %r, in the order of declaration" % (
                name,
                _profile_name(chosen),
            )
        if chosen in sets:
            return None, "profiles: %r is named twice" % name
        missing = _missing(chosen, requires)
        if missing:
            return None, "profiles: %r: flag %r requires %r" % (name, missing[0], missing[1])
        for each in required:
            if each not in chosen:
                return None, "profiles: %r lacks %r of required_flags" % (name, each)
        for each in chosen:
            if each in excluded:
                return None, "profiles: %r holds %r of excluded_flags" % (name, each)
        sets.append(chosen)
    return sets, None

def select_profiles(flags, required_flags, excluded_flags, profiles):
    """The flag profiles of a gauntlet.

    Args:
      flags: list of flag(...).
      required_flags: names that every profile holds.
      excluded_flags: names that no profile holds.
      profiles: names of profiles, flags joined by "+" in the order of declaration; None: every
        set of flags in which each finds what it requires.

    Returns:
      (profiles, problem): a list of struct(name, args) and None, or None and what is wrong.
    """
    problem = _flags_problem(flags)
    if problem:
        return None, problem
    names = [item.name for item in flags]
    problem = _choice_problem(names, required_flags, excluded_flags)
    if problem:
        return None, problem
    requires = {item.name: item.requires for item in flags}
    if profiles == None:
        sets, problem = _subsets(names, required_flags, excluded_flags, requires)
    else:
        sets, problem = _named(profiles, names, required_flags, excluded_flags, requires)
    if problem:
        return None, problem
    args = {item.name: item.args for item in flags}
    return [
        struct(
            args = [argument for name in chosen for argument in args[name]],
            name = _profile_name(chosen),
        )
        for chosen in sets
    ], None
