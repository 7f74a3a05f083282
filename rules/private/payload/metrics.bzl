# SPDX-License-Identifier: Apache-2.0
"""Checks and hints of a payload's metrics, as BUILD files write them and as ktstr reads them."""

visibility(["//rules"])

OUTPUTS = ["exit_code", "json", "key_value", "regex"]
REPEATS = ["all", "last"]

_POLARITIES = ["higher_better", "lower_better", "target", "unknown"]

# What a check's fields hold besides the metric's name.
_NUMBERS = {
    "Exists": [],
    "ExitCodeEq": ["code"],
    "ExitCodeSkip": ["code"],
    "Max": ["value"],
    "Min": ["value"],
    "Range": ["low", "high"],
}

def metric_min(metric, value):
    """A check: the metric is at least `value`.

    Args:
      metric: string, the metric's dotted path, e.g. "jobs.0.read.iops".
      value: number.

    Returns:
      An element of a payload's `checks`.
    """
    return struct(kind = "Min", metric = metric, value = value)

def metric_max(metric, value):
    """A check: the metric is at most `value`.

    Args:
      metric: string, the metric's dotted path.
      value: number.

    Returns:
      An element of a payload's `checks`.
    """
    return struct(kind = "Max", metric = metric, value = value)

def metric_range(metric, low, high):
    """A check: the metric lies within `low` to `high`, both included.

    Args:
      metric: string, the metric's dotted path.
      low: number.
      high: number.

    Returns:
      An element of a payload's `checks`.
    """
    return struct(kind = "Range", metric = metric, low = low, high = high)

def metric_exists(metric):
    """A check: the metric was found in what the payload printed.

    Args:
      metric: string, the metric's dotted path.

    Returns:
      An element of a payload's `checks`.
    """
    return struct(kind = "Exists", metric = metric)

def exit_code(code):
    """A check: the payload ends with this exit code; -1 is a death by signal.

    Several in one payload are a set: it ends with any of them.

    Args:
      code: int.

    Returns:
      An element of a payload's `checks`.
    """
    return struct(kind = "ExitCodeEq", code = code)

def exit_code_skip(code):
    """With this exit code the payload says that it does not apply here: the test is skipped.

    Args:
      code: int, 1 to 255; that of the kernel's selftests is 4.

    Returns:
      An element of a payload's `checks`.
    """
    return struct(kind = "ExitCodeSkip", code = code)

def metric(name, polarity = "unknown", target = None, unit = ""):
    """What is known of a metric beforehand.

    Args:
      name: string, the metric's dotted path.
      polarity: which way it gets better: "higher_better", "lower_better", "target" or "unknown".
      target: number, with polarity "target": what it should be near to.
      unit: string, e.g. "KiB/s".

    Returns:
      An element of a payload's `metrics`.
    """
    return struct(name = name, polarity = polarity, target = target, unit = unit)

def encoded(value):
    """As a rule's attribute can hold it.

    Args:
      value: a struct of the functions above; anything else is told by `decoded_checks`.

    Returns:
      string
    """
    return json.encode(value)

def _is_number(value):
    return type(value) in ("int", "float")

def _metric_problem(name, output, patterns):
    """A clause that says why a payload cannot have the metric, or None."""
    if output == "exit_code":
        return "is about a metric, and output \"exit_code\" gives none; set output"
    if output == "regex" and name not in patterns:
        return "is about a metric that is none of patterns: " + ", ".join(sorted(patterns))
    return None

def _check_problem(check, output, patterns):
    """A clause that says what is wrong with a decoded check, or None."""
    kind = check.get("kind") if type(check) == "dict" else None
    if kind not in _NUMBERS:
        return "is no check; write metric_min, metric_max, metric_range, metric_exists, exit_code or exit_code_skip"
    for field in _NUMBERS[kind]:
        if not _is_number(check[field]):
            return "has a %s that is no number" % field
    if kind == "ExitCodeSkip":
        if type(check["code"]) != "int" or check["code"] < 1 or check["code"] > 255:
            return "has an exit code outside 1 to 255, which cannot mean SKIP"
        return None
    if kind == "ExitCodeEq":
        if type(check["code"]) != "int" or check["code"] < -1 or check["code"] > 255:
            return "has an exit code outside -1 (a death by signal) to 255"
        return None
    if type(check["metric"]) != "string" or not check["metric"]:
        return "names no metric"
    if kind == "Range" and check["low"] > check["high"]:
        return "has a reversed range: low is above high"
    return _metric_problem(check["metric"], output, patterns)

def decoded_checks(label, texts, output, patterns):
    """The checks of a payload as ktstr.model.payload has them.

    Args:
      label: of the payload, for messages.
      texts: list of string, made by `encoded`.
      output: string, the payload's output format.
      patterns: dict, the payload's patterns.

    Returns:
      list of dict
    """
    checks = []
    codes = {}
    for text in texts:
        check = json.decode(text)
        problem = _check_problem(check, output, patterns)
        if problem:
            fail("%s: checks: %s %s" % (label, text, problem))
        fields = dict(check)
        kind = fields.pop("kind")
        if kind in ("ExitCodeEq", "ExitCodeSkip"):
            other = codes.setdefault(fields["code"], kind)
            if other != kind:
                fail("%s: checks: exit code %d is both accepted and a SKIP" % (label, fields["code"]))
        checks.append({"@kind": kind} | fields)
    return checks

def _hint_problem(hint, output, patterns):
    """A clause that says what is wrong with a decoded hint, or None."""
    if type(hint) != "dict" or sorted(hint) != ["name", "polarity", "target", "unit"]:
        return "is no hint; write metric(NAME, polarity = ..., unit = ...)"
    if type(hint["name"]) != "string" or not hint["name"]:
        return "names no metric"
    if hint["polarity"] not in _POLARITIES:
        return "has the unknown polarity %r; known: %s" % (hint["polarity"], ", ".join(_POLARITIES))
    if (hint["polarity"] == "target") != (hint["target"] != None):
        return "must have both or neither of polarity \"target\" and a target"
    if hint["target"] != None and not _is_number(hint["target"]):
        return "has a target that is no number"
    if type(hint["unit"]) != "string":
        return "has a unit that is no string"
    return _metric_problem(hint["name"], output, patterns)

def decoded_hints(label, texts, output, patterns):
    """The metric hints of a payload as ktstr.model.payload has them.

    Args:
      label: of the payload, for messages.
      texts: list of string, made by `encoded`.
      output: string, the payload's output format.
      patterns: dict, the payload's patterns.

    Returns:
      list of dict
    """
    hints = {}
    for text in texts:
        hint = json.decode(text)
        problem = _hint_problem(hint, output, patterns)
        if problem:
            fail("%s: metrics: %s %s" % (label, text, problem))
        if hint["name"] in hints:
            fail("%s: metrics: %r is given twice" % (label, hint["name"]))
        hints[hint["name"]] = hint | {"target": hint["target"] or 0}
    return hints.values()
