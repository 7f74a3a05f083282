# SPDX-License-Identifier: Apache-2.0
"""Several kernels of one declaration, of which each gets a test of its own."""

visibility(["//rules", "//rules/private/gauntlet", "//rules/private/test"])

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"

def kernel_label(name):
    """A kernel's name in variants.

    Args:
      name: of the kernel's target, e.g. "linux_6_12".

    Returns:
      string, e.g. "kernel_6_12": lower case, with _ for every run of other characters.
    """
    text = name.lower()
    text = "".join([c if c in _LETTERS else "_" for c in text.elems()])
    words = [word for word in text.split("_") if word]
    if words and words[0] in ["kernel", "linux"]:
        words = words[1:]
    return "_".join(["kernel"] + words)

# buildifier: disable=unnamed-macro
def select_kernels(kernels):
    """The kernels of a declaration, by their names.

    Args:
      kernels: a list of labels, a dict of name to label, or None for the default kernel.

    Returns:
      a list of struct(name, label, suffix) and None, or None and what is wrong.
    """
    if kernels == None:
        return [struct(label = None, name = "", suffix = "")], None
    if type(kernels) not in ["list", "dict"] or not kernels:
        return None, ("kernels is %r; expected a list of labels, a dict of name to label, or None " +
                      "for the default kernel") % (kernels,)
    if type(kernels) == "list":
        pairs = [(kernel_label(native.package_relative_label(each).name), each) for each in kernels]
    else:
        pairs = [(kernel_label(name), each) for name, each in kernels.items()]
    found = {}
    for name, label in pairs:
        if name in found:
            return None, ("kernels: %s and %s are both %r; tell them apart: kernels = " +
                          "{\"name\": label}") % (found[name], label, name)
        found[name] = label
    return [
        struct(label = label, name = name, suffix = "/" + name if len(found) > 1 else "")
        for name, label in found.items()
    ], None
